"""A month end's revaluation of receivables in other currencies than the entity's books: order and outcome."""

from typing import Literal

from pydantic import Field

from canonical.base import Day, Dec, Noun
from canonical.rates import RateInForce
from canonical.revenue import MONTH

RevaluationOutcome = Literal[
    "running", "waiting", "posted", "unchanged", "one_currency", "closed", "left", "due"
]


class RevaluationOrder(Noun):
    """Revalue the entity's receivables at the month's end.

    `as_of` is the day that counts as today; None is the entity's. `asks` false: what can't be done is `left`,
    with its reason, and nobody is asked (the close of the period refuses with it). `looks`: nothing is
    posted, what would be is `due`.
    """

    tenant: str
    entity: str = Field(min_length=1)
    period: str = Field(pattern=MONTH)
    requested_by: str
    correlation_id: str
    as_of: Day | None = None
    asks: bool = True
    looks: bool = False


class Position(Noun):
    """What is open in one currency at the month's end: `open` in it, `carried` and `value` in the books' at
    the documents' rates and at the closing `rate`; `gain` is the difference, below zero a loss.
    """

    currency: str
    items: int
    open: Dec
    carried: Dec
    value: Dec
    gain: Dec
    rate: RateInForce


class Positions(Noun):
    """`posted` is by how much the month's entries have changed receivables already, by currency; `entries`
    counts them, `unreversed` are the keys of those that are not taken back yet. `open_in_erp`: the ERP posts
    into the month.
    """

    positions: tuple[Position, ...]
    posted: dict[str, Dec]
    entries: int
    unreversed: tuple[str, ...]
    open_in_erp: bool


class RevaluationReport(Noun):
    """`posted` are the gains posted by this run, by currency, in the books' currency; `words` say why nothing
    was, where something should be, and what is due.
    """

    entity: str
    period: str
    outcome: RevaluationOutcome
    books_currency: str | None = None
    positions: tuple[Position, ...] = ()
    posted: dict[str, Dec] = Field(default_factory=dict)
    key: str | None = None
    words: str | None = None
