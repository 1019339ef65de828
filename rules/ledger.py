"""The books of one contract: documents, payments and months as they come, each posted to account roles.

Source: FINANCE.md, "Journal entries".
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from canonical.document import AccountRole, CreditMemo, Invoice
from canonical.scenario import Scenario, ScenarioPayment
from rules.calendar import days_after, first_open_day, month_end, month_key, months_between
from rules.cash_application import CashRefused, Receivables
from rules.exchange import Exchange
from rules.postings import Posting, document_movement


class PaymentRefused(ValueError):
    """A payment of the scenario can't be what it says; `index` is its place, `field` what is wrong in it."""

    def __init__(self, index: int, reason: CashRefused) -> None:
        super().__init__(f"payments[{index}].{reason}")
        self.index = index
        self.field = reason.field
        self.message = reason.message


@dataclass(frozen=True)
class _Event:
    date: dt.date
    rank: int
    number: int
    post: Callable[[], Iterable[Posting]]


class Ledger:
    """Posts a scenario's documents and payments; revenue is posted by `rules.recognition`.

    The receivable is carried at the rate of its invoice; money at the rate of its day.
    """

    def __init__(self, scenario: Scenario, exchange: Exchange, closed_periods: frozenset[str]) -> None:
        self._scenario = scenario
        self._exchange = exchange
        self._closed = closed_periods
        self._receivables = Receivables(scenario.contract.currency)
        self._carried: dict[str, int] = {}
        self._rates: dict[str, dt.date] = {}
        self._credits_carried = 0
        self._issued: set[str] = set()

    def postings(self, invoices: Sequence[Invoice], credit_memos: Sequence[CreditMemo]) -> list[Posting]:
        """All postings of documents, payments and revaluations by `as_of`, in order of time."""
        self._issued = {invoice.id for invoice in invoices}
        events = [_Event(i.date, 1, n, partial(self._invoice, i)) for n, i in enumerate(invoices)]
        events += [_Event(m.date, 2, n, partial(self._memo, m)) for n, m in enumerate(credit_memos)]
        events += [
            _Event(p.date, 3, n, partial(self._payment, n, p))
            for n, p in enumerate(self._scenario.payments)
            if p.date <= self._scenario.as_of
        ]
        if self._exchange.converts and invoices:
            events += [
                _Event(month_end(m), 4, 0, partial(self._revaluation, month_end(m)))
                for m in months_between(invoices[0].date, self._scenario.as_of)
                if month_key(m) not in self._closed
            ]
        events.sort(key=lambda event: (event.date, event.rank, event.number))
        return [posting for event in events for posting in event.post()]

    def _invoice(self, invoice: Invoice) -> Iterable[Posting]:
        self._receivables.issue(invoice)
        self._rates[invoice.id] = invoice.date
        movement = document_movement(self._exchange.invoice(invoice), self._exchange.books)
        self._carried[invoice.id] = movement["accounts_receivable"]
        yield Posting(invoice.posting_date, "invoice", invoice.id, movement)

    def _memo(self, memo: CreditMemo) -> Iterable[Posting]:
        self._receivables.credit(memo)
        movement = document_movement(self._exchange.credit_memo(memo), self._exchange.books)
        self._carried[memo.invoice] += movement["accounts_receivable"]
        yield Posting(memo.posting_date, "credit_memo", memo.id, movement)

    def _payment(self, index: int, payment: ScenarioPayment) -> Iterable[Posting]:
        try:
            if payment.invoice is not None and payment.invoice not in self._issued:
                raise CashRefused("invoice", f"there is no invoice {payment.invoice!r}")
            done = self._receivables.take(payment)
        except CashRefused as reason:
            raise PaymentRefused(index, reason) from None
        rate = self._exchange.rate(payment.date)
        movement: dict[AccountRole, int] = defaultdict(int)
        movement["accounts_receivable"] = sum(
            self._carry(invoice, change) for invoice, change in done.invoices
        )
        if payment.kind == "write_off":
            movement["bad_debt"] = -movement["accounts_receivable"]
        else:
            sign = 1 if payment.kind == "payment" else -1
            movement["cash"] = sign * self._exchange.units(payment.amount, rate)
            movement["customer_credits"] = -self._carry_credits(done.customer_credits, payment.date)
            movement["fx_realised"] = -sum(movement.values())
        if payment.fee is not None:
            fee = self._exchange.units(payment.fee, rate)
            movement["dispute_fees"] += fee
            movement["cash"] -= fee
        yield Posting(first_open_day(payment.date, self._closed), "payment", payment.id, movement)

    def _carry(self, invoice: str, change: int) -> int:
        """What a change of the open amount is in the books: at the invoice's rate, and all of it at last."""
        if self._receivables.invoices[invoice].open == 0:
            carried = -self._carried[invoice]
        else:
            carried = self._exchange.convert_units(change, self._exchange.rate(self._rates[invoice]))
        self._carried[invoice] += carried
        return carried

    def _carry_credits(self, change: int, day: dt.date) -> int:
        """Unapplied credit comes in at its day's rate and goes out at the average that it is carried at."""
        if change >= 0:
            carried = self._exchange.convert_units(change, self._exchange.rate(day))
        else:
            held = self._receivables.unapplied - change
            carried = -((self._credits_carried * -change) // held)
        self._credits_carried += carried
        return carried

    def _revaluation(self, day: dt.date) -> Iterable[Posting]:
        """Open receivables at the month's last rate, and back again on the next day."""
        rate = self._exchange.rate(day)
        gain = sum(
            self._exchange.convert_units(invoice.open, rate) - self._carried[invoice.id]
            for invoice in self._receivables.invoices.values()
            if invoice.open
        )
        if gain:
            month, after = month_key(day), first_open_day(days_after(day, 1), self._closed)
            yield Posting(day, "revaluation", month, {"accounts_receivable": gain, "fx_unrealised": -gain})
            yield Posting(after, "reversal", month, {"accounts_receivable": -gain, "fx_unrealised": gain})
