"""A person's decision about money, by what is open and unapplied now: exactly that, or why not. Pure."""

from collections.abc import Sequence
from decimal import Decimal

from canonical.cash import CashOrder
from canonical.money import round_amount
from canonical.payment import CashApplication, InvoiceChange
from ports.receipts import PostedReceipt, ReceivablesAccount
from rules.cash_application import CashRefused
from rules.cash_posting import apply_unapplied, refund_unapplied, write_off

FROM_A_BANK = "cash/"
"""How the keys begin of money that came in at a bank."""


def weigh(order: CashOrder, account: ReceivablesAccount) -> CashApplication:
    """What the order comes to. Raises CashRefused where less is there than it needs."""
    match order.kind:
        case "application":
            held = _held(order, account)
            return apply_unapplied(account, held, _amounts(order, account, held))
        case "refund":
            held = _held(order, account)
            amount = held if order.amount is None else _exact(order.amount, account)
            if amount > held:
                raise CashRefused("amount", f"{amount} is to be given back where {held} of it is unapplied")
            return refund_unapplied(account, amount)
        case "write_off":
            return write_off(account, _amounts(order, account, None))
        case "return":
            return _taken_back(order, account)


def of_source(order: CashOrder, posted: Sequence[PostedReceipt]) -> CashOrder:
    """A return with what its receipt has settled, and its amount. Raises CashRefused for money that did not
    come in at a bank, for more of it than is there, and for the whole of it where a part was used otherwise
    since: that must be put right first."""
    if not (order.source or "").startswith(FROM_A_BANK) or not posted:
        raise CashRefused("source", f"{order.source} is no receipt from a bank that is in the ledger")
    shares: dict[str, Decimal | None] = {}
    there = Decimal(0)
    for part in posted:
        used = sum((each.amount for each in part.applied_to), Decimal(0))
        left = used if part.kind == "payment" else part.unapplied
        there += left
        if order.amount is None and left != part.amount:
            raise CashRefused("source", f"a part of {order.source} was applied or given back since")
        for each in part.applied_to:
            if each.key is None:
                raise CashRefused("source", f"{order.source} settles a document of somebody else")
            shares[each.key] = (shares.get(each.key) or Decimal(0)) + each.amount
    amount = there if order.amount is None else order.amount
    if amount > there:
        raise CashRefused("amount", f"{amount} is to be taken back where {there} of {order.source} is there")
    return order.model_copy(update={"invoices": shares, "amount": amount})


def _taken_back(order: CashOrder, account: ReceivablesAccount) -> CashApplication:
    """Its invoices are open again, the one due last first, as with a chargeback; then what of it was
    unapplied is gone. To the cent: a whole receipt, or the part that is taken back."""
    if order.amount is None:
        raise ValueError("a return is weighed with what its receipt has settled")
    amount = _exact(order.amount, account)
    items = {item.key: item for item in account.invoices}
    if missing := order.invoices.keys() - items.keys():
        raise CashRefused("amount", f"more than was paid of {min(missing)}")
    shares: dict[str, Decimal] = {}
    unapplied = amount
    for key in sorted(order.invoices, key=lambda each: (items[each].due_date, each), reverse=True):
        part = min(unapplied, order.invoices[key] or Decimal(0))
        if part > items[key].paid:
            raise CashRefused("amount", f"{part} is more than was paid of {key}")
        if part:
            shares[key] = part
            unapplied -= part
    if unapplied > sum((each.amount for each in account.unapplied if each.key == order.source), Decimal(0)):
        raise CashRefused("source", f"less of {order.source} is unapplied by now")
    return CashApplication(
        kind="chargeback",
        amount=amount,
        invoices=tuple(InvoiceChange(invoice_key=key, change=amount) for key, amount in shares.items()),
        unapplied=-unapplied,
        fee=Decimal(0),
    )


def settled(order: CashOrder, done: CashApplication) -> CashOrder:
    """The order with the amounts that it came to: what is approved is what is carried out."""
    if order.kind == "return":
        opened = {each.invoice_key: each.change for each in done.invoices}
        return order.model_copy(update={"amount": done.amount, "invoices": opened})
    if order.kind == "refund":
        return order.model_copy(update={"amount": done.amount})
    return order.model_copy(update={"invoices": {each.invoice_key: -each.change for each in done.invoices}})


def _held(order: CashOrder, account: ReceivablesAccount) -> Decimal:
    held = sum((each.amount for each in account.unapplied if each.key == order.source), Decimal(0))
    if not held:
        raise CashRefused("source", f"nothing of {order.source} is unapplied")
    return held


def _amounts(order: CashOrder, account: ReceivablesAccount, most: Decimal | None) -> dict[str, Decimal]:
    """Each invoice's amount; what has none takes what is open of it, up to what is left of `most`."""
    open_ = {item.key: item.open for item in account.invoices}
    given = {key: _exact(amount, account) for key, amount in order.invoices.items() if amount is not None}
    left = None if most is None else most - sum(given.values(), Decimal(0))
    for key in (key for key, amount in order.invoices.items() if amount is None):
        if key not in open_:
            raise CashRefused("invoice", f"there is no posted invoice {key!r} of the customer")
        part = open_[key] if left is None else min(left, open_[key])
        given[key] = part
        left = None if left is None else left - part
    return given


def _exact(amount: Decimal, account: ReceivablesAccount) -> Decimal:
    if round_amount(amount, account.currency) != amount:
        raise CashRefused("amount", f"{amount} has more decimals than {account.currency} has")
    return amount
