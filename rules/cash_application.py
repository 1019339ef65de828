"""What money that moves is taken off: the invoice that it names, else what is due first.

Amounts are in minor units of the contract's currency. Source: FINANCE.md, "Journal entries".
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field

from canonical.document import CreditMemo, Invoice
from canonical.money import to_minor_units
from canonical.scenario import ScenarioPayment


class CashRefused(ValueError):
    """The payment can't be what it says; `field` is the one that is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


@dataclass
class OpenInvoice:
    """An issued invoice: what is open (below zero: it was paid, then credited), and what was paid."""

    id: str
    due_date: dt.date
    number: int
    open: int
    paid: int = 0


@dataclass(frozen=True)
class Application:
    """What a payment did: the change of each invoice's open amount, and of the unapplied credit."""

    invoices: tuple[tuple[str, int], ...]
    customer_credits: int


@dataclass
class Receivables:
    """All issued invoices and the customer's unapplied credit, as time goes on."""

    currency: str
    invoices: dict[str, OpenInvoice] = field(default_factory=dict)
    unapplied: int = 0

    def issue(self, invoice: Invoice) -> None:
        amount = to_minor_units(invoice.total, self.currency)
        number = len(self.invoices)
        self.invoices[invoice.id] = OpenInvoice(invoice.id, invoice.due_date, number, amount)

    def credit(self, memo: CreditMemo) -> None:
        """Takes the memo off its invoice, also below zero where that was paid."""
        self.invoices[memo.invoice].open -= to_minor_units(memo.total, self.currency)

    def take(self, payment: ScenarioPayment) -> Application:
        """Applies money of any kind. Raises CashRefused where there is nothing that it could be about."""
        amount = to_minor_units(payment.amount, self.currency)
        match payment.kind:
            case "payment":
                return self._pay(amount, payment.invoice)
            case "write_off":
                return self._write_off(amount, payment.invoice)
            case "refund":
                return self._give_back(amount, payment.invoice, overpaid_first=True)
            case "chargeback":
                return self._give_back(amount, payment.invoice, overpaid_first=False)

    def _due_first(self, named: str | None) -> list[OpenInvoice]:
        if named is not None:
            return [self.invoices[named]] if named in self.invoices else []
        return sorted(self.invoices.values(), key=lambda invoice: (invoice.due_date, invoice.number))

    def _take_off(self, amount: int, named: str | None) -> Iterator[tuple[OpenInvoice, int]]:
        for invoice in self._due_first(named):
            part = min(amount, max(invoice.open, 0))
            if part:
                invoice.open -= part
                amount -= part
                yield invoice, part

    def _pay(self, amount: int, named: str | None) -> Application:
        """What is left stays with the customer's credits until it is applied by a decision."""
        applied = list(self._take_off(amount, named))
        for invoice, part in applied:
            invoice.paid += part
        left = amount - sum(part for _, part in applied)
        self.unapplied += left
        return Application(tuple((invoice.id, -part) for invoice, part in applied), left)

    def _write_off(self, amount: int, named: str | None) -> Application:
        taken = list(self._take_off(amount, named))
        if sum(part for _, part in taken) < amount:
            raise CashRefused("amount", "more than is open can't be written off")
        return Application(tuple((invoice.id, -part) for invoice, part in taken), 0)

    def _give_back(self, amount: int, named: str | None, overpaid_first: bool) -> Application:
        """Money that goes back: what is overpaid, the unapplied credit, and what was paid, which is open
        again.

        A refund begins with what is overpaid (a paid invoice that was credited) and what is unapplied; a
        chargeback takes back the payment itself: what it paid last, then what of it is unapplied.
        """
        invoices = self._due_first(named)[::-1]
        opened: dict[str, int] = {}
        if overpaid_first:
            amount -= self._reopen(invoices, opened, amount, overpaid_only=True)
            if named is None:
                amount, from_credit = self._from_unapplied(amount)
                amount -= self._reopen(invoices, opened, amount, overpaid_only=False)
            else:
                amount -= self._reopen(invoices, opened, amount, overpaid_only=False)
                amount, from_credit = self._from_unapplied(amount)
        else:
            amount -= self._reopen(invoices, opened, amount, overpaid_only=False)
            amount, from_credit = self._from_unapplied(amount)
        if amount:
            raise CashRefused("amount", "more than was paid can't go back")
        return Application(tuple(opened.items()), -from_credit)

    def _from_unapplied(self, amount: int) -> tuple[int, int]:
        part = min(amount, self.unapplied)
        self.unapplied -= part
        return amount - part, part

    def _reopen(
        self, invoices: list[OpenInvoice], opened: dict[str, int], amount: int, overpaid_only: bool
    ) -> int:
        done = 0
        for invoice in invoices:
            most = min(invoice.paid, max(-invoice.open, 0)) if overpaid_only else invoice.paid
            part = min(amount - done, most)
            if part:
                invoice.open += part
                invoice.paid -= part
                opened[invoice.id] = opened.get(invoice.id, 0) + part
                done += part
        return done
