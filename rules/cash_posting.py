"""What is done with money that moved, by what the ERP has open: the same rules as the preview's.

Source: FINANCE.md, "Journal entries"; `rules.cash_application` has them. Pure.
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from canonical.document import AccountRole
from canonical.money import from_minor_units, to_minor_units
from canonical.payment import CashApplication, CashKind, InvoiceChange, PaidInvoice
from canonical.scenario import ScenarioPayment
from ports.receipts import CashAccounts, OpenItem, PostedReceipt, ReceivablesAccount
from rules.cash_application import Application, CashRefused, OpenInvoice, Receivables


@dataclass(frozen=True)
class Money:
    """Money that moved (or is given up), and the invoices that it names, each with its part."""

    kind: CashKind
    id: str
    date: dt.date
    amount: Decimal
    fee: Decimal = Decimal(0)
    names: Sequence[PaidInvoice] = ()


def decide(account: ReceivablesAccount, money: Money) -> CashApplication:
    """To the invoices that it names, else oldest due first; what is left is unapplied. Raises CashRefused
    where there is nothing that it could be about, and LookupError for a named invoice that is not posted.

    A named invoice counts whatever its date; others only up to the money's own day.
    """
    named = {name.key for name in money.names if name.key is not None}
    missing = named - {item.key for item in account.invoices}
    if missing:
        raise LookupError(f"not posted yet: {', '.join(sorted(missing))}")
    books = _books(account, [i for i in account.invoices if i.key in named or i.date <= money.date])
    parts = [_part(money, invoice, amount) for invoice, amount in _shares(money)]
    done = [books.take(part) for part in parts]
    return _application(money, _merged(done), account.currency)


def what_is_left(money: Money, posted: Sequence[PostedReceipt]) -> CashApplication | None:
    """What of an entry that is in the ledger in part is still to be posted; None where all of it is there.

    What is open has changed by then, so it is not decided again: what is not applied yet is unapplied.
    """
    applied = sum((each.amount for each in posted if each.kind not in ("unapplied", "fee")), Decimal(0))
    unapplied = sum((each.amount for each in posted if each.kind == "unapplied"), Decimal(0))
    is_fee_there = money.fee == 0 or any(each.kind == "fee" for each in posted)
    if is_fee_there and applied + unapplied == money.amount:
        return None
    left = money.amount - applied if money.kind in ("payment", "chargeback_won") else Decimal(0)
    return CashApplication(kind=money.kind, amount=money.amount, invoices=(), unapplied=left, fee=money.fee)


def apply_unapplied(
    account: ReceivablesAccount, held: Decimal, names: Mapping[str, Decimal]
) -> CashApplication:
    """A person's decision to use up unapplied credit on named invoices. CashRefused: more than is open of one
    of them, or than is held."""
    total = sum(names.values(), Decimal(0))
    if total <= 0 or total > held:
        raise CashRefused("amount", f"{total} is to be applied where {held} is unapplied")
    changes = _taken_off(account, names)
    return CashApplication(
        kind="application", amount=total, invoices=changes, unapplied=-total, fee=Decimal(0)
    )


def receive(account: ReceivablesAccount, amount: Decimal, names: Mapping[str, Decimal]) -> CashApplication:
    """Money from a bank as it was matched or decided: exactly these shares are applied, the rest is
    unapplied, also where other invoices are open. CashRefused: more than is open of one, or than came in."""
    total = sum(names.values(), Decimal(0))
    if total > amount:
        raise CashRefused("amount", f"{total} is to be applied where {amount} came in")
    changes = _taken_off(account, names)
    return CashApplication(
        kind="payment", amount=amount, invoices=changes, unapplied=amount - total, fee=Decimal(0)
    )


def refund_unapplied(account: ReceivablesAccount, amount: Decimal) -> CashApplication:
    """A person's decision to give unapplied money back: no invoice is touched. CashRefused: more than is
    unapplied."""
    held = sum((each.amount for each in account.unapplied), Decimal(0))
    if amount <= 0 or amount > held:
        raise CashRefused("amount", f"{amount} is to be given back where {held} is unapplied")
    return CashApplication(kind="refund", amount=amount, invoices=(), unapplied=-amount, fee=Decimal(0))


def write_off(account: ReceivablesAccount, names: Mapping[str, Decimal]) -> CashApplication:
    """A person's decision to give up what is open of the invoices. CashRefused: more than is open."""
    total = sum(names.values(), Decimal(0))
    changes = _taken_off(account, names)
    return CashApplication(
        kind="write_off", amount=total, invoices=changes, unapplied=Decimal(0), fee=Decimal(0)
    )


def recoverable(account: ReceivablesAccount, source: str, named: Collection[str]) -> dict[str, Decimal]:
    """By invoice, how much of its write-off the unapplied rest of `source` could be money for: of the
    invoices that the money names, of all of the customer where it names none, what was due first first."""
    left = sum((each.amount for each in account.unapplied if each.key == source), Decimal(0))
    found: dict[str, Decimal] = {}
    for item in sorted(account.invoices, key=lambda each: (each.due_date, each.key)):
        part = min(left, item.written_off)
        if part > 0 and (not named or item.key in named):
            found[item.key] = part
            left -= part
    return found


def recover(account: ReceivablesAccount, invoice: str, amount: Decimal) -> CashApplication:
    """A person's decision to take the write-off of an invoice back: so much of it is open again, and no bad
    debt. CashRefused: less is written off."""
    held = sum((item.written_off for item in account.invoices if item.key == invoice), Decimal(0))
    if not 0 < amount <= held:
        raise CashRefused("amount", f"{amount} is not between 0 and what is written off of {invoice}: {held}")
    change = InvoiceChange(invoice_key=invoice, change=amount)
    return CashApplication(
        kind="recovery", amount=amount, invoices=(change,), unapplied=Decimal(0), fee=Decimal(0)
    )


def _taken_off(account: ReceivablesAccount, names: Mapping[str, Decimal]) -> tuple[InvoiceChange, ...]:
    books = _books(account, account.invoices)
    for invoice, amount in names.items():
        item = books.invoices.get(invoice)
        if item is None:
            raise CashRefused("invoice", f"there is no posted invoice {invoice!r} of the customer")
        if amount <= 0 or to_minor_units(amount, account.currency) > item.open:
            left = from_minor_units(max(item.open, 0), account.currency)
            raise CashRefused("amount", f"{amount} is not between 0 and what is open of {invoice}: {left}")
    return tuple(InvoiceChange(invoice_key=key, change=-amount) for key, amount in names.items())


def accounts_of(accounts: Mapping[AccountRole, str]) -> CashAccounts:
    return CashAccounts(
        cash=accounts["cash"],
        accounts_receivable=accounts["accounts_receivable"],
        customer_credits=accounts["customer_credits"],
        bad_debt=accounts["bad_debt"],
        dispute_fees=accounts["dispute_fees"],
    )


def _books(account: ReceivablesAccount, items: Sequence[OpenItem]) -> Receivables:
    currency = account.currency
    books = Receivables(currency)
    for number, item in enumerate(items):
        books.invoices[item.key] = OpenInvoice(
            id=item.key,
            due_date=item.due_date,
            number=number,
            open=to_minor_units(item.open, currency),
            paid=to_minor_units(item.paid, currency),
        )
    books.unapplied = sum(to_minor_units(item.amount, currency) for item in account.unapplied)
    return books


def _shares(money: Money) -> list[tuple[str | None, Decimal]]:
    """The money by invoice, what is for none of ours at the end. It goes as a whole where one invoice is
    named, and where it is no payment: which of several invoices that is for, nobody says."""
    names = [name for name in money.names if name.key is not None]
    if money.kind != "payment" or len(names) == 1:
        return [(names[0].key if len(names) == 1 else None, money.amount)]
    shares: list[tuple[str | None, Decimal]] = [(name.key, name.amount) for name in names]
    left = money.amount - sum((amount for _, amount in shares), Decimal(0))
    if left < 0:
        raise CashRefused("amount", "is less than its invoices' parts")
    return shares if not left else [*shares, (None, left)]


def _part(money: Money, invoice: str | None, amount: Decimal) -> ScenarioPayment:
    if money.kind in ("application", "recovery"):
        raise ValueError(f"{money.kind} is a decision, and not by the rules of what moves")
    kind = "payment" if money.kind == "chargeback_won" else money.kind
    return ScenarioPayment(id=money.id, date=money.date, amount=amount, invoice=invoice, kind=kind)


def _merged(done: Sequence[Application]) -> Application:
    changes: dict[str, int] = {}
    for each in done:
        for invoice, change in each.invoices:
            changes[invoice] = changes.get(invoice, 0) + change
    return Application(tuple(changes.items()), sum(each.customer_credits for each in done))


def _application(money: Money, done: Application, currency: str) -> CashApplication:
    return CashApplication(
        kind=money.kind,
        amount=money.amount,
        invoices=tuple(
            InvoiceChange(invoice_key=key, change=from_minor_units(change, currency))
            for key, change in done.invoices
            if change
        ),
        unapplied=from_minor_units(done.customer_credits, currency),
        fee=money.fee,
    )
