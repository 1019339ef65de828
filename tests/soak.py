"""The marks of what `make test` leaves out and `make soak` runs."""

import os

import pytest

UNLESS_ASKED = pytest.mark.skipif("Q2C_SOAK" not in os.environ, reason="the long part, run by `make soak`")
LONG = (pytest.mark.soak, UNLESS_ASKED)
