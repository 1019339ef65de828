"""Invoices and credit memos: what NetSuite fills in, computes and refuses."""

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal

from sandbox.netsuite.amounts import account_of_type, checked, precision
from sandbox.netsuite.applications import apply_credits, open_amounts
from sandbox.netsuite.errors import NsError, user_error
from sandbox.netsuite.exchange import settle_rate
from sandbox.netsuite.ledger import posting_account
from sandbox.netsuite.periods import refuse_edit, settle_period
from sandbox.netsuite.store import Doc, Store

_PREFIX = {"invoice": "INV", "creditMemo": "CM"}
_AFTER_POSTING = frozenset(
    {"memo", "otherRefNum", "dueDate", "email", "message", "toBeEmailed", "toBePrinted", "toBeFaxed"}
    | {"terms", "startDate", "endDate"}
)


def settle_sale(store: Store, record: str, doc: Doc) -> Doc:
    """A new invoice or credit memo with its totals, account, number and period."""
    _require(doc, "entity")
    customer = store.must("customer", doc["entity"]["id"])
    _settle_customer(store, doc, customer)
    doc.setdefault("tranDate", store.clock.today().isoformat())
    settle_rate(store, doc)
    doc["account"] = doc.get("account") or account_of_type(store, "AcctRec")
    settle_period(store, doc, receivables=True)
    _settle_lines(store, doc)
    _settle_taxes(store, doc)
    _settle_totals(doc)
    _settle_dates(store, record, doc)
    number = store.state.next_number(f"number of {record}")
    doc.setdefault("tranId", f"{_PREFIX[record]}{number}")
    doc["transactionNumber"] = f"{_PREFIX[record]}{number}"
    doc.setdefault("apply", {"items": []})
    if record == "invoice":
        del doc["apply"]
    return open_amounts(record, doc, Decimal(0))


def change_sale(store: Store, record: str, old: Doc, changes: Doc) -> Doc:
    """A changed one; what moves the ledger is settled anew, in an open period only."""
    merged = {**old, **changes}
    if changes.keys() - _AFTER_POSTING:
        refuse_edit(store, old, receivables=True)
        if Decimal(old["amountPaid"]):
            raise user_error("You cannot change the amounts of a transaction that is applied or paid.")
        _settle_customer(store, merged, store.must("customer", merged["entity"]["id"]))
        settle_period(store, merged, receivables=True)
        _settle_lines(store, merged)
        _settle_taxes(store, merged)
        _settle_totals(merged)
    return open_amounts(record, merged, Decimal(old["amountPaid"]))


def settle_applications(store: Store, record: str, doc: Doc, wanted: list[Doc] | None) -> Doc:
    """Apply a credit memo to invoices as its `apply` lines say."""
    if record != "creditMemo":
        return doc
    return apply_credits(store, "creditMemo", doc, Decimal(doc["total"]), wanted)


def _require(doc: Doc, *names: str) -> None:
    for name in names:
        if doc.get(name) is None:
            raise user_error(f"Please enter value(s) for: {name}", name)


def _settle_customer(store: Store, doc: Doc, customer: Doc) -> None:
    if customer.get("isInactive"):
        raise user_error("Invalid Field Value: the customer is inactive.", "entity")
    doc.setdefault("subsidiary", customer["subsidiary"])
    if doc["subsidiary"] != customer["subsidiary"]:
        raise user_error(
            f"Invalid Field Value {doc['subsidiary']['id']} for the following field: subsidiary", "subsidiary"
        )
    doc.setdefault("currency", customer["currency"])
    if doc["currency"] != customer["currency"]:
        raise user_error(
            f"Invalid Field Value {doc['currency']['id']} for the following field: currency", "currency"
        )


def _settle_lines(store: Store, doc: Doc) -> None:
    lines = (doc.get("item") or {}).get("items") or []
    if not lines:
        raise user_error("You must enter at least one line item for this transaction.", "item")
    digits = precision(store, doc["currency"]["id"])
    for index, line in enumerate(lines):
        where = f"item.items[{index}]"
        _require_item(store, line, doc, where)
        line["line"] = index + 1
        line.setdefault("quantity", "1")
        quantity = Decimal(line["quantity"])
        if line.get("amount") is None:
            if line.get("rate") is None:
                raise user_error("Please enter a value for amount.", f"{where}.amount")
            line["amount"] = format(_rounded(Decimal(line["rate"]) * quantity, digits), "f")
        checked(line["amount"], digits, f"{where}.amount")
        if line.get("rate") is None and quantity:
            line["rate"] = format(_rounded(Decimal(line["amount"]) / quantity, 8), "f")


def _require_item(store: Store, line: Doc, doc: Doc, where: str) -> None:
    if line.get("item") is None:
        raise user_error("Please enter value(s) for: item", f"{where}.item")
    item = store.item(line["item"]["id"])
    if item.get("isInactive"):
        raise user_error("Invalid Field Value: the item is inactive.", f"{where}.item")
    allowed = [entry["id"] for entry in (item.get("subsidiary") or {}).get("items", [])]
    if allowed and doc["subsidiary"]["id"] not in allowed and not item.get("includeChildren"):
        raise user_error(f"Invalid Field Value {item['id']} for the following field: item", f"{where}.item")
    line["account"] = {"id": posting_account(item)}


def _settle_taxes(store: Store, doc: Doc) -> None:
    """Tax details as SuiteTax takes them where they are overridden; without override there is no engine
    in this account and no tax."""
    details = (doc.get("taxDetails") or {}).get("items") or []
    if details and not doc.get("taxDetailsOverride"):
        raise user_error("Tax details can be set only if Tax Details Override is checked.", "taxDetails")
    digits = precision(store, doc["currency"]["id"])
    lines = {line.get("taxDetailsReference"): line for line in doc["item"]["items"]}
    for index, detail in enumerate(details):
        where = f"taxDetails.items[{index}]"
        for name in ("taxDetailsReference", "taxType", "taxCode", "taxBasis", "taxRate", "taxAmount"):
            if detail.get(name) is None:
                raise user_error(f"Please enter value(s) for: {name}", f"{where}.{name}")
        line = lines.get(detail["taxDetailsReference"]["id"])
        if line is None:
            raise NsError(
                "INVALID_VALUE", "Unknown tax details reference.", path=f"{where}.taxDetailsReference"
            )
        code = store.must("salesTaxItem", detail["taxCode"]["id"])
        if code.get("taxType") != detail["taxType"]:
            raise user_error("The tax code does not belong to the tax type.", f"{where}.taxCode")
        checked(detail["taxAmount"], digits, f"{where}.taxAmount")
        detail |= {"lineType": "Item", "netAmount": line["amount"]}
    doc["taxDetails"] = {"items": details}


def _settle_totals(doc: Doc) -> None:
    subtotal = sum((Decimal(line["amount"]) for line in doc["item"]["items"]), Decimal(0))
    tax = sum((Decimal(detail["taxAmount"]) for detail in doc["taxDetails"]["items"]), Decimal(0))
    if subtotal + tax < 0:
        raise user_error("The total of this transaction may not be negative.", "total")
    doc["subtotal"], doc["taxTotal"], doc["total"] = str(subtotal), str(tax), str(subtotal + tax)


def _settle_dates(store: Store, record: str, doc: Doc) -> None:
    if record != "invoice" or doc.get("dueDate") is not None:
        return
    days = 0
    if doc.get("terms") is not None:
        days = int(store.must("term", doc["terms"]["id"])["daysUntilNetDue"])
    due = dt.date.fromisoformat(doc["tranDate"]) + dt.timedelta(days=days)
    doc["dueDate"] = due.isoformat()


def _rounded(amount: Decimal, digits: int) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
