"""A person's decision about money, by what is open and unapplied now: exactly that, or why not. Pure."""

from decimal import Decimal

from canonical.cash import CashOrder
from canonical.money import round_amount
from canonical.payment import CashApplication
from ports.receipts import ReceivablesAccount
from rules.cash_application import CashRefused
from rules.cash_posting import apply_unapplied, refund_unapplied, write_off


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


def settled(order: CashOrder, done: CashApplication) -> CashOrder:
    """The order with the amounts that it came to: what is approved is what is carried out."""
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
