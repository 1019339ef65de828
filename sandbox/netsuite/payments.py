"""Customer payments and refunds."""

from decimal import Decimal

from sandbox.netsuite.amounts import account_of_type, checked, precision
from sandbox.netsuite.applications import apply_credits
from sandbox.netsuite.errors import user_error
from sandbox.netsuite.periods import settle_period
from sandbox.netsuite.store import Doc, Store

_PREFIX = {"customerPayment": "PYMT", "customerRefund": "RFND"}


def settle_cash(store: Store, record: str, doc: Doc) -> Doc:
    if doc.get("customer") is None:
        raise user_error("Please enter value(s) for: customer", "customer")
    customer = store.must("customer", doc["customer"]["id"])
    doc.setdefault("subsidiary", customer["subsidiary"])
    if doc["subsidiary"] != customer["subsidiary"]:
        raise user_error("Invalid Field Value for the following field: subsidiary", "subsidiary")
    doc.setdefault("currency", customer["currency"])
    doc.setdefault("tranDate", store.clock.today().isoformat())
    doc.setdefault("exchangeRate", "1")
    doc["account"] = doc.get("account") or account_of_type(store, "Bank")
    doc["arAcct"] = doc.get("arAcct") or account_of_type(store, "AcctRec")
    settle_period(store, doc, receivables=True)
    number = store.state.next_number(f"number of {record}")
    doc.setdefault("tranId", f"{_PREFIX[record]}{number}")
    doc["transactionNumber"] = f"{_PREFIX[record]}{number}"
    if record == "customerPayment":
        if doc.get("payment") is None:
            raise user_error("Please enter value(s) for: payment", "payment")
        amount = checked(doc["payment"], precision(store, doc["currency"]["id"]), "payment")
        doc |= {"total": str(amount), "status": {"id": "C", "refName": "Deposited"}}
        return {**doc, "applied": "0", "unapplied": str(amount)}
    wanted = (doc.get("apply") or {}).get("items") or []
    amount = sum((Decimal(line.get("amount") or 0) for line in wanted), Decimal(0))
    if not amount:
        raise user_error("A refund must be applied to credits.", "apply")
    return {**doc, "total": str(amount), "status": {"id": "R", "refName": "Deposited"}}


def settle_cash_applications(store: Store, record: str, doc: Doc, wanted: list[Doc] | None) -> Doc:
    return apply_credits(store, record, doc, Decimal(doc["total"]), wanted)
