"""The documents as they are being written: one invoice a date (and customer), one credit memo a date and
invoice.

The one place where an exact value becomes a document line: it is rounded here, taxed here, and left out
here if it is 0. Source: FINANCE.md, "Invoices and credit memos".
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from canonical.contract import Contract, LineTerms
from canonical.document import CreditMemo, DocumentLine, Invoice, LineKind
from canonical.ids import credit_memo_key, invoice_key
from canonical.money import round_amount, to_minor_units, total
from rules.calendar import days_after, first_open_day
from rules.credits import BilledLine, Credit
from rules.tax import rate_percent, tax, tax_credited
from rules.timeline import Customer

FEE_LINE = "termination-fee"
"""The line id under which a termination fee is billed."""


@dataclass(frozen=True)
class Charge:
    """What is to be billed of one line: an exact amount for a service period."""

    line: str
    terms: LineTerms
    kind: LineKind
    amount: Fraction
    start: dt.date
    end: dt.date
    arrears: bool
    quantity: Decimal
    fee: bool = False


@dataclass
class _Draft:
    key: str
    date: dt.date
    account: str
    lines: list[BilledLine] = field(default_factory=list)

    def sorted_lines(self) -> list[BilledLine]:
        return sorted(self.lines, key=lambda billed: _order(billed.line))


@dataclass
class _MemoDraft:
    invoice: _Draft
    date: dt.date
    lines: list[tuple[BilledLine, Credit]] = field(default_factory=list)


def _order(line: DocumentLine) -> tuple[str, dt.date, dt.date, Decimal]:
    return line.line, line.period_start, line.period_end, line.amount


class Book:
    """All documents of one contract in the order in which they are billed."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.currency = contract.currency
        self._invoices: dict[str, _Draft] = {}
        self._memos: dict[tuple[dt.date, str], _MemoDraft] = {}
        self._billed: dict[str, list[BilledLine]] = {}
        self._count = 0

    def bill(self, charge: Charge, day: dt.date, customer: Customer) -> Decimal:
        """Puts the charge on the customer's invoice of the day, rounded and taxed; returns its amount.

        A charge of 0 is left out.
        """
        amount = round_amount(charge.amount, self.currency)
        if to_minor_units(amount, self.currency) == 0:
            return amount
        if charge.fee:
            rate = rate_percent(charge.terms, day)
        else:
            rate = customer.rate_percent(charge.line, charge.terms, day)
        draft = self._invoice(day, customer.account.id)
        self._count += 1
        line = self._line(charge, amount, tax(amount, rate, self.currency), rate)
        billed = BilledLine(self._count, draft.key, day, line, rate)
        draft.lines.append(billed)
        self._billed.setdefault(charge.line, []).append(billed)
        return amount

    def credit(
        self,
        parts: Iterable[tuple[BilledLine, Decimal]],
        since: dt.date,
        day: dt.date,
        until: dt.date = dt.date.max,
    ) -> None:
        """Puts each part on the credit memo of the day for the invoice of its line, for `[since, until)` as
        far as the line's own period goes.
        """
        for billed, amount in parts:
            given = tax_credited(amount, billed.tax_rate, billed.tax_left(self.currency), self.currency)
            credit = Credit(max(since, billed.start), amount, given, min(until, billed.end))
            billed.credits.append(credit)
            key = (day, billed.invoice_key)
            if key not in self._memos:
                self._memos[key] = _MemoDraft(self._invoices[billed.invoice_key], day)
            self._memos[key].lines.append((billed, credit))

    def billed_of(self, line: str) -> list[BilledLine]:
        return self._billed.get(line, [])

    def _invoice(self, day: dt.date, account: str) -> _Draft:
        key = invoice_key(self.contract.id, day, account if account != self.contract.account.id else None)
        return self._invoices.setdefault(key, _Draft(key, day, account))

    def _line(self, charge: Charge, amount: Decimal, tax_amount: Decimal, rate: Decimal) -> DocumentLine:
        return DocumentLine(
            line=charge.line,
            kind=charge.kind,
            amount=amount,
            tax=tax_amount,
            period_start=charge.start,
            period_end=charge.end,
            product=charge.terms.product,
            charge=charge.terms.charge,
            timing="arrears" if charge.arrears else "advance",
            tax_rate_percent=rate,
            quantity=charge.quantity,
            fee=charge.fee,
            accepted_on=charge.terms.accepted_on,
        )

    def invoices(self, closed_periods: frozenset[str]) -> list[Invoice]:
        """In order of date; without numbers, which count over all documents of a preview."""
        terms_days = self.contract.billing.payment_terms_days
        drafts = self._invoices_in_order()
        return [
            Invoice(
                id="",
                key=draft.key,
                contract=self.contract.id,
                account=draft.account,
                currency=self.currency,
                date=draft.date,
                posting_date=first_open_day(draft.date, closed_periods),
                due_date=days_after(draft.date, terms_days),
                lines=tuple(billed.line for billed in draft.sorted_lines()),
                **self._sums([billed.line for billed in draft.lines]),
            )
            for draft in drafts
        ]

    def credit_memos(self, closed_periods: frozenset[str]) -> list[CreditMemo]:
        """In order of date and credited invoice; without numbers."""
        order = {draft.key: index for index, draft in enumerate(self._invoices_in_order())}
        drafts = sorted(self._memos.values(), key=lambda memo: (memo.date, order[memo.invoice.key]))
        return [self._memo(draft, closed_periods) for draft in drafts]

    def _invoices_in_order(self) -> list[_Draft]:
        """By date; on one date the contract's first customer comes first."""
        first = self.contract.account.id
        return sorted(self._invoices.values(), key=lambda draft: (draft.date, draft.account != first))

    def _memo(self, draft: _MemoDraft, closed_periods: frozenset[str]) -> CreditMemo:
        invoice = draft.invoice
        suffix = invoice.key.removeprefix(invoice_key(self.contract.id, invoice.date))
        positions = {billed.number: index for index, billed in enumerate(invoice.sorted_lines())}
        lines = sorted((self._credit_line(b, c, positions[b.number]) for b, c in draft.lines), key=_order)
        return CreditMemo(
            id="",
            key=f"{credit_memo_key(self.contract.id, draft.date, invoice.date)}{suffix}",
            contract=self.contract.id,
            account=invoice.account,
            currency=self.currency,
            date=draft.date,
            posting_date=first_open_day(draft.date, closed_periods),
            invoice="",
            invoice_key=invoice.key,
            tax_date=invoice.date,
            lines=tuple(lines),
            **self._sums(lines),
        )

    def _credit_line(self, billed: BilledLine, credit: Credit, position: int) -> DocumentLine:
        return billed.line.model_copy(
            update={
                "kind": "proration",
                "amount": credit.amount,
                "tax": credit.tax,
                "period_start": credit.since,
                "period_end": credit.until or billed.end,
                "credits": position,
            }
        )

    def _sums(self, lines: list[DocumentLine]) -> dict[str, Decimal]:
        subtotal = total((line.amount for line in lines), self.currency)
        taxes = total((line.tax for line in lines), self.currency)
        return {"subtotal": subtotal, "tax": taxes, "total": total((subtotal, taxes), self.currency)}
