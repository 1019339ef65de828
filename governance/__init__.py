"""Policy as data: who owns what, which platform serves whom, which account, who decides, until when."""
