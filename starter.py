"""`python starter.py FILE` is `q2c contract start FILE`."""

import sys

from cli.main import app

if __name__ == "__main__":
    app(["contract", "start", *sys.argv[1:]], prog_name="starter.py")
