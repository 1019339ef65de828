"""The scenario file: a contract, what happens to it, and the day up to which one looks."""

import datetime as dt
from typing import Literal

from canonical.base import Dec, Noun
from canonical.change import ContractChange
from canonical.contract import Contract


class Usage(Noun):
    """Units used on a day; an `id` counts once however often it comes."""

    line: str
    date: dt.date
    quantity: Dec
    id: str | None = None


class ScenarioPayment(Noun):
    id: str
    date: dt.date
    amount: Dec
    invoice: str | None = None
    kind: Literal["payment", "refund", "chargeback", "write_off"] = "payment"
    fee: Dec | None = None


class DatedExchangeRate(Noun):
    date: dt.date
    rate: Dec


class Fx(Noun):
    functional_currency: str
    rates: tuple[DatedExchangeRate, ...]


class Periods(Noun):
    closed: tuple[str, ...] = ()


class Scenario(Noun):
    contract: Contract
    changes: tuple[ContractChange, ...] = ()
    usage: tuple[Usage, ...] = ()
    payments: tuple[ScenarioPayment, ...] = ()
    as_of: dt.date
    fx: Fx | None = None
    periods: Periods | None = None


__all__ = ["DatedExchangeRate", "Fx", "Periods", "Scenario", "ScenarioPayment", "Usage"]
