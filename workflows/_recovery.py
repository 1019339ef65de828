"""Money that was left over, and an invoice of its customer that was written off: a person decides.

FINANCE.md leaves such money with the customer's credits until it is applied by a decision. Accepted, the
write-off is taken back by an entry that reverses it, up to the money, which is then applied to the invoice.
"""

from decimal import Decimal

from temporalio import workflow

from activities.contracts import ContractStanding
from canonical.ids import recovery_key
from canonical.money import format_amount
from canonical.origin import Origin, Reference
from canonical.payment import CashApplication
from ports.receipts import ReceivablesAccount
from rules.cash_posting import Money, apply_unapplied, recover, recoverable
from rules.zones import day_of
from workflows._cash import CashStory, contract_of, policy_of
from workflows._earlier import was_settled
from workflows._refusal import rejected
from workflows._steps import Step

TAKE_BACK = "take the write-off back"
"""The step by which a person is asked."""
_Shares = dict[str, Decimal]


class RecoveringStory(CashStory):
    """What brings money in: payments, receipts of banks, disputes that are won."""

    async def recovered(self, standing: ContractStanding, money: Money, key: str) -> str:
        """What has become of the rest of the money, in words; empty where nobody had to be asked, or somebody
        was before."""
        shares = await self._recoverable(standing, money, key) if self.is_over else {}
        currency = contract_of(standing).currency
        step = Step(
            TAKE_BACK,
            "rules.decide",
            self.given.platform,
            "Money has come for what was written off",
            amount=_total(shares),
            currency=currency,
        )
        if not shares or await was_settled(step):
            return ""
        is_retry = False

        async def ask(origin: Origin) -> _Shares:
            nonlocal shares, is_retry
            if is_retry:
                shares = await self._recoverable(standing, money, key)
                step.amount = _total(shares)
            is_retry = True
            if not shares:
                return {}
            named = ", ".join(f"{format_amount(part, currency)} of {each}" for each, part in shares.items())
            raise rejected(
                self.given.platform,
                "rules.decide",
                f"{named} was written off, and so much of {key} is unapplied. Accept that the write-off is "
                "taken back and the money applied, or skip to leave it with the customer's credits",
                field="invoice",
                code="WrittenOffPaid",
            )

        taken = await self.steps.run(step, ask, lambda: shares)
        for invoice, amount in (taken or {}).items():
            await self._taken_back(standing, money, key, invoice, amount)
        return "its write-off taken back" if taken else "the rest left unapplied"

    async def _recoverable(self, standing: ContractStanding, money: Money, key: str) -> _Shares:
        named = [name.key for name in money.names if name.key is not None]
        return recoverable(await self.account(standing, (), key), key, named)

    async def _taken_back(
        self, standing: ContractStanding, money: Money, key: str, invoice: str, amount: Decimal
    ) -> None:
        """Both entries on the day of the decision, each once."""
        policy, currency = policy_of(standing), contract_of(standing).currency
        own = recovery_key(key, invoice)
        step = Step(
            f"take back {invoice}",
            "erp.post_cash",
            policy.route.erp,
            f"Take the write-off of {invoice} back by {format_amount(amount, currency)} {currency}",
            amount=amount,
            currency=currency,
        )
        date = max(day_of(workflow.now(), policy.time_zone), money.date)

        def again(account: ReceivablesAccount) -> CashApplication:
            return recover(account, invoice, amount)

        def apply(account: ReceivablesAccount) -> CashApplication:
            held = sum((each.amount for each in account.unapplied if each.key == key), Decimal(0))
            return apply_unapplied(account, held, {invoice: amount})

        async def put(origin: Origin) -> Reference:
            back = Money(kind="recovery", id=money.id, date=date, amount=amount)
            await self.settle(origin, standing, again, back, own, (invoice,), key)
            applied = Money(kind="application", id=money.id, date=date, amount=amount)
            return await self.settle(origin, standing, apply, applied, f"application/{own}", (invoice,), key)

        await self.steps.run(step, put)


def _total(shares: _Shares) -> Decimal:
    return sum(shares.values(), Decimal(0))
