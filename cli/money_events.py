"""`q2c trigger stripe …`: what customers and their banks do at the simulated Stripe."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from cli.exits import INVALID, leave
from cli.simulators import Simulators

_DEFAULT = "USD"
EVENTS = ("payment", "refund", "dispute", "payout", "settle")


@dataclass(frozen=True)
class MoneyOrder:
    """`amount` in the currency, not in minor units; None is all of it. A currency of None is that of what the
    money is for."""

    invoice: str | None
    payment: str | None
    amount: str | None
    currency: str | None
    method: str


def money_event(event: str, order: MoneyOrder, won: bool | None) -> Any:
    """What the simulator has made. Ends the command with exit code 2 for what makes no sense."""
    verbs = _verbs(event, order, won)
    return Simulators().call("stripe", "POST", "load", verbs)


def _verbs(event: str, order: MoneyOrder, won: bool | None) -> dict[str, Any]:
    about = {"invoice": order.invoice, "payment": order.payment}
    about = {name: value for name, value in about.items() if value is not None}
    amount = _minor_units(order)
    more = {} if amount is None else {"amount": amount}
    found: dict[str, Any] = {}
    match event:
        case "payment" if order.invoice is not None:
            found = {"pay": {**about, **more, "method": order.method}}
        case "refund" if about:
            found = {"refund": {**about, **more}}
        case "dispute" if won is not None and order.payment is not None:
            found = {"decide_dispute": {"dispute": order.payment, "won": won}}
        case "dispute" if about:
            found = {"dispute": {**about, **more}}
        case "payout":
            found = {"payout": {"currency": (order.currency or _DEFAULT).lower()}}
        case "settle":
            found = {"settle_debits": True}
    if event not in EVENTS:
        leave(INVALID, f"FILE: {event!r} is none of {', '.join(EVENTS)}")
    if not found:
        leave(INVALID, f"{event}: say of which --invoice or --payment")
    return found


def _minor_units(order: MoneyOrder) -> int | None:
    from canonical.money import UnknownCurrency, is_whole_minor_units, to_minor_units

    if order.amount is None and (order.currency is None or order.invoice is order.payment is None):
        return None
    currency = _currency(order)
    if order.amount is None:
        return None
    try:
        amount = Decimal(order.amount)
        is_amount = amount > 0 and is_whole_minor_units(amount, currency)
    except (InvalidOperation, UnknownCurrency):
        is_amount = False
    if not is_amount:
        leave(INVALID, f"--amount: {order.amount!r} is no amount of {currency}")
    return to_minor_units(amount, currency)


def _currency(order: MoneyOrder) -> str:
    """That of the invoice or payment, which --currency may repeat and not contradict. What the simulator does
    not have, it refuses itself."""
    names = {name for name in (order.invoice, order.payment) if name is not None}
    held = Simulators().call("stripe", "GET", "state")
    named = [
        thing["currency"].upper()
        for kind in ("invoice", "payment_intent")
        for thing in held.get(kind, [])
        if names & {thing["id"], thing.get("number"), *(thing.get("metadata") or {}).values()}
    ]
    own = next(iter(named), order.currency or _DEFAULT)
    if order.currency not in (None, own):
        leave(
            INVALID, f"--currency: {order.currency} is given where {' and '.join(sorted(names))} is in {own}"
        )
    return own
