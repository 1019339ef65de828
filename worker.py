"""`python worker.py` is `q2c worker`."""

import sys

from cli.main import app

if __name__ == "__main__":
    app(["worker", *sys.argv[1:]], prog_name="worker.py")
