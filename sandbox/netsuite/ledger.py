"""The general ledger impact of each transaction, and the lines that SuiteQL shows of it.

Line 0 is the main line. `amount` is signed as SuiteQL signs `foreignamount`: a debit is positive.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from sandbox.netsuite.store import Doc, Store


@dataclass(frozen=True)
class LedgerLine:
    number: int
    account: str
    amount: Decimal  # in the transaction's currency; debit above zero
    item: str | None = None
    quantity: str | None = None
    memo: str | None = None
    entity: str | None = None
    tax: bool = False
    rate: str | None = None
    segments: Mapping[str, str] = field(default_factory=dict)  # department, class, location


def posting_account(item: Doc) -> str:
    """What a sale of the item is credited to: its deferred revenue account, if it defers, else its income."""
    deferred = item.get("deferredRevenueAccount")
    if deferred is not None and not item.get("directRevenuePosting"):
        return str(deferred["id"])
    return str(item["incomeAccount"]["id"])


def impact(store: Store, record: str, doc: Doc) -> list[LedgerLine]:
    match record:
        case "invoice":
            return _sale(store, doc, Decimal(1))
        case "creditMemo":
            return _sale(store, doc, Decimal(-1))
        case "journalEntry":
            return _journal(doc)
        case "customerPayment":
            return _cash(doc, Decimal(doc["payment"]))
        case _:
            return _cash(doc, -Decimal(doc["total"]))


def base_amount(doc: Doc, amount: Decimal) -> Decimal:
    return (amount * Decimal(doc.get("exchangeRate") or 1)).quantize(Decimal("0.01"), ROUND_HALF_UP)


def _sale(store: Store, doc: Doc, sign: Decimal) -> list[LedgerLine]:
    entity = doc["entity"]["id"]
    lines = []
    for number, line in enumerate(doc["item"]["items"], start=1):
        lines.append(
            LedgerLine(
                number,
                line["account"]["id"],
                -sign * Decimal(line["amount"]),
                item=line["item"]["id"],
                quantity=line["quantity"],
                memo=line.get("description"),
                entity=entity,
                rate=line.get("rate"),
                segments=_segments(line),
            )
        )
    for detail in doc.get("taxDetails", {}).get("items", []):
        code = store.must("salesTaxItem", detail["taxCode"]["id"])
        number = len(lines) + 1
        amount = -sign * Decimal(detail["taxAmount"])
        lines.append(LedgerLine(number, code["taxAccount"]["id"], amount, entity=entity, tax=True))
    total = sign * Decimal(doc["total"])
    main = LedgerLine(
        0, doc["account"]["id"], total, memo=doc.get("memo"), entity=entity, segments=_segments(doc)
    )
    return [main, *lines]


def _journal(doc: Doc) -> list[LedgerLine]:
    return [
        LedgerLine(
            number,
            line["account"]["id"],
            Decimal(line.get("debit") or 0) - Decimal(line.get("credit") or 0),
            memo=line.get("memo"),
            entity=(line.get("entity") or {}).get("id"),
            segments=_segments(line),
        )
        for number, line in enumerate(doc["line"]["items"])
    ]


def _cash(doc: Doc, amount: Decimal) -> list[LedgerLine]:
    entity = doc["customer"]["id"]
    return [
        LedgerLine(0, doc["account"]["id"], amount, memo=doc.get("memo"), entity=entity),
        LedgerLine(1, doc["arAcct"]["id"], -amount, entity=entity),
    ]


def _segments(line: Doc) -> dict[str, str]:
    return {name: line[name]["id"] for name in ("department", "class", "location") if line.get(name)}
