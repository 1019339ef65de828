"""Customer payments, deposits, their applications, and refunds.

A deposit is money that is not for an invoice (yet): it lies on the account of customer deposits, a liability,
until deposit applications or refunds use it up.
"""

from decimal import Decimal

from sandbox.netsuite.amounts import account_of_type, checked, precision
from sandbox.netsuite.applications import apply_credits
from sandbox.netsuite.errors import user_error
from sandbox.netsuite.exchange import Side, settle_rate, use, use_up
from sandbox.netsuite.fields import RECORDS
from sandbox.netsuite.periods import settle_period
from sandbox.netsuite.store import Doc, Store

_PREFIX = {
    "customerPayment": "PYMT",
    "customerDeposit": "CD",
    "depositApplication": "DEPAPP",
    "customerRefund": "RFND",
}
_MONEY_ACCOUNTS = ("Bank", "OthCurrAsset")


def settle_cash(store: Store, record: str, doc: Doc) -> Doc:
    if record == "depositApplication":
        _take_over_deposit(store, doc)
    if doc.get("customer") is None:
        raise user_error("Please enter value(s) for: customer", "customer")
    customer = store.must("customer", doc["customer"]["id"])
    _settle_customer(doc, customer)
    doc.setdefault("tranDate", store.clock.today().isoformat())
    settle_rate(store, doc)
    if record != "depositApplication":
        doc["account"] = _money_account(store, doc)
    if record != "customerDeposit":
        doc["arAcct"] = doc.get("arAcct") or account_of_type(store, "AcctRec")
    settle_period(store, doc, receivables=True)
    number = store.state.next_number(f"number of {record}")
    doc.setdefault("tranId", f"{_PREFIX[record]}{number}")
    doc["transactionNumber"] = f"{_PREFIX[record]}{number}"
    return _with_amounts(store, record, doc)


def _settle_customer(doc: Doc, customer: Doc) -> None:
    for name in ("subsidiary", "currency"):
        doc.setdefault(name, customer[name])
        if doc[name] != customer[name]:
            raise user_error(f"Invalid Field Value for the following field: {name}", name)


def _money_account(store: Store, doc: Doc) -> Doc:
    account: Doc = doc.get("account") or account_of_type(store, "Bank")
    if store.must("account", account["id"])["acctType"]["id"] not in _MONEY_ACCOUNTS:
        raise user_error("Invalid Field Value for the following field: account", "account")
    return account


def _with_amounts(store: Store, record: str, doc: Doc) -> Doc:
    digits = precision(store, doc["currency"]["id"])
    if record in ("customerPayment", "customerDeposit"):
        if doc.get("payment") is None:
            raise user_error("Please enter value(s) for: payment", "payment")
        amount = checked(doc["payment"], digits, "payment")
        if amount < 0 or (record == "customerDeposit" and not amount):
            raise user_error("The amount of a payment must be positive.", "payment")
        doc |= {"total": str(amount), "applied": "0", "unapplied": str(amount)}
        status = "C" if record == "customerPayment" else "B"
        return {**doc, "status": {"id": status, "refName": "Deposited"}}
    amount = _sum_of(doc, "apply", digits) + _sum_of(doc, "deposit", digits)
    if not amount:
        raise user_error("A refund or application must be applied to something.", "apply")
    if record == "depositApplication":
        left = Decimal(store.must("customerDeposit", doc["deposit"]["id"])["unapplied"])
        if amount > left:
            raise user_error("You can't apply more than the deposit has left.", "apply")
        return {**doc, "total": str(amount), "applied": "0", "unapplied": str(amount)}
    return {**doc, "total": str(amount), "status": {"id": "R", "refName": "Deposited"}}


def _sum_of(doc: Doc, sublist: str, digits: int) -> Decimal:
    lines = (doc.get(sublist) or {}).get("items") or []
    where = f"{sublist}.items"
    return sum((checked(line.get("amount") or "0", digits, where) for line in lines), Decimal(0))


def _take_over_deposit(store: Store, doc: Doc) -> None:
    if doc.get("deposit") is None:
        raise user_error("Please enter value(s) for: deposit", "deposit")
    deposit = store.must("customerDeposit", doc["deposit"]["id"])
    for name in ("customer", "subsidiary", "currency"):
        if doc.get(name) not in (None, deposit[name]):
            raise user_error(f"Invalid Field Value for the following field: {name}", name)
        doc[name] = deposit[name]
    doc["depositDate"] = deposit["tranDate"]
    doc.setdefault("exchangeRate", deposit["exchangeRate"])


def settle_cash_applications(store: Store, record: str, doc: Doc, wanted: list[Doc] | None) -> Doc:
    """Applies what the lines say; a new deposit application or refund uses its deposits up."""
    if record == "customerDeposit":
        return doc
    if record == "customerRefund":
        doc = _with_deposits(store, doc)
    of_deposits = _sum_of(doc, "deposit", precision(store, doc["currency"]["id"]))
    kept = apply_credits(store, record, doc, Decimal(doc["total"]) - of_deposits, wanted)
    if record == "depositApplication":
        held = store.must("customerDeposit", doc["deposit"]["id"])
        left = _use_deposit(store, held["id"], Decimal(doc["total"]), "apply")
        use_up(store, held, left, Decimal(doc["total"]))
    return kept


def change_cash_applications(store: Store, record: str, doc: Doc, wanted: list[Doc] | None) -> Doc:
    """A saved one applied otherwise; what has posted (a deposit's use, a refund) stays as it is."""
    if record != "customerPayment":
        raise user_error("Only the applications of a payment can be changed.", "apply")
    return apply_credits(store, record, doc, Decimal(doc["total"]), wanted)


def _with_deposits(store: Store, doc: Doc) -> Doc:
    lines = [line for line in (doc.get("deposit") or {}).get("items", []) if line.get("apply", True)]
    shown, used = [], Decimal(0)
    for index, line in enumerate(lines):
        where = f"deposit.items[{index}]"
        if line.get("doc") is None:
            raise user_error("Please enter value(s) for: doc", where)
        held = store.must("customerDeposit", line["doc"]["id"])
        if (held["customer"], held["currency"]) != (doc["customer"], doc["currency"]):
            raise user_error("The deposit belongs to another customer or currency.", f"{where}.doc")
        amount = Decimal(line.get("amount") or 0)
        left = _use_deposit(store, held["id"], amount, where)
        used += amount
        rest = Decimal(doc["total"]) - used
        use(store, Side("customerRefund", doc, rest), Side("customerDeposit", held, left), amount)
        more = {"total": held["total"], "remaining": str(left), "refNum": held["tranId"]}
        shown.append({**line, "apply": True, "depositDate": held["tranDate"], **more})
    return {**doc, "deposit": {"items": shown}}


def _use_deposit(store: Store, id_: str, amount: Decimal, where: str) -> Decimal:
    held = store.must("customerDeposit", id_)
    left = Decimal(held["unapplied"]) - amount
    if left < 0 or amount <= 0:
        raise user_error("You can't use more than the deposit has left.", f"{where}.amount")
    used = {"applied": str(Decimal(held["applied"]) + amount), "unapplied": str(left)}
    if not left:
        used["status"] = {"id": "C", "refName": "Fully Applied"}  # type: ignore[assignment]
    store.change(RECORDS["customerDeposit"], {**held, **used})
    return left
