"""A scenario's payments as customers, their banks and finance can carry them out on live platforms.

A payment platform gives back and takes back payments, not amounts; it knows no invoice before it is issued;
and no bank's day can be set back. Pure.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from canonical.document import Invoice
from canonical.scenario import Scenario, ScenarioPayment


class NotMovable(Exception):
    """A payment of the scenario has no way on the platforms; `index` is its place, `field` what is wrong."""

    def __init__(self, index: int, field: str, words: str) -> None:
        super().__init__(f"payments[{index}].{field}: {words}")


@dataclass(frozen=True)
class CashMove:
    """A payment on the day on which it is made; `invoice_key` is the business key of the invoice that it
    names, `source` the id of the payment that a refund or a chargeback takes back.
    """

    payment: ScenarioPayment
    invoice_key: str | None = None
    source: str | None = None


@dataclass
class _Paid:
    """What is left of a payment that may go back; a disputed one gives nothing more."""

    payment: ScenarioPayment
    left: Decimal = field(default_factory=Decimal)


def made_from(scenario: Scenario, today: dt.date) -> Scenario:
    """The scenario with its payments in order of time, none before the day on which one begins."""
    moved = [each.model_copy(update={"date": max(each.date, today)}) for each in scenario.payments]
    return scenario.model_copy(update={"payments": tuple(sorted(moved, key=lambda each: each.date))})


def cash_moves(scenario: Scenario, invoices: Mapping[str, Invoice]) -> tuple[CashMove, ...]:
    """All of them in the scenario's order; `invoices` are the expected ones by their ids (`INV-1`).

    Raises NotMovable for a payment of an invoice that is issued later, and for money that goes back of which
    no single earlier payment, of the same invoice or like it of none, has as much left.
    """
    return tuple(_moves(scenario, invoices))


def _moves(scenario: Scenario, invoices: Mapping[str, Invoice]) -> Iterator[CashMove]:
    paid: list[_Paid] = []
    for index, payment in enumerate(scenario.payments):
        key = None if payment.invoice is None else _key(index, payment, invoices)
        match payment.kind:
            case "payment":
                paid.append(_Paid(payment, payment.amount))
                yield CashMove(payment, key)
            case "write_off":
                yield CashMove(payment, key)
            case "refund" | "chargeback":
                source = _source(index, payment, paid)
                source.left = source.left - payment.amount if payment.kind == "refund" else Decimal(0)
                yield CashMove(payment, key, source.payment.id)


def _key(index: int, payment: ScenarioPayment, invoices: Mapping[str, Invoice]) -> str:
    invoice = invoices.get(payment.invoice or "")
    if invoice is None:
        raise NotMovable(index, "invoice", f"there is no invoice {payment.invoice!r} by the last day")
    if invoice.date > payment.date:
        words = f"{invoice.id} is issued on {invoice.date}, and nobody can pay it on {payment.date}"
        raise NotMovable(index, "invoice", words)
    return invoice.key


def _source(index: int, payment: ScenarioPayment, paid: list[_Paid]) -> _Paid:
    for each in reversed(paid):
        if each.payment.invoice == payment.invoice and each.left >= payment.amount:
            return each
    of = "that names no invoice" if payment.invoice is None else f"of {payment.invoice}"
    words = f"a platform takes back payments, and no single payment before it {of} has {payment.amount} left"
    raise NotMovable(index, "amount", words)
