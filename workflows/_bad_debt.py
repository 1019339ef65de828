"""An invoice that the billing platform no longer collects: a person decides once whether it is written off.

The ledger still has it as owed. What is open is written off to `bad_debt` where a second person approves,
within the limit of their role; revenue and tax stay. Or it is kept open: then it is asked about no more.
"""

from collections.abc import Awaitable, Callable
from decimal import Decimal

from temporalio import workflow

from activities.cash import CashActivities, ReceiptsQuestion, ReceivablesQuestion
from canonical.contract import Contract
from canonical.ids import cash_key
from canonical.lifecycle import ContractAnswer
from canonical.origin import Origin, Reference
from canonical.policy import PolicyExcerpt
from ports.billing import IssuedDocument
from ports.receipts import CashEntry, ReceivablesAccount
from rules.cash_posting import accounts_of, write_off
from rules.zones import day_of
from workflows._earlier import was_settled
from workflows._options import on_platform
from workflows._refusal import rejected
from workflows._steps import Step, Steps

Read = Callable[[], Awaitable[IssuedDocument]]
_WRITTEN_OFF = "written off"
BAD_DEBT = "account for the bad debt"
"""The step by which a person is asked."""


class BadDebt:
    """One invoice that was marked uncollectible and is posted."""

    def __init__(self, steps: Steps, document: IssuedDocument, answer: ContractAnswer) -> None:
        contract, policy, customer = answer.contract, answer.policy, answer.ids.erp_customer
        if contract is None or policy is None or customer is None or document.key is None:
            raise ValueError("a posted invoice has a contract, a policy, a customer and a key")
        self._steps, self._document, self._key = steps, document, document.key
        self._contract: Contract = contract
        self._policy: PolicyExcerpt = policy
        self._customer = customer.id

    async def decided(self, read: Read) -> str | None:
        """What has become of it, in words; None where nothing is open of it, or it was decided before."""
        step = Step(
            "read what is open", "erp.receivables", self._policy.route.erp, "Read what is open of the invoice"
        )
        open_ = await self._steps.run(step, lambda origin: self._open())
        if not open_:
            return None
        name = self._document.number or self._document.id
        asking = Step(
            BAD_DEBT,
            "rules.compare",
            self._document.platform,
            f"{name} was marked uncollectible in {self._document.platform}",
            amount=open_,
            currency=self._document.currency,
        )
        if await was_settled(asking):
            return None
        is_retry = False

        async def ask(origin: Origin) -> str:
            nonlocal is_retry
            if is_retry and (status := (await read()).status) != "uncollectible":
                return f"not given up any more: it is {status}"
            is_retry = True
            raise rejected(
                self._document.platform,
                "rules.compare",
                f"{open_} {self._document.currency} of it is open in the ledger. Accept that it is written "
                "off there, skip to keep it open, or collect it after all and retry",
                field="status",
                code="MarkedUncollectible",
            )

        taken = await self._steps.run(asking, ask, lambda: _WRITTEN_OFF)
        if taken == _WRITTEN_OFF:
            return await self._written_off(open_)
        return taken or "kept open"

    async def _written_off(self, approved: Decimal) -> str:
        erp, key = self._policy.route.erp, cash_key("write-off", self._document.platform, self._document.id)
        step = Step(
            f"write off {self._key}",
            "erp.post_cash",
            erp,
            f"Write off {approved} {self._document.currency} of {self._document.number or self._key}",
            amount=approved,
            currency=self._document.currency,
        )

        async def put(origin: Origin) -> Reference | None:
            found = await workflow.execute_activity_method(
                CashActivities.find_receipts,
                ReceiptsQuestion(keys=(key,)),
                **on_platform(erp, "Look whether it is written off"),
            )
            account = await self._account()
            amount = min(self._open_in(account), approved)
            if found.receipts or amount <= 0:  # posted by an attempt whose answer was lost, or paid meanwhile
                return None
            entry = self._entry(origin, key, account, amount)
            return await workflow.execute_activity_method(
                CashActivities.post_cash, entry, **on_platform(erp, step.summary)
            )

        await self._steps.run(step, put)
        return "not written off: skipped by a person" if step.status == "skipped" else _WRITTEN_OFF

    def _entry(self, origin: Origin, key: str, account: ReceivablesAccount, amount: Decimal) -> CashEntry:
        """Today's, in the legal entity's zone; a platform's clock may be ahead of ours."""
        date = max(day_of(workflow.now(), self._policy.time_zone), self._document.date)
        return CashEntry(
            origin=origin.model_copy(update={"contract": self._contract.id, "change": key}),
            key=key,
            contract=self._contract.id,
            customer_id=account.customer_id,
            legal_entity=self._contract.legal_entity,
            currency=self._document.currency,
            date=date,
            posting_date=date,
            application=write_off(account, {self._key: amount}),
            accounts=accounts_of(self._policy.accounts),
            memo=f"Write-off {self._document.number}, contract {self._contract.id}, {origin.correlation_id}",
        )

    async def _open(self) -> Decimal:
        return self._open_in(await self._account())

    async def _account(self) -> ReceivablesAccount:
        question = ReceivablesQuestion(
            legal_entity=self._contract.legal_entity, customer_id=self._customer, wanted=(self._key,)
        )
        return await workflow.execute_activity_method(
            CashActivities.receivables,
            question,
            **on_platform(self._policy.route.erp, "Read what is open of the invoice"),
        )

    def _open_in(self, account: ReceivablesAccount) -> Decimal:
        return sum((item.open for item in account.invoices if item.key == self._key), Decimal(0))
