"""A person's decision about money: weighed, approved where it must be, posted.

A refund and a write-off wait for a second person, whose role's limit must hold it; an application of
unapplied money moves nothing out of the house and waits for nobody. What was approved is what is carried
out: where less is there by then, it is an exception, and never less or more.
"""

import asyncio

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from activities.cash import CashActivities, ReceivablesQuestion
from activities.contracts import ContractActivities, ContractStanding
from activities.payments import PaymentActivities
from canonical.base import Dec
from canonical.cash import CashDecision, CashOrder, DecisionStatus
from canonical.contract import Contract
from canonical.ids import cash_decision_key, cash_key
from canonical.money import format_amount
from canonical.origin import Origin, Reference
from canonical.payment import CashApplication
from canonical.policy import CodedRule, PolicyExcerpt
from ports.payments import RefundOrder
from ports.receipts import ReceivablesAccount
from rules.cash_application import CashRefused
from rules.cash_decision import of_source, settled, weigh
from rules.cash_posting import Money
from workflows._cash import CashStory, of_customer
from workflows._desk import Failure
from workflows._document import DocumentInput, DocumentResult
from workflows._messages import OverrideRequest
from workflows._options import WORKFLOW_QUEUE, in_contracts, on_platform
from workflows._steps import Step, Undo

CODE = "cash_decision"
_MAY_ASK = ("finance", "approver", "admin")
_WORDS = {
    "application": "apply unapplied money",
    "refund": "refund",
    "write_off": "write off",
    "return": "take back",
}


class CashDecisionInput(DocumentInput):
    """`document_id` is the decision's id, `platform` our own name."""

    order: CashOrder


@workflow.defn(name="CashDecision")
class CashDecisionWorkflow(CashStory):
    given: CashDecisionInput

    @workflow.init
    def __init__(self, given: CashDecisionInput) -> None:
        self.open(given)
        self.order = given.order
        self.is_asking = False
        self.desk.rejection_ends = True
        self.desk.asked_for_by = given.order.requested_by
        self.desk.topic = given.order.correlation_id
        self.decision = CashDecision(
            id=given.order.id,
            kind=given.order.kind,
            status="weighed",
            contract=given.order.contract,
            workflow_id=workflow.info().workflow_id,
        )

    @workflow.update(name="asked")
    async def answered(self) -> CashDecision:
        """How the decision stands once it is clear: done, refused, or who is waited for."""
        await workflow.wait_condition(
            lambda: self.decision.status not in ("weighed", "approved") or self._is_blocked()
        )
        return self.current()

    @workflow.query(name="decision")
    def current(self) -> CashDecision:
        if not self._is_blocked():
            return self.decision
        entry = self.desk.open[0]
        return self.decision.model_copy(
            update={"status": "blocked", "exception": entry.id, "message": entry.summary}
        )

    def _is_blocked(self) -> bool:
        """By an exception other than the one by which the second person is asked."""
        is_under_way = self.decision.status in ("weighed", "approved")
        return is_under_way and not self.is_asking and bool(self.desk.open)

    @workflow.run
    async def run(self, given: CashDecisionInput) -> DocumentResult:
        try:
            await self._decided()
        except Undo as undo:
            await self.desk.close(undo.answer, "left as it is")
            self._say("rejected", undo.answer.reason)
        except CashRefused as reason:
            self._say("refused", reason.message, field=reason.field)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return DocumentResult(outcome=f"{self.decision.status}: {self.decision.message}", key=self.key)

    @property
    def key(self) -> str:
        """That of the order as it was given: `self.order` has the amounts that it came to."""
        return cash_decision_key(self.order.kind, self.given.document_id)

    async def _decided(self) -> None:
        order = self.order
        if order.role not in _MAY_ASK:
            raise CashRefused("role", f"{order.role} may not decide on money")
        standing = await self._standing()
        if standing is None:
            return
        contract, policy = _known(standing)
        posted = await self.posted(policy.route.erp, self.key)
        if posted:
            self.decision = self.decision.model_copy(
                update={"amount": posted[0].amount, "currency": posted[0].currency}
            )
            self._say("done", "it is in the ledger already", document=posted[0].id)
            return
        if order.kind == "return":
            order = of_source(order, await self.posted(policy.route.erp, order.source or ""))
        account = await self._weighed_account(standing, policy)
        done = weigh(order, account)
        self.order = order = settled(order, done)
        self.decision = self.decision.model_copy(
            update={"amount": done.amount, "currency": contract.currency, "invoices": order.invoices}
        )
        if order.kind != "application" and not await self._approved(policy, done.amount, contract.currency):
            return
        await self._carried_out(of_customer(standing, account.customer_id), done)

    async def _standing(self) -> ContractStanding | None:
        """None where there is no such contract, which is said."""
        try:
            found = await workflow.execute_activity_method(
                ContractActivities.standing, self.order.contract, **in_contracts(WORKFLOW_QUEUE)
            )
        except ActivityError as error:
            if not isinstance(error.cause, ApplicationError) or error.cause.type != "NotFound":
                raise
            self._say("refused", error.cause.message, field="contract")
            return None
        self.begin(self.order.contract, self.key)
        self.desk.topic = self.order.correlation_id
        self.desk.adopt(desk_policy(_known(found)[1]))
        return found

    async def _weighed_account(self, standing: ContractStanding, policy: PolicyExcerpt) -> ReceivablesAccount:
        """Of the customer whose money or invoice it is, who may be the one before a transfer."""
        contract, _ = _known(standing)
        order, customer = self.order, standing.ids.erp_customer
        customer_id = customer.id if customer is not None else ""
        if order.source is not None:
            found = await self.posted(policy.route.erp, order.source)
            customer_id = next((each.customer_id for each in found if each.customer_id), customer_id)
        question = ReceivablesQuestion(
            legal_entity=contract.legal_entity,
            customer_id=customer_id,
            invoice=next(iter(order.invoices), None) if order.source is None else None,
        )
        return await workflow.execute_activity_method(
            CashActivities.receivables, question, **on_platform(policy.route.erp, "Read what is open")
        )

    async def _approved(self, policy: PolicyExcerpt, amount: Dec, currency: str) -> bool:
        """Waits for a second person, for as long as it takes."""
        order = self.order
        words = f"{_WORDS[order.kind]} {format_amount(amount, currency)} {currency}"
        subject = order.source or ", ".join(order.invoices)
        failure = Failure(
            step=f"approve {self.key}",
            summary=f"{order.requested_by} asks to {words} of {subject}: {order.reason}",
            platform=None,
            code=CODE,
            amount=amount,
            currency=currency,
        )
        self.is_asking = True
        asked = asyncio.create_task(self.desk.ask(failure))
        await workflow.wait_condition(lambda: bool(self.desk.open))
        entry = self.desk.open[0]
        request = OverrideRequest(
            exception=entry.id,
            action="accept",
            reason=order.reason,
            actor=order.requested_by,
            role=order.role,
        )
        override = await self.desk.request_override(request)
        self.decision = self.decision.model_copy(
            update={"status": "waiting", "override": override.id, "exception": entry.id, "message": words}
        )
        answer = await asked
        self.is_asking = False
        is_approved = answer.action == "accept"
        self.decision = self.decision.model_copy(update={"exception": None})
        self._say("approved" if is_approved else "rejected", answer.reason)
        await self.desk.close(answer, "approved" if is_approved else "not done")
        return is_approved

    async def _carried_out(self, standing: ContractStanding, done: CashApplication) -> None:
        contract, policy = _known(standing)
        words = f"{_WORDS[self.order.kind]} {format_amount(done.amount, contract.currency)}"
        step = Step(
            f"carry out {self.key}",
            "erp.post_cash",
            policy.route.erp,
            f"{words} {contract.currency}",
            amount=done.amount,
            currency=contract.currency,
        )

        async def carry_out(origin: Origin) -> Reference:
            payment = payment_of(self.order.source) if self.order.kind == "refund" else None
            if payment is not None:
                return await self._given_back(origin, standing, done, *payment)
            return await self._posted_as_approved(origin, standing, done)

        posted = await self.steps.run(step, carry_out)
        if posted is None:
            self._say("rejected", "left by a person")
        else:
            self._say("done", words, document=posted.id)

    async def _posted_as_approved(
        self, origin: Origin, standing: ContractStanding, done: CashApplication
    ) -> Reference:
        order = self.order

        def rule(account: ReceivablesAccount) -> CashApplication:
            return weigh(order, account)

        money = Money(
            kind="chargeback" if order.kind == "return" else order.kind,
            id=self.given.document_id,
            date=order.date,
            amount=done.amount,
        )
        return await self.settle(origin, standing, rule, money, self.key, tuple(order.invoices), order.source)

    async def _given_back(
        self, origin: Origin, standing: ContractStanding, done: CashApplication, platform: str, payment: str
    ) -> Reference:
        """By the payment platform, once for the decision; its own event brings it into the ledger, which is
        waited for."""
        contract, policy = _known(standing)
        customer = standing.ids.erp_customer
        order = RefundOrder(
            origin=origin,
            key=self.key,
            payment_id=payment,
            amount=done.amount,
            currency=contract.currency,
            reason=self.order.reason,
            unapplied=True,
        )
        refund = await workflow.execute_activity_method(
            PaymentActivities.refund_payment, order, **on_platform(platform, "Give the money back")
        )
        key = cash_key("refund", platform, refund.id)
        question = ReceivablesQuestion(
            legal_entity=contract.legal_entity,
            customer_id=customer.id if customer is not None else "",
            source=key,
        )
        await workflow.execute_activity_method(
            CashActivities.receivables,
            question,
            **on_platform(policy.route.erp, "Wait until the refund is posted"),
        )
        posted = await self.posted(policy.route.erp, key)
        return refund.model_copy(update={"id": posted[0].id})

    def _say(
        self, status: DecisionStatus, message: str, *, field: str | None = None, document: str | None = None
    ) -> None:
        self.decision = self.decision.model_copy(
            update={"status": status, "message": message, "field": field, "document": document}
        )


def payment_of(source: str | None) -> tuple[str, str] | None:
    """Platform and payment of an entry that came in by a payment platform; None for money from a bank."""
    kind, _, rest = (source or "").partition("/")
    platform, _, payment = rest.partition("/")
    return (platform, payment) if kind == "payment" and payment else None


def desk_policy(policy: PolicyExcerpt) -> PolicyExcerpt:
    """The policy as it holds here: whatever governance says of other exceptions, a second person approves a
    refund or write-off, and who asked for it may withdraw it alone."""
    rule = policy.exception_rule(CODE, None).model_copy(update={"actions": ("accept", "skip")})
    others = tuple(coded for coded in policy.exception_rules if coded.code != CODE)
    alone = tuple(action for action in policy.second_approver_actions if action not in ("accept", "skip"))
    return policy.model_copy(
        update={
            "exception_rules": (CodedRule(code=CODE, platform=None, rule=rule), *others),
            "second_approver_actions": (*alone, "accept"),
        }
    )


def _known(standing: ContractStanding) -> tuple[Contract, PolicyExcerpt]:
    if standing.contract is None or standing.policy is None:
        raise ValueError("a standing names the contract and has a policy")
    return standing.contract, standing.policy
