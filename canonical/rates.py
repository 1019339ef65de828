"""Exchange rates as a central bank publishes them: units of each currency for one of the base, by day."""

from typing import Annotated

from pydantic import Field, StringConstraints

from canonical.base import Day, Dec, Noun

Code = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class ReferenceRate(Noun):
    """`rate` units of `currency` for one of the base currency on the day."""

    date: Day
    currency: Code
    rate: Annotated[Dec, Field(gt=0)]


class RateSheet(Noun):
    """What one file says; `source` names the file and whose it is."""

    base: Code
    source: str = Field(min_length=1, max_length=200)
    rates: tuple[ReferenceRate, ...] = Field(min_length=1)


class SourcedRate(ReferenceRate):
    """A rate as it is kept: for one of `base`, from `source`."""

    base: Code
    source: str


class RateInForce(Noun):
    """Units of `into` for one of `currency` on a day, as a document carries it. `of` is the day of the oldest
    figure that it is made of, `source` whose figures they are.
    """

    currency: Code
    into: Code
    day: Day
    rate: Dec
    of: Day
    source: str
