"""`python -m cli` is `q2c`."""

from cli.main import main

main()
