"""An issued invoice or credit memo, compared with the expected one and turned into a posting."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from canonical.contract import Contract
from canonical.document import AccountRole, CreditMemo, DocumentLine, Invoice
from canonical.money import round_amount, total
from canonical.origin import Origin
from canonical.policy import PolicyExcerpt
from ports.billing import IssuedDocument, IssuedLine
from ports.erp import Dimensions, LedgerDocument, LedgerLine
from ports.tax import TaxResult


@dataclass(frozen=True)
class Difference:
    """Where a platform's document is not the expected one, in finance's words."""

    field: str
    expected: str
    actual: str

    def __str__(self) -> str:
        return f"{self.field} is {self.actual} where {self.expected} is expected"


def compare(expected: Invoice | CreditMemo | None, issued: IssuedDocument) -> tuple[Difference, ...]:
    """All differences; a minor unit is one. Lines of zero do not count, on either side."""
    if expected is None:
        return (Difference("document", "none", f"{issued.number or issued.id} over {issued.total}"),)
    found: list[Difference] = []

    def differ(field: str, want: object, have: object) -> None:
        if want != have:
            found.append(Difference(field, str(want), str(have)))

    differ("currency", expected.currency, issued.currency)
    differ("date", expected.date, issued.date)
    if isinstance(expected, Invoice) and issued.due_date is not None:
        differ("due date", expected.due_date, issued.due_date)
    want = sorted(_expected_line(line) for line in expected.lines)
    have = sorted(_issued_line(line) for line in issued.lines if line.amount != 0 or line.tax != 0)
    for line in sorted(set(want) | set(have)):
        surplus = have.count(line) - want.count(line)
        if surplus > 0:
            found.append(Difference(f"line {line[0] or '(unknown)'}", "no such line", _words(line)))
        if surplus < 0:
            found.append(Difference(f"line {line[0]}", _words(line), "missing"))
    differ("subtotal", expected.subtotal, issued.subtotal)
    differ("tax", expected.tax, issued.tax)
    differ("total", expected.total, issued.total)
    return tuple(found)


def is_empty_cycle(issued: IssuedDocument) -> bool:
    """Whether the platform's own invoice bills nothing: a subscription's cycle makes one all the same."""
    bills = any(line.amount != 0 or line.tax != 0 for line in issued.lines)
    return issued.origin == "cycle" and issued.total == 0 and not bills


_Line = tuple[str, dt.date, dt.date, Decimal, Decimal]


def _expected_line(line: DocumentLine) -> _Line:
    return (
        line.line,
        line.period_start,
        line.period_end,
        line.amount,
        line.tax,
    )


def _issued_line(line: IssuedLine) -> _Line:
    return (
        line.line or "",
        line.period_start,
        line.period_end,
        line.amount,
        line.tax,
    )


def _words(line: _Line) -> str:
    return f"{line[3]} (tax {line[4]}) for {line[1]} to {line[2]}"


def as_issued(expected: Invoice | CreditMemo | None, issued: IssuedDocument) -> Invoice | CreditMemo:
    """The document as the platform has it, in the shape of an expected one: what a person has accepted.

    A line of ours keeps its product and account; a line that is nobody's is an amount of the contract's first
    line. Raises ValueError for a document that was not expected at all: there is nothing to hold it against.
    """
    if expected is None:
        raise ValueError(f"{issued.id} was not expected; it can be let pass, not accepted")
    lines = tuple(
        _due_line(expected, line).model_copy(
            update={
                "amount": line.amount,
                "tax": line.tax,
                "period_start": line.period_start,
                "period_end": line.period_end,
            }
        )
        for line in _with_figures(issued)
    )
    figures: dict[str, object] = {"lines": lines, "subtotal": issued.subtotal}
    figures |= {"tax": issued.tax, "total": issued.total}
    if isinstance(expected, Invoice) and issued.due_date is not None:
        figures["due_date"] = issued.due_date
    return expected.model_copy(update={"date": issued.date, **figures})


def unassigned_lines(
    expected: Invoice | CreditMemo, taken: Invoice | CreditMemo, issued: IssuedDocument
) -> tuple[DocumentLine, ...]:
    """The lines of `taken` (`as_issued`) that name no line of the expected document at the platform."""
    known = {line.line for line in expected.lines}
    pairs = zip(taken.lines, _with_figures(issued), strict=True)
    return tuple(line for line, there in pairs if there.line not in known)


def _with_figures(issued: IssuedDocument) -> list[IssuedLine]:
    return [line for line in issued.lines if line.amount != 0 or line.tax != 0]


def _due_line(expected: Invoice | CreditMemo, issued: IssuedLine) -> DocumentLine:
    """The line of ours that it stands for, by its period and kind where there are several; else the first."""

    def likeness(line: DocumentLine) -> tuple[bool, bool]:
        period = (line.period_start, line.period_end) == (issued.period_start, issued.period_end)
        return period, line.kind == issued.kind

    own = [line for line in expected.lines if line.line == issued.line]
    return max(own, key=likeness, default=expected.lines[0])


def role_of(line: DocumentLine) -> AccountRole:
    """Where an invoice's line is credited: what is billed before it is earned is deferred, prepaid units of a
    commitment too.
    """
    return "deferred_revenue" if line.timing == "advance" else "unbilled_receivable"


ROLES_OF_DOCUMENTS: tuple[AccountRole, ...] = (
    "accounts_receivable",
    "deferred_revenue",
    "unbilled_receivable",
    "tax_payable",
)


def revenue_accounts(policy: PolicyExcerpt) -> tuple[str, ...]:
    """The accounts that invoices and credit memos post to."""
    return tuple(policy.accounts[role] for role in ROLES_OF_DOCUMENTS)


def ledger_document(
    origin: Origin,
    contract: Contract,
    expected: Invoice | CreditMemo,
    issued: IssuedDocument,
    customer_id: str,
    policy: PolicyExcerpt,
    items: dict[str, str],
) -> LedgerDocument:
    """The posting of a document that has been compared: the expected lines, the platform's number.

    The posting date is the document's; the ERP's own calendar may move it (closed period). Raises ValueError
    for a document that the platform has not numbered.
    """
    if issued.number is None:
        raise ValueError(f"{issued.id} has no number yet")
    is_invoice = isinstance(expected, Invoice)
    words = "Invoice" if is_invoice else "Credit memo"
    return LedgerDocument(
        origin=origin,
        kind="invoice" if is_invoice else "credit_memo",
        key=expected.key,
        contract=contract.id,
        number=issued.number,
        customer_id=customer_id,
        legal_entity=contract.legal_entity,
        currency=expected.currency,
        document_date=expected.date,
        posting_date=expected.date,
        due_date=expected.due_date if isinstance(expected, Invoice) else None,
        receivable_account=policy.accounts["accounts_receivable"],
        tax_account=policy.accounts["tax_payable"],
        lines=tuple(_ledger_line(line, policy, items) for line in expected.lines),
        subtotal=expected.subtotal,
        tax=expected.tax,
        total=expected.total,
        applies_to_key=None if isinstance(expected, Invoice) else expected.invoice_key,
        memo=f"{words} {issued.number}, contract {contract.id}, change {origin.change}, "
        f"{origin.correlation_id}",
    )


def _ledger_line(line: DocumentLine, policy: PolicyExcerpt, items: dict[str, str]) -> LedgerLine:
    role = role_of(line)
    return LedgerLine(
        line=line.line,
        item=items.get(line.product, line.product),
        role=role,
        account=policy.accounts[role],
        amount=line.amount,
        tax=line.tax,
        tax_rate_percent=line.tax_rate_percent,
        quantity=line.quantity,
        period_start=line.period_start,
        period_end=line.period_end,
        memo=f"{line.line} {line.kind} {line.period_start} to {line.period_end}",
        dimensions=Dimensions(department=policy.department),
    )


def billed_by_platform(
    expected: Invoice, draft: IssuedDocument
) -> tuple[tuple[DocumentLine, ...], tuple[DocumentLine, ...]]:
    """The expected lines that a cycle's draft has by itself, and those that it lacks.

    The platform bills recurring lines in advance by itself; everything else of the date is to be added. A
    line that is on the draft already (added by an attempt whose answer was lost) is not lacking.
    """
    there = {(line.line, line.period_start, line.period_end) for line in draft.lines if line.amount != 0}
    own: list[DocumentLine] = []
    missing: list[DocumentLine] = []
    for line in expected.lines:
        by_itself = line.kind == "recurring" and line.timing == "advance"
        if by_itself or (line.line, line.period_start, line.period_end) in there:
            own.append(line)
        else:
            missing.append(line)
    return tuple(own), tuple(missing)


def with_quoted_tax(expected: Invoice, quote: TaxResult) -> Invoice:
    """The expected invoice with the tax engine's word on its date: the engine is the authority for tax."""
    by_number = {line.number: line for line in quote.lines}
    lines = tuple(
        line.model_copy(
            update={
                "tax": round_amount(by_number[str(number)].tax, expected.currency),
                "tax_rate_percent": by_number[str(number)].rate_percent,
            }
        )
        for number, line in enumerate(expected.lines, start=1)
    )
    tax = total((line.tax for line in lines), expected.currency)
    return expected.model_copy(update={"lines": lines, "tax": tax, "total": expected.subtotal + tax})
