"""What must come out of a scenario: documents, schedule, journal and balances, in the shape that is relied
on.

The keys are those of INTERFACES.md, no others. Source: FINANCE.md, INTERFACES.md.
"""

from collections.abc import Sequence

from pydantic import Field

from canonical.base import Day, Dec, Noun
from canonical.document import (
    AccountRole,
    CreditMemo,
    DocumentLine,
    Invoice,
    JournalEntry,
    JournalLine,
    LineKind,
)
from canonical.money import from_minor_units
from canonical.scenario import Scenario
from rules.outcome import outcome
from rules.postings import Posting, balances, entries
from rules.revenue import schedule
from rules.validation import check


class PreviewLine(Noun):
    line: str
    kind: LineKind
    amount: Dec
    tax: Dec
    period_start: Day
    period_end: Day


class PreviewInvoice(Noun):
    id: str
    due_date: Day
    date: Day
    lines: tuple[PreviewLine, ...]
    subtotal: Dec
    tax: Dec
    total: Dec


class PreviewCreditMemo(Noun):
    id: str
    invoice: str
    date: Day
    lines: tuple[PreviewLine, ...]
    subtotal: Dec
    tax: Dec
    total: Dec


class PreviewEntry(Noun):
    date: Day
    event: str
    document: str
    lines: tuple[JournalLine, ...]


class Totals(Noun):
    """The balances that the entries leave at `as_of`, in the books' currency."""

    billed_net: Dec
    tax: Dec
    recognized: Dec
    deferred: Dec
    unbilled: Dec
    receivable: Dec
    cash: Dec
    customer_credits: Dec


class Preview(Noun):
    currency: str
    invoices: tuple[PreviewInvoice, ...]
    credit_memos: tuple[PreviewCreditMemo, ...]
    revenue_schedule: dict[str, dict[str, Dec]]
    journal_entries: tuple[PreviewEntry, ...]
    totals: Totals
    books_currency: str = Field(exclude=True, description="of the journal entries and totals")


def preview(scenario: Scenario) -> Preview:
    """What the scenario leads to by `as_of`. Raises `rules.validation.InvalidScenario`."""
    check(scenario)
    found = outcome(scenario)
    issued, currency = found.documents, scenario.contract.currency
    lines = [line.line for invoice in issued.invoices for line in invoice.lines]
    return Preview(
        currency=currency,
        invoices=tuple(_invoice(invoice) for invoice in issued.invoices),
        credit_memos=tuple(_credit_memo(memo) for memo in issued.credit_memos),
        revenue_schedule=schedule(found.months, lines, currency),
        journal_entries=tuple(_entry(one) for one in entries(found.postings, found.books_currency)),
        totals=_totals(found.postings, found.books_currency),
        books_currency=found.books_currency,
    )


def _line(line: DocumentLine) -> PreviewLine:
    return PreviewLine(**{name: getattr(line, name) for name in PreviewLine.model_fields})


def _invoice(invoice: Invoice) -> PreviewInvoice:
    return PreviewInvoice(
        id=invoice.id,
        due_date=invoice.due_date,
        date=invoice.date,
        lines=tuple(_line(line) for line in invoice.lines),
        subtotal=invoice.subtotal,
        tax=invoice.tax,
        total=invoice.total,
    )


def _credit_memo(memo: CreditMemo) -> PreviewCreditMemo:
    return PreviewCreditMemo(
        id=memo.id,
        invoice=memo.invoice,
        date=memo.date,
        lines=tuple(_line(line) for line in memo.lines),
        subtotal=memo.subtotal,
        tax=memo.tax,
        total=memo.total,
    )


def _entry(entry: JournalEntry) -> PreviewEntry:
    return PreviewEntry(date=entry.date, event=entry.event, document=entry.document, lines=entry.lines)


def _totals(posted: Sequence[Posting], currency: str) -> Totals:
    """From the postings alone, so that billed net − credits = recognised + deferred − unbilled at any day."""
    held = balances(posted)
    billed = balances(one for one in posted if one.event in ("invoice", "credit_memo"))
    earned: tuple[AccountRole, ...] = ("revenue", "usage_revenue", "termination_fees")
    return Totals(
        billed_net=from_minor_units(billed["accounts_receivable"] + billed["tax_payable"], currency),
        tax=from_minor_units(-held["tax_payable"], currency),
        recognized=from_minor_units(-sum(held[role] for role in earned), currency),
        deferred=from_minor_units(-held["deferred_revenue"], currency),
        unbilled=from_minor_units(held["unbilled_receivable"] + held["contract_asset"], currency),
        receivable=from_minor_units(held["accounts_receivable"], currency),
        cash=from_minor_units(held["cash"], currency),
        customer_credits=from_minor_units(-held["customer_credits"], currency),
    )
