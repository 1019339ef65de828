"""A preview as tables for people in finance: documents, schedule, journal, balances."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TextIO

from rich.console import Console
from rich.table import Table

from rules.preview import Preview, PreviewCreditMemo, PreviewInvoice

_PIPED_WIDTH = 200


def tables(found: Preview, out: TextIO) -> None:
    """Prints all of it; without colours and at a fixed width where it does not go to a terminal."""
    terminal = out.isatty()
    console = Console(
        file=out, width=None if terminal else _PIPED_WIDTH, highlight=False, no_color=not terminal
    )
    for table in (
        _documents("Invoices", found.currency, found.invoices),
        _documents("Credit memos", found.currency, found.credit_memos),
        _schedule(found),
        _journal(found),
        _totals(found),
    ):
        if table.row_count:
            console.print(table)
            console.print()


def _table(title: str, texts: Sequence[str], amounts: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for name in texts:
        table.add_column(name)
    for name in amounts:
        table.add_column(name, justify="right")
    return table


def _documents(title: str, currency: str, documents: Iterable[PreviewInvoice | PreviewCreditMemo]) -> Table:
    columns = ("Document", "Date", "Due / credits", "Line", "Kind", "From", "To")
    table = _table(f"{title} ({currency})", columns, ("Net", "Tax", "Total"))
    for document in documents:
        other = str(document.due_date) if isinstance(document, PreviewInvoice) else document.invoice
        sums = (f"{amount:,f}" for amount in (document.subtotal, document.tax, document.total))
        table.add_row(document.id, str(document.date), other, "", "", "", "", *sums, style="bold")
        for line in document.lines:
            period = str(line.period_start), str(line.period_end)
            table.add_row(
                "", "", "", line.line, line.kind, *period, f"{line.amount:,f}", f"{line.tax:,f}", ""
            )
    return table


def _schedule(found: Preview) -> Table:
    """Months down, lines across."""
    schedule = found.revenue_schedule
    table = _table(f"Revenue schedule ({found.currency})", ("Month",), tuple(schedule))
    for month in sorted({month for months in schedule.values() for month in months}):
        amounts = (months.get(month) for months in schedule.values())
        table.add_row(month, *("" if amount is None else f"{amount:,f}" for amount in amounts))
    return table


def _journal(found: Preview) -> Table:
    columns = ("Date", "Event", "Document", "Account")
    table = _table(f"Journal entries ({found.books_currency})", columns, ("Debit", "Credit"))
    for entry in found.journal_entries:
        for index, line in enumerate(entry.lines):
            head = (str(entry.date), entry.event, entry.document) if index == 0 else ("", "", "")
            table.add_row(*head, line.account, _or_blank(line.debit), _or_blank(line.credit))
    return table


def _totals(found: Preview) -> Table:
    table = _table(f"Balances ({found.books_currency})", ("",), ("Amount",))
    for name, amount in found.totals:
        table.add_row(name.replace("_", " "), f"{amount:,f}")
    return table


def _or_blank(amount: Decimal) -> str:
    return f"{amount:,f}" if amount else ""
