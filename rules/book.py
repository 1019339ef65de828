"""The documents as they are being written: one invoice a date (and customer), one credit memo a date and
invoice.

The one place where an exact value becomes a document line: it is rounded here, taxed here, and left out
here if it is 0. Source: FINANCE.md, "Invoices and credit memos".
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from canonical.contract import Contract, LineTerms
from canonical.document import CreditMemo, DocumentLine, Invoice, LineKind, UnassignedLine
from canonical.ids import credit_memo_key, invoice_key
from canonical.lifecycle import AcceptedDocument
from canonical.money import round_amount, to_minor_units, total
from rules.as_billed import as_billed, by_document, known_to
from rules.calendar import days_after, first_open_day
from rules.credits import BilledLine, Credit, all_unused, unused_value
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
    added: list[BilledLine] = field(default_factory=list)
    """What it has beyond what was due, on lines of the contract."""
    unassigned: tuple[DocumentLine, ...] = ()
    """The same, on none."""

    def sorted_lines(self) -> list[BilledLine]:
        return sorted(self.lines, key=lambda billed: _order(billed.line))


@dataclass
class _MemoDraft:
    invoice: _Draft
    date: dt.date
    lines: list[tuple[BilledLine, Credit]] = field(default_factory=list)


def _order(line: DocumentLine) -> tuple[str, dt.date, dt.date, Decimal]:
    return line.line, line.period_start, line.period_end, line.amount


def _credit_of(line: DocumentLine) -> Credit:
    return Credit(line.period_start, line.amount, line.tax, line.period_end)


class Book:
    """All documents of one contract in the order in which they are billed."""

    def __init__(self, contract: Contract, accepted: Sequence[AcceptedDocument] = ()) -> None:
        """`accepted` are documents that a person has let in otherwise than they are due."""
        self.contract = contract
        self.currency = contract.currency
        self._accepted = accepted
        self._change: str | None = None
        self._asked: dict[tuple[str, str, int], UnassignedLine] = {}
        self._invoices: dict[str, _Draft] = {}
        self._memos: dict[tuple[dt.date, str], _MemoDraft] = {}
        self._billed: dict[str, list[BilledLine]] = {}
        self._count = 0

    def look_from(self, change: str | None, day: dt.date) -> None:
        """From now on credits are measured as the change, or what falls due by itself on the day, knows the
        documents: by what was billed of those that had been accepted otherwise by then.
        """
        self._change = change
        if not self._accepted:
            return
        known = known_to(self._accepted, change, day)
        memos = {self._memo_key(memo): memo for memo in self._memos.values()}
        own = by_document(known, [*self._invoices, *memos])
        for key, draft in self._invoices.items():
            self._take_invoice(draft, own.get(key, ()))
        for billed in (line for lines in self._billed.values() for line in lines):
            billed.accepted_credits, billed.more_credits = {}, []
        for key, memo in memos.items():
            if key in own:
                self._take_memo(memo, own[key])

    def _take_invoice(self, draft: _Draft, accepted: Sequence[AcceptedDocument]) -> None:
        due = draft.sorted_lines()
        found = as_billed([billed.line for billed in due], accepted)
        for billed, line in zip(due, found.lines, strict=True):
            billed.accepted, billed.is_billed = None if line is billed.line else line, line is not None
        draft.unassigned = tuple(each.line for each in found.added if not each.assigned)
        lines = [each.line for each in found.added if each.assigned]
        for line in lines[len(draft.added) :]:
            self._count += 1
            billed = BilledLine(self._count, draft.key, draft.date, line, line.tax_rate_percent)
            draft.added.append(billed)
            self._billed.setdefault(line.line, []).append(billed)
        for place, billed in enumerate(draft.added):
            billed.is_billed = place < len(lines)
            billed.accepted = lines[place] if billed.is_billed else None

    def _take_memo(self, memo: _MemoDraft, accepted: Sequence[AcceptedDocument]) -> None:
        """What was given back is what the credit memo says."""
        in_order = sorted(memo.lines, key=lambda pair: _order(self._credit_line(pair[0], pair[1], 0)))
        found = as_billed([self._credit_line(b, c, 0) for b, c in in_order], accepted)
        for (billed, credit), line in zip(in_order, found.lines, strict=True):
            place = next(i for i, each in enumerate(billed.credits) if each is credit)
            billed.accepted_credits[place] = None if line is None else _credit_of(line)
        for each in found.added:
            first = next((b for b, _ in in_order if b.line.line == each.line.line), in_order[0][0])
            first.more_credits.append(_credit_of(each.line))

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
            rate, left = billed.rate(self.currency), billed.tax_left(self.currency)
            given = tax_credited(amount, rate, left, self.currency)
            credit = Credit(max(since, billed.start), amount, given, min(until, billed.end))
            billed.credits.append(credit)
            key = (day, billed.invoice_key)
            if key not in self._memos:
                self._memos[key] = _MemoDraft(self._invoices[billed.invoice_key], day)
            self._memos[key].lines.append((billed, credit))

    def credit_unused(
        self, lines: Sequence[BilledLine], since: dt.date, day: dt.date
    ) -> list[tuple[BilledLine, Decimal]]:
        """Credits each line's unused value; returns what was credited of which.

        What the same invoices have on no line of the contract is credited by nobody: it is noted in
        `unassigned`, as far as it lasts beyond the day.
        """
        parts = all_unused(lines, since, self.currency)
        for key in dict.fromkeys(billed.invoice_key for billed in lines):
            for place, line in enumerate(self._invoices[key].unassigned):
                loose = BilledLine(0, key, day, line, line.tax_rate_percent)
                unused = round_amount(unused_value(loose, since), self.currency)
                if to_minor_units(unused, self.currency) and self._change is not None:
                    self._asked[self._change, key, place] = UnassignedLine(
                        change=self._change, invoice_key=key, line=line, unused=unused
                    )
        self.credit(parts, since, day)
        return parts

    def unassigned(self) -> list[UnassignedLine]:
        """What changes have left uncredited, since nobody knows what it is for."""
        return list(self._asked.values())

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
        lines_of_it = [*invoice.sorted_lines(), *invoice.added]
        positions = {billed.number: index for index, billed in enumerate(lines_of_it)}
        lines = sorted((self._credit_line(b, c, positions[b.number]) for b, c in draft.lines), key=_order)
        return CreditMemo(
            id="",
            key=self._memo_key(draft),
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

    def _memo_key(self, draft: _MemoDraft) -> str:
        invoice = draft.invoice
        suffix = invoice.key.removeprefix(invoice_key(self.contract.id, invoice.date))
        return f"{credit_memo_key(self.contract.id, draft.date, invoice.date)}{suffix}"

    def _credit_line(self, billed: BilledLine, credit: Credit, position: int) -> DocumentLine:
        return billed.billed.model_copy(
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
