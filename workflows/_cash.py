"""From money that moved to the ledger: read it, find whose it is, decide what it settles, post it once.

The platform's event is a hint: what happened is read from the platform each time. What is decided depends on
what is open in the ERP at that moment; where that has changed before it is posted, it is decided anew.
"""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from activities.cash import CashActivities, ReceiptsQuestion, ReceivablesQuestion
from activities.contracts import ContractActivities, ContractStanding
from canonical.contract import Contract
from canonical.money import format_amount
from canonical.origin import Origin, Reference
from canonical.payment import CashApplication
from canonical.policy import PolicyExcerpt
from ports.receipts import CashEntry, PostedReceipt, ReceivablesAccount
from rules.cash_application import CashRefused
from rules.cash_posting import Money, accounts_of, decide, what_is_left
from workflows._document import DocumentInput, DocumentResult, DocumentStory, rate_on
from workflows._options import WORKFLOW_QUEUE, in_contracts, on_platform
from workflows._refusal import rejected
from workflows._steps import Step

T = TypeVar("T")
CONTRACT = "cash.contract"
"""The correction that names the contract."""
_DECISIONS = 5
"""How often it is decided anew because something else was applied meanwhile, before a person is asked."""
_WORDS = {
    "payment": "Payment",
    "application": "Application of unapplied credit",
    "refund": "Refund",
    "chargeback": "Chargeback",
    "chargeback_won": "Chargeback won",
    "write_off": "Write-off",
    "recovery": "Reversal of a write-off",
}

Decide = Callable[[ReceivablesAccount], CashApplication]


class CashStory(DocumentStory):
    """What payments, refunds, disputes and payouts have in common."""

    contract: str | None
    """The contract that a person has named, where the platform's objects name none."""
    is_over: bool
    """Whether of the money that was posted last something is unapplied, while invoices may be written off."""

    def open(self, given: DocumentInput) -> None:
        self.contract = None
        self.is_over = False
        super().open(given)
        self.desk.correctable = (CONTRACT,)

    def _correct(self, pairs: dict[str, str]) -> None:
        self.contract = pairs[CONTRACT]

    async def read_step(self, activity: str, summary: str, read: Callable[[], Awaitable[T]]) -> T | None:
        """None where a person lets it be."""
        step = Step("read", activity, self.given.platform, summary)
        return await self.steps.run(step, lambda origin: read())

    async def standing(
        self, named: str | None, what: str, amount: Decimal, currency: str
    ) -> ContractStanding | None:
        """Whose money it is. None where a person lets it pass."""
        step = Step(
            "find the contract",
            "contract.standing",
            "temporal",
            f"Find whose the {what} is",
            amount=amount,
            currency=currency,
        )

        async def ask(origin: Origin) -> ContractStanding:
            contract = self.contract or named
            if contract is None:
                raise rejected(
                    self.given.platform,
                    "contract.standing",
                    f"{what} {self.given.document_id} names no contract of ours; "
                    f"fix it with --set {CONTRACT}=<contract>",
                    field="contract",
                    code="Unroutable",
                )
            return await workflow.execute_activity_method(
                ContractActivities.standing, contract, **in_contracts(WORKFLOW_QUEUE)
            )

        found = await self.steps.run(step, ask)
        if found is not None and found.contract is not None:
            self.begin(found.contract.id, None)
            self.desk.adopt(found.policy)
        return found

    async def post_money(
        self,
        standing: ContractStanding,
        money: Money,
        key: str,
        *,
        source_key: str | None = None,
        rule: Decide | None = None,
    ) -> Reference | None:
        """Into the ledger, once, by the rules of money that moved or by another one. None where a person lets
        it be."""

        def by_itself(account: ReceivablesAccount) -> CashApplication:
            return decide(account, money)

        contract = contract_of(standing)
        step = Step(
            f"post {key}",
            "erp.post_cash",
            policy_of(standing).route.erp,
            f"Post the {_WORDS[money.kind].lower()} over {format_amount(money.amount, contract.currency)} "
            f"{contract.currency}",
            amount=money.amount,
            currency=contract.currency,
        )
        wanted = tuple(name.key for name in money.names if name.key is not None)

        async def put(origin: Origin) -> Reference:
            return await self.settle(origin, standing, rule or by_itself, money, key, wanted, source_key)

        return await self.steps.run(step, put)

    def result(self, posted: Reference | None, key: str, words: str = "") -> DocumentResult:
        outcome = "posted" if posted else "not posted: skipped by a person"
        return DocumentResult(outcome=f"{outcome} ({words})" if words else outcome, key=key, posted=posted)

    async def settle(
        self,
        origin: Origin,
        standing: ContractStanding,
        rule: Decide,
        money: Money,
        key: str,
        wanted: tuple[str, ...],
        source_key: str | None,
    ) -> Reference:
        """Decides by what is open now, and posts; anew where that has changed in between. What is in the
        ledger already is left as it is."""
        erp = policy_of(standing).route.erp
        posted = await self.posted(erp, key)
        left = what_is_left(money, posted) if posted else None
        if posted and left is None:
            self.is_over = any(each.kind == "unapplied" and each.unapplied for each in posted)
            return _reference(posted[0], key)
        rate = await self._rate(standing, money)
        for _ in range(_DECISIONS):
            account = await self.account(standing, wanted, source_key)
            try:
                done = left or rule(account)
            except CashRefused as reason:
                raise rejected(
                    erp, "rules.decide", f"{key}: {reason}", field=reason.field, code="UnmatchedCash"
                ) from None
            entry = self._entry(origin, standing, account, done, money, key, source_key)
            entry = entry.model_copy(update={"exchange_rate": rate})
            self.is_over = done.unapplied > 0 and any(each.written_off for each in account.invoices)
            try:
                return await workflow.execute_activity_method(
                    CashActivities.post_cash, entry, **on_platform(erp, f"Post {key}")
                )
            except ActivityError as error:
                if not isinstance(error.cause, ApplicationError) or error.cause.type != "Conflict":
                    raise
        raise rejected(
            erp, "erp.post_cash", f"{key}: what is open keeps changing", field="amount", code="Conflict"
        )

    async def posted(self, erp: str, key: str) -> tuple[PostedReceipt, ...]:
        found = await workflow.execute_activity_method(
            CashActivities.find_receipts,
            ReceiptsQuestion(keys=(key,)),
            **on_platform(erp, "Look whether it is posted"),
        )
        return found.receipts

    async def _rate(self, standing: ContractStanding, money: Money) -> Decimal | None:
        """Of the money's day. Fails as NoExchangeRate, before anything is posted."""
        if money.kind in ("write_off", "application", "recovery"):
            return None
        return await rate_on(policy_of(standing), contract_of(standing).currency, money.date)

    async def account(
        self, standing: ContractStanding, wanted: tuple[str, ...], source_key: str | None
    ) -> ReceivablesAccount:
        """The customer's, once what is wanted is posted."""
        policy, contract = policy_of(standing), contract_of(standing)
        if standing.ids.erp_customer is None:
            raise ValueError("a standing names the customer in the ERP")
        question = ReceivablesQuestion(
            legal_entity=contract.legal_entity,
            customer_id=standing.ids.erp_customer.id,
            wanted=wanted,
            source=source_key,
        )
        return await workflow.execute_activity_method(
            CashActivities.receivables, question, **on_platform(policy.route.erp, "Read what is open")
        )

    def _entry(
        self,
        origin: Origin,
        standing: ContractStanding,
        account: ReceivablesAccount,
        done: CashApplication,
        money: Money,
        key: str,
        source_key: str | None,
    ) -> CashEntry:
        contract, policy = contract_of(standing), policy_of(standing)
        words = f"{_WORDS[done.kind]} {self.given.document_id} of {self.given.platform}"
        return CashEntry(
            origin=origin.model_copy(update={"contract": contract.id, "change": key}),
            key=key,
            contract=contract.id,
            customer_id=account.customer_id,
            legal_entity=contract.legal_entity,
            currency=contract.currency,
            date=money.date,
            posting_date=money.date,
            application=done,
            accounts=accounts_of(policy.accounts),
            memo=f"{words}, contract {contract.id}, {origin.correlation_id}",
            source_key=source_key,
        )


def of_customer(standing: ContractStanding, customer_id: str) -> ContractStanding:
    """The same with another customer of the ERP: an invoice may be of the one before a transfer."""
    held = standing.ids.erp_customer
    if held is None:
        raise ValueError("a standing names the customer in the ERP")
    theirs = held.model_copy(update={"id": customer_id})
    return standing.model_copy(update={"ids": standing.ids.model_copy(update={"erp_customer": theirs})})


def _reference(receipt: PostedReceipt, key: str) -> Reference:
    return Reference(
        platform=receipt.platform,
        kind="write_off" if receipt.kind in ("write_off", "recovery") else "payment",
        id=receipt.id,
        business_key=key,
        number=receipt.number,
        date=receipt.date,
        total=receipt.amount,
    )


def contract_of(standing: ContractStanding) -> Contract:
    if standing.contract is None:
        raise ValueError("a standing names the contract")
    return standing.contract


def policy_of(standing: ContractStanding) -> PolicyExcerpt:
    if standing.policy is None:
        raise ValueError("a standing has a policy")
    return standing.policy
