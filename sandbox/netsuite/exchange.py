"""Foreign currency: a transaction's rate, its amounts in the base currency, and what is realised.

From the vendor's help: a rate has up to 8 decimals; base amounts have the base currency's decimals; where a
payment or credit is applied at another rate than its source transaction's, the variance is posted with a
currency revaluation transaction, to the account Realized Gain/Loss; a source stays open until nothing is left
of it in both currencies, so the application that settles it takes all that is left in the base currency.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from sandbox.netsuite.errors import NsError
from sandbox.netsuite.fields import REVALUATION
from sandbox.netsuite.ledger import account_numbered, deposits, impact
from sandbox.netsuite.store import Doc, Store

REALISED = "7100"
_DECIMALS = 8
_OPEN, _APPLIED = "_base_open", "_base_applied"


def settle_rate(store: Store, doc: Doc) -> None:
    """The base currency's rate is 1; another's that is not given is the one of the currency's record."""
    currency = doc["currency"]["id"]
    if currency == _base_currency(store, doc):
        doc["exchangeRate"] = "1"
        return
    if doc.get("exchangeRate") is None:
        doc["exchangeRate"] = str(store.must("currency", currency)["exchangeRate"])
    rate = Decimal(doc["exchangeRate"])
    exponent = rate.normalize().as_tuple().exponent
    if rate <= 0 or (isinstance(exponent, int) and -exponent > _DECIMALS):
        raise NsError(
            "INVALID_VALUE", f"A rate is positive and has up to {_DECIMALS} decimals.", path="exchangeRate"
        )


def base_amount(store: Store, doc: Doc, amount: Decimal) -> Decimal:
    """In the subsidiary's base currency, half away from zero."""
    digits = int(store.must("currency", _base_currency(store, doc))["currencyPrecision"])
    unit = Decimal(1).scaleb(-digits)
    return (amount * Decimal(doc.get("exchangeRate") or 1)).quantize(unit, ROUND_HALF_UP)


def bases(store: Store, record: str, doc: Doc) -> list[Decimal]:
    """Of each line of the ledger impact; the main line balances the others."""
    lines = impact(store, record, doc)
    found = [base_amount(store, doc, line.amount) if line.base is None else line.base for line in lines]
    if record != "journalEntry":
        found[0] = -sum(found[1:], Decimal(0))
    return found


@dataclass(frozen=True)
class Side:
    """A transaction of which something is used, and what will be left open of it, in its own currency."""

    record: str
    doc: Doc
    left: Decimal


def use(store: Store, credit: Side, target: Side, amount: Decimal) -> None:
    """So much of the credit (a payment, a memo, a refund) is applied to the target: what the two are worth in
    the base currency differs by what is realised. A credit memo of its source's own rate realises nothing.
    """
    own = _take(store, credit, amount)
    theirs = _take(store, target, amount)
    same_rate = credit.doc["exchangeRate"] == target.doc["exchangeRate"]
    if credit.record == "creditMemo" and same_rate:
        _give_back(store, target.doc["id"], theirs - own)
        theirs = own
    applied: Doc = {"own": str(own), "theirs": str(theirs)}
    if own != theirs:
        applied["revaluation"] = _post_variance(store, credit, target, own - theirs)
    store.state.put(_APPLIED, _pair(credit.doc, target.doc), applied)


def use_up(store: Store, deposit: Doc, left: Decimal, amount: Decimal) -> None:
    """A deposit's part goes out at the deposit's own rate: nothing is realised yet."""
    _take(store, Side("customerDeposit", deposit, left), amount)


def release(store: Store, credit: Doc, target: Doc) -> None:
    """What `use` did is taken back."""
    applied = store.state.get(_APPLIED, _pair(credit, target))
    if applied is None:
        return
    _give_back(store, credit["id"], Decimal(applied["own"]))
    _give_back(store, target["id"], Decimal(applied["theirs"]))
    store.state.delete(_APPLIED, _pair(credit, target))
    if applied.get("revaluation") is not None:
        store.remove(REVALUATION, applied["revaluation"])


def _pair(credit: Doc, target: Doc) -> str:
    return f"{credit['id']}/{target['id']}"


def _take(store: Store, side: Side, amount: Decimal) -> Decimal:
    """The used part in the base currency; all that there is where nothing is left open."""
    held = _open(store, side)
    taken = held if not side.left else base_amount(store, side.doc, amount)
    store.state.put(_OPEN, side.doc["id"], {"open": str(held - taken)})
    return taken


def _open(store: Store, side: Side) -> Decimal:
    kept = store.state.get(_OPEN, side.doc["id"])
    return Decimal(kept["open"]) if kept is not None else abs(bases(store, side.record, side.doc)[0])


def _give_back(store: Store, id_: str, amount: Decimal) -> None:
    kept = store.state.get(_OPEN, id_)
    if kept is not None:
        store.state.put(_OPEN, id_, {"open": str(Decimal(kept["open"]) + amount)})


def _post_variance(store: Store, credit: Side, target: Side, variance: Decimal) -> str:
    """A gain where the credit is worth more than what it settles; for money given back, a loss."""
    doc = credit.doc
    gives_back = credit.record == "customerRefund"
    receivable = doc.get("arAcct") or doc["account"]
    account = deposits(store) if target.record == "customerDeposit" else receivable
    names = ("tranDate", "postingPeriod", "subsidiary", "currency", "exchangeRate")
    number = store.state.next_number("number of currencyRevaluation")
    made = {name: doc[name] for name in names} | {
        "entity": doc.get("customer") or doc.get("entity"),
        "account": account,
        "realised": account_numbered(store, REALISED),
        "amount": str(-variance if gives_back else variance),
        "total": "0",
        "tranId": f"FXR{number}",
        "transactionNumber": f"FXR{number}",
        "memo": f"{target.doc['tranId']} applied by {doc['tranId']}",
    }
    return str(store.add(REVALUATION, made)["id"])


def _base_currency(store: Store, doc: Doc) -> str:
    return str(store.must("subsidiary", doc["subsidiary"]["id"])["currency"]["id"])
