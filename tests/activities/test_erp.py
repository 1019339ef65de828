"""Into which period a write goes, also where accounting closes it at that moment."""

import datetime as dt
from typing import cast

import pytest

from activities.erp import in_open_period
from ports.erp import Erp, PostingPeriod
from ports.errors import PeriodClosed

MARCH = dt.date(2026, 3, 14)


class Books:
    """Months of 30 days from March on; a write closes as many of them under itself as are told."""

    def __init__(self, closing: int) -> None:
        self.closing = closing
        self.first_open = 3

    async def posting_period(self, legal_entity: str, date: dt.date) -> PostingPeriod:
        start = dt.date(2026, self.first_open, 1)
        end = dt.date(2026, self.first_open, 30)
        return PostingPeriod(id=str(self.first_open), name=f"{start:%b}", start=start, end=end, closed=False)

    async def write(self, when: dt.date) -> dt.date:
        if self.closing:
            self.closing -= 1
            self.first_open += 1
            raise PeriodClosed("closed", platform="netsuite", operation="post invoice")
        return when


async def written(books: Books) -> dt.date:
    return await in_open_period(cast(Erp, books), "US01", MARCH, books.write)


async def test_a_write_whose_period_is_closed_under_it_goes_into_the_first_open_one() -> None:
    assert await written(Books(closing=0)) == MARCH
    assert await written(Books(closing=1)) == dt.date(2026, 4, 1)


async def test_where_every_period_is_closed_under_it_a_person_is_asked() -> None:
    with pytest.raises(PeriodClosed):
        await written(Books(closing=100))
