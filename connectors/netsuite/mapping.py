"""Between our nouns and NetSuite's: names, comparisons, listings. Pure; what we send is in `bodies`."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Literal

from canonical.money import UnknownCurrency, minor_unit_digits
from canonical.origin import Origin, Reference
from connectors.netsuite.wire import (
    LedgerRow,
    LineRow,
    TransactionRow,
    TransactionType,
)
from ports.erp import GeneralLedgerLine, LedgerDocument, LedgerJournal, PostedDocument, PostedLine

PLATFORM = "netsuite"
PREFIX = "q2c:"
VOID, REVERSAL = "void:", "reversal:"
WRITE_OFF = "write-off/"
ENTRY = "entry/"
"""How the key of a transaction begins that has none of ours: its internal id follows."""
_MEMO_LENGTH = 999
_SAFE = re.compile(r"[A-Za-z0-9_.:-]")
_ESCAPED = re.compile(r"~([0-9A-F]{2})")

DocumentKind = Literal["invoice", "credit_memo"]
RECORD_OF: Mapping[str, str] = {
    "invoice": "invoice",
    "credit_memo": "creditMemo",
    "journal_entry": "journalEntry",
}
TYPE_OF: Mapping[str, TransactionType] = {
    "invoice": "CustInvc",
    "credit_memo": "CustCred",
    "journal_entry": "Journal",
}
KIND_OF: Mapping[TransactionType, Literal["invoice", "credit_memo", "journal_entry"]] = {
    "CustInvc": "invoice",
    "CustCred": "credit_memo",
    "Journal": "journal_entry",
}
_LedgerKind = Literal["invoice", "credit_memo", "journal_entry", "payment", "refund", "revaluation"]
_LEDGER_KINDS: Mapping[str, _LedgerKind] = {
    "CustInvc": "invoice",
    "CustCred": "credit_memo",
    "Journal": "journal_entry",
    "CustPymt": "payment",
    "CustRfnd": "refund",
    "FxReval": "revaluation",
}
"""Transactions of the general ledger that we know; there are many others."""


def external_id(key: str) -> str:
    """`q2c:` and the business key, escaped."""
    return PREFIX + escaped(key)


def escaped(key: str) -> str:
    """What is not a letter, digit or one of `_.:-` as ~ and its hex bytes, so that it can stand in a path and
    be read back."""
    return "".join(
        character if _SAFE.fullmatch(character) else "".join(f"~{byte:02X}" for byte in character.encode())
        for character in key
    )


def key_of(external: str | None) -> str | None:
    """The business key of one of our external ids; None for a foreign one."""
    if external is None or not external.startswith(PREFIX):
        return None
    return unescaped(external.removeprefix(PREFIX))


def unescaped(rest: str) -> str:
    raw = bytearray()
    position = 0
    while position < len(rest):
        found = _ESCAPED.match(rest, position)
        raw += bytes.fromhex(found.group(1)) if found else rest[position].encode()
        position = found.end() if found else position + 1
    return raw.decode(errors="replace")


def customer_key(account: str, legal_entity: str, currency: str) -> str:
    """NetSuite's customers belong to one subsidiary and currency: an account is one for each such pair."""
    return f"customer:{account}:{legal_entity}:{currency}"


def lineage(origin: Origin, key: str) -> str:
    return f"contract {origin.contract}, change {origin.change}, {key}, correlation {origin.correlation_id}"


def memo(said: str, origin: Origin, key: str) -> str:
    """What is said, cut where NetSuite would, then where it comes from, which is never cut."""
    tail = f" [{lineage(origin, key)}]"
    return said[: max(0, _MEMO_LENGTH - len(tail))] + tail


def difference(row: TransactionRow, lines: Sequence[LineRow], expected: Mapping[str, object]) -> str | None:
    """The first field in which a posted transaction is not the one that is asked for."""
    amounts = [(line.account, line.amount) for line in lines]
    found: dict[str, object] = {
        "type": row.type,
        "legal_entity": row.subsidiary,
        "currency": row.currency,
        "date": row.trandate,
        "customer_id": row.entity,
        "total": abs(row.foreigntotal),
        "lines": _by_account(amounts) if row.type != "Journal" else _line_by_line(amounts),
    }
    return next((name for name, value in expected.items() if found[name] != value), None)


def expected_sale(document: LedgerDocument) -> dict[str, object]:
    """How a posted document must look; its lines by account, since NetSuite may sum up tax lines."""
    sign = 1 if document.kind == "invoice" else -1
    lines = [(document.receivable_account, sign * document.total)]
    lines += [(line.account, -sign * line.amount) for line in document.lines]
    lines += [(document.tax_account, -sign * line.tax) for line in document.lines]
    return {
        "type": TYPE_OF[document.kind],
        "legal_entity": document.legal_entity,
        "currency": document.currency,
        "date": document.document_date,
        "customer_id": document.customer_id,
        "total": document.total,
        "lines": _by_account(lines),
    }


def expected_journal(journal: LedgerJournal) -> dict[str, object]:
    return {
        "type": "Journal",
        "legal_entity": journal.legal_entity,
        "currency": journal.currency,
        "date": journal.date,
        "lines": _line_by_line([(line.account, line.debit - line.credit) for line in journal.lines]),
    }


def expected_counter(row: TransactionRow, date: dt.date) -> dict[str, object]:
    """How the document must look that takes the effect of `row` off."""
    return {
        "legal_entity": row.subsidiary,
        "currency": row.currency,
        "date": date,
        "total": abs(row.foreigntotal),
    }


def reference(row: TransactionRow, url: str, key: str, *, status: str | None = None) -> Reference:
    return Reference(
        platform=PLATFORM,
        kind=KIND_OF[row.type],
        id=row.id,
        business_key=key,
        number=row.tranid,
        url=url,
        date=row.trandate,
        total=written(abs(row.foreigntotal), row.currency),
        status=status,
    )


def written(amount: Decimal, currency: str) -> Decimal:
    """The amount with all its currency's decimals, which NetSuite leaves out where they are zero. One that
    has more of them, or whose currency ISO 4217 does not have, stays as it is: nothing is rounded here."""
    try:
        padded = amount.quantize(Decimal(1).scaleb(-minor_unit_digits(currency)))
    except UnknownCurrency:
        return amount
    return padded if padded == amount else amount


def ledger_line(row: LedgerRow, legal_entity: str) -> GeneralLedgerLine:
    return GeneralLedgerLine(
        entry=row.transaction,
        legal_entity=legal_entity,
        currency=row.currency,
        account=row.account,
        debit=row.debit or Decimal(0),
        credit=row.credit or Decimal(0),
        kind=_LEDGER_KINDS.get(row.type),
        key=key_of(row.externalid),
        number=row.tranid,
        date=row.trandate,
        period_start=row.period_start,
        amount=written(row.amount, row.currency),
    )


def posted_document(
    row: TransactionRow, lines: Sequence[LineRow], taxes: Mapping[tuple[str, str], Decimal], undone: bool
) -> PostedDocument:
    """As the ERP lists it. Amounts of invoices and credit memos are positive; a journal's lines are debits
    above zero and credits below, its total is the sum of its debits."""
    kind = KIND_OF[row.type]
    if kind == "journal_entry":
        posted = tuple(_posted(row, line, line.amount, Decimal(0)) for line in lines)
        total, tax = sum((max(line.amount, Decimal(0)) for line in lines), Decimal(0)), Decimal(0)
    else:
        sign = -1 if kind == "invoice" else 1
        posted = tuple(
            _posted(row, line, sign * line.amount, taxes.get((row.id, line.line), Decimal(0)))
            for line in lines
            if line.mainline == "F" and line.taxline == "F"
        )
        total = abs(row.foreigntotal)
        tax = sum((sign * line.amount for line in lines if line.taxline == "T"), Decimal(0))
    return PostedDocument(
        platform=PLATFORM,
        kind=kind,
        id=row.id,
        number=row.tranid,
        key=key_of(row.externalid),
        legal_entity=row.subsidiary,
        currency=row.currency,
        date=row.trandate,
        period=row.period,
        period_start=row.period_start,
        status=_status(row, undone=undone),
        lines=posted,
        tax=written(tax, row.currency),
        total=written(total, row.currency),
        exchange_rate=row.exchange_rate,
        due_date=row.duedate if kind == "invoice" else None,
    )


def _status(row: TransactionRow, *, undone: bool) -> Literal["open", "paid", "voided", "posted", "reversed"]:
    if row.type == "Journal":
        return "reversed" if undone else "posted"
    if undone or row.status == "V":
        return "voided"
    return "paid" if row.status == "B" else "open"


def _posted(row: TransactionRow, line: LineRow, amount: Decimal, tax: Decimal) -> PostedLine:
    net, tax = written(amount, row.currency), written(tax, row.currency)
    return PostedLine(account=line.account, amount=net, tax=tax, memo=line.memo)


def _by_account(lines: Sequence[tuple[str, Decimal]]) -> tuple[tuple[str, Decimal], ...]:
    sums: dict[str, Decimal] = {}
    for account, amount in lines:
        sums[account] = sums.get(account, Decimal(0)) + amount
    return tuple(sorted((account, total.normalize()) for account, total in sums.items() if total))


def _line_by_line(lines: Sequence[tuple[str, Decimal]]) -> tuple[tuple[str, Decimal], ...]:
    return tuple(sorted((account, amount.normalize()) for account, amount in lines if amount))
