"""The general ledger impact of each transaction, and the lines that SuiteQL shows of it.

Line 0 is the main line. `amount` is signed as SuiteQL signs `foreignamount`: a debit is positive.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from sandbox.netsuite.errors import user_error
from sandbox.netsuite.store import Doc, Store

DEPOSITS = "2300"


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
    base: Decimal | None = None  # in the base currency, where that does not follow from the rate


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
            return _cash(doc, [(doc["account"], Decimal(doc["payment"])), (doc["arAcct"], None)])
        case "customerDeposit":
            return _cash(doc, [(doc["account"], Decimal(doc["payment"])), (deposits(store), None)])
        case "depositApplication":
            return _cash(doc, [(doc["arAcct"], -Decimal(doc["total"])), (deposits(store), None)])
        case "currencyRevaluation":
            return _revaluation(doc)
        case _:
            return _refund(store, doc)


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


def deposits(store: Store) -> Doc:
    """The account of customer deposits, one of those that NetSuite keeps for itself."""
    return account_numbered(store, DEPOSITS)


def account_numbered(store: Store, number: str) -> Doc:
    for account in store.state.all("account"):
        if account["acctNumber"] == number:
            return {"id": account["id"]}
    raise user_error(f"There is no account {number}.", "account")


def _revaluation(doc: Doc) -> list[LedgerLine]:
    """What is realised, in the base currency alone."""
    amount, nothing = Decimal(doc["amount"]), Decimal(0)
    entity = doc["entity"]["id"]
    main = LedgerLine(0, doc["account"]["id"], nothing, memo=doc["memo"], entity=entity, base=amount)
    return [main, LedgerLine(1, doc["realised"]["id"], nothing, entity=entity, base=-amount)]


def _refund(store: Store, doc: Doc) -> list[LedgerLine]:
    lines = (doc.get("deposit") or {}).get("items", [])
    of_deposits = sum((Decimal(line["amount"]) for line in lines), Decimal(0))
    total = Decimal(doc["total"])
    return _cash(
        doc, [(doc["account"], -total), (doc["arAcct"], total - of_deposits), (deposits(store), of_deposits)]
    )


def _cash(doc: Doc, legs: list[tuple[Doc, Decimal | None]]) -> list[LedgerLine]:
    """The main line and what balances it (None: all of it); lines of nothing are left out."""
    entity, main = doc["customer"]["id"], legs[0][1] or Decimal(0)
    lines = []
    for number, (account, amount) in enumerate(legs):
        signed = -main if amount is None else amount
        if signed or number == 0:
            memo = doc.get("memo") if number == 0 else None
            lines.append(LedgerLine(number, account["id"], signed, memo=memo, entity=entity))
    return lines


def _segments(line: Doc) -> dict[str, str]:
    return {name: line[name]["id"] for name in ("department", "class", "location") if line.get(name)}
