"""The scenario file: a contract, what happens to it, and the day up to which one looks."""

from typing import Literal

from pydantic import Field

from canonical.base import Day, Dec, Noun
from canonical.change import ContractChange
from canonical.contract import Contract


class Usage(Noun):
    """Units used on a day; an `id` counts once however often it comes.

    `received_date` is the day on which it became known, where that is later than its own: usage that comes
    after its period was billed goes on the next invoice.
    """

    line: str
    date: Day
    quantity: Dec
    id: str | None = Field(default=None, min_length=1)
    received_date: Day | None = None


class ScenarioPayment(Noun):
    """Money that moved, or was given up (`write_off`). `fee` is what a chargeback cost on top."""

    id: str = Field(min_length=1)
    date: Day
    amount: Dec
    invoice: str | None = None
    kind: Literal["payment", "refund", "chargeback", "write_off"] = "payment"
    fee: Dec | None = None


class DatedExchangeRate(Noun):
    """Units of the functional currency for one unit of the contract's, from a day on."""

    date: Day
    rate: Dec


class Fx(Noun):
    """The currency in which the legal entity keeps its books, and what the contract's is worth in it."""

    functional_currency: str
    rates: tuple[DatedExchangeRate, ...] = Field(min_length=1)


class Periods(Noun):
    """Accounting periods (`YYYY-MM`) into which nothing is posted any more."""

    closed: tuple[str, ...] = ()


class Scenario(Noun):
    contract: Contract
    changes: tuple[ContractChange, ...] = ()
    usage: tuple[Usage, ...] = ()
    payments: tuple[ScenarioPayment, ...] = ()
    as_of: Day
    fx: Fx | None = None
    periods: Periods | None = None


__all__ = ["DatedExchangeRate", "Fx", "Periods", "Scenario", "ScenarioPayment", "Usage"]
