"""Money that was predicted beside the money that the ledger has. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from canonical.base import Day, Dec, Noun
from canonical.document import AccountRole
from canonical.money import from_minor_units
from canonical.scenario import Scenario, ScenarioPayment
from ports.erp import GeneralLedgerLine
from ports.receipts import PostedReceipt
from rules.outcome import outcome
from rules.period_revenue import REVENUE_ROLES
from rules.postings import balances

MONEY_ROLES: Mapping[str, AccountRole] = {
    "receivable": "accounts_receivable",
    "cash": "cash",
    "customer_credits": "customer_credits",
    "bad_debt": "bad_debt",
    "dispute_fees": "dispute_fees",
}
"""The balances that money moves, by the names that the preview's totals have for them."""

BOOK_ROLES: Mapping[str, AccountRole] = {
    **MONEY_ROLES,
    "deferred_revenue": "deferred_revenue",
    "unbilled_receivable": "unbilled_receivable",
    "tax_payable": "tax_payable",
    "fx_realised": "fx_realised",
}
"""Those that documents and money move in the books: what months earn and revalue is posted by other runs."""

_Names = Mapping[str, tuple[AccountRole, ...]]

_OF_MONTHS: _Names = {
    "recognized": REVENUE_ROLES,
    "deferred": ("deferred_revenue",),
    "unbilled": ("unbilled_receivable", "contract_asset"),
}
"""What months' revenue moves as well, by the names that the preview's totals have for it."""

_OF_MONTHS_IN_BOOKS: _Names = {**_OF_MONTHS, "fx_unrealised": ("fx_unrealised",)}

_IN_CREDIT = (
    "customer_credits",
    "deferred_revenue",
    "deferred",
    "recognized",
    "tax_payable",
    "fx_realised",
    "fx_unrealised",
)
_MONTHS = ("revenue", "revaluation", "reversal")
_ZERO = Decimal(0)


class MoneyBeside(Noun):
    """One payment: what it adds to cash, fees taken off (a write-off's amount), as predicted and as posted;
    null where the ledger has nothing of it.
    """

    id: str
    kind: str
    date: Day
    predicted: Dec
    ledger: Dec | None
    differences: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        return not self.differences


class BalanceBeside(Noun):
    """A balance as predicted and as the general ledger leaves it, in one currency."""

    name: str
    currency: str
    predicted: Dec
    ledger: Dec

    @property
    def agrees(self) -> bool:
        return self.predicted == self.ledger


def money_beside(
    payments: Iterable[ScenarioPayment], keys: Mapping[str, str], receipts: Sequence[PostedReceipt]
) -> tuple[MoneyBeside, ...]:
    """`keys` are the ledger's, by the payments' ids; one that was never made has none."""
    return tuple(_beside(payment, keys.get(payment.id), receipts) for payment in payments)


def _beside(payment: ScenarioPayment, key: str | None, receipts: Sequence[PostedReceipt]) -> MoneyBeside:
    predicted = payment.amount - (payment.fee or _ZERO)
    if payment.kind in ("refund", "chargeback"):
        predicted = -payment.amount - (payment.fee or _ZERO)
    posted = [each for each in receipts if key is not None and _is_of(each.key, key)]
    ledger = sum((_moved(each) for each in posted), _ZERO) if posted else None
    differences = [] if ledger == predicted else [f"ledger: {'missing' if ledger is None else ledger}"]
    differences += sorted({f"date: {each.date}" for each in posted if each.date != payment.date})
    return MoneyBeside(
        id=payment.id,
        kind=payment.kind,
        date=payment.date,
        predicted=predicted,
        ledger=ledger,
        differences=tuple(differences),
    )


def _is_of(name: str | None, key: str) -> bool:
    """Whether it is the entry, what of it is unapplied, or its fee."""
    return name in (key, f"{key}/unapplied", f"{key}/fee")


def _moved(receipt: PostedReceipt) -> Decimal:
    return receipt.amount if receipt.kind == "write_off" else receipt.cash


def balances_beside(
    scenario: Scenario,
    lines: Sequence[GeneralLedgerLine],
    accounts: Mapping[AccountRole, str],
    *,
    months: bool = False,
) -> tuple[BalanceBeside, ...]:
    """What the scenario's documents and payments leave by its `as_of`, in the contract's currency, whatever
    periods are closed; and in the books' currency, where `fx` says that it is another one. With `months`,
    what has been earned and revalued by then counts as well. `accounts` are the ledger's numbers of the
    roles.
    """
    by_then = [line for line in lines if not months or line.date is None or line.date <= scenario.as_of]
    plain = scenario.model_copy(update={"fx": None, "periods": None})
    currency = scenario.contract.currency
    converts = scenario.fx is not None and scenario.fx.functional_currency != currency
    held: dict[str, Decimal] = {}
    for line in by_then:
        if line.currency == currency:
            amount = line.debit - line.credit if line.amount is None else line.amount
            held[line.account] = held.get(line.account, _ZERO) + amount
    names = {**_each(MONEY_ROLES), **(_OF_MONTHS if months and not converts else {})}
    found = _balances(plain, currency, names, held, accounts, months=months)
    if scenario.fx is None or not converts:
        return found
    open_ = scenario.model_copy(update={"periods": None})
    booked: dict[str, Decimal] = {}
    for line in by_then:
        booked[line.account] = booked.get(line.account, _ZERO) + line.debit - line.credit
    names = {**_each(BOOK_ROLES), **(_OF_MONTHS_IN_BOOKS if months else {})}
    return found + _balances(open_, scenario.fx.functional_currency, names, booked, accounts, months=months)


def _each(roles: Mapping[str, AccountRole]) -> dict[str, tuple[AccountRole, ...]]:
    return {name: (role,) for name, role in roles.items()}


def _balances(
    scenario: Scenario,
    currency: str,
    names: _Names,
    held: Mapping[str, Decimal],
    accounts: Mapping[AccountRole, str],
    *,
    months: bool,
) -> tuple[BalanceBeside, ...]:
    """`held` are the ledger's, debits above zero."""
    posted = outcome(scenario).postings
    predicted = balances(posting for posting in posted if months or posting.event not in _MONTHS)
    found = []
    for name, roles in names.items():
        sign = -1 if name in _IN_CREDIT else 1
        expected = from_minor_units(sign * sum(predicted[role] for role in roles), currency)
        ledger = sign * sum(
            (held.get(account, _ZERO) for account in {accounts[role] for role in roles}), _ZERO
        )
        nothing = from_minor_units(0, currency)
        found.append(
            BalanceBeside(name=name, currency=currency, predicted=expected, ledger=ledger or nothing)
        )
    return tuple(found)
