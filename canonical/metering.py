"""Usage as it travels to workflows: added up by line and day, a calendar month in one value.

A million events of a month are one value of at most 31 figures, so that a contract's state stays small
however much is used. Nothing is lost by it: a billing period, and whatever a change may make of one, begins
and ends with a day (FINANCE.md, "Charges").
"""

import datetime as dt
from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from canonical.base import Count, Day, Dec, Noun
from canonical.scenario import Usage


class MeteredMonth(Noun):
    """The units of a line in a calendar month (`YYYY-MM`), by day of the month.

    `events` is how many events were added up. Events are only ever added, so of two readings of one line and
    month the one with more events is the later. `received_date` is the day on which the events became known,
    where that is after the invoice on which they would have been.
    """

    line: str
    month: str = Field(pattern=r"^[0-9]{4}-[0-9]{2}$")
    units: dict[int, Dec]
    events: Count = Field(ge=0)
    received_date: Day | None = None

    def date(self, day: int) -> dt.date:
        return dt.date(int(self.month[:4]), int(self.month[5:]), day)


Name = Annotated[str, Field(min_length=1, max_length=200)]


class ReportedUsage(Noun):
    """Units of a contract's line on a day, as reported; below zero they are a correction.

    `id` is unique in the contract: it counts once, however often it comes. When it became known is for us to
    say, not for who reports it.
    """

    contract: Name
    id: Name
    line: Name
    date: Day
    quantity: Dec


class LateUsageInput(Noun):
    """Which contract is to be told of usage that no draft of it asks about."""

    tenant: str
    contract: str


class UsageStanding(Noun):
    """What is reported of a line in a month, in units, and what becomes of it.

    `taken_in` of them the contract has taken in, `late` of these on a later invoice than that of their
    period. `waiting` are taken in by the next draft. `not_billed` no invoice takes; `note` says why.
    """

    line: str
    month: str
    events: int
    units: Dec
    taken_in: Dec
    late: Dec
    waiting: Dec
    not_billed: Dec
    note: str


def by_day(months: Iterable[MeteredMonth]) -> tuple[Usage, ...]:
    """The same usage with one entry for each line, day and day on which it became known."""
    return tuple(
        Usage.model_construct(
            line=month.line,
            date=month.date(day),
            quantity=quantity,
            id=None,
            received_date=month.received_date,
        )
        for month in months
        for day, quantity in month.units.items()
    )
