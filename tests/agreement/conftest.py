"""Lives that are the same on whatever day they are lived, so that one which agrees today agrees tomorrow."""

import datetime as dt
from collections.abc import Iterator

import pytest

from tests.world import on_the_day, today

DAY = dt.date(2028, 1, 17)
"""No day on which anything in a shape begins or ends. Once it is past, lives begin today: clocks only go
forward."""


@pytest.fixture(autouse=True)
def _on_one_day() -> Iterator[None]:
    with on_the_day(max(DAY, today())):
        yield
