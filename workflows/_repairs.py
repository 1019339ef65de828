"""What each proposed repair does, step by step; every step can be repeated."""

from typing import Literal

from temporalio import workflow

from activities.billing import BillingActivities
from activities.breaks import BreakActivities
from activities.contracts import CLOSED, ContractActivities
from activities.erp import ErpActivities, PostingReversal
from activities.tax import TaxActivities, TaxVoid
from canonical.ids import posted_again_key
from canonical.lifecycle import ContractAnswer, DocumentQuestion
from canonical.origin import Origin, Reference
from canonical.reconciliation import BreakReport, DocumentRestart, Repair
from ports.billing import IssuedDocument
from rules.subledger import compare, ledger_document
from rules.tax_document import tax_document
from workflows._document import exchange_rate
from workflows._options import WORKFLOW_QUEUE, in_contracts, on_platform
from workflows._refusal import closed_contract, rejected
from workflows._steps import Step, Steps

Kind = Literal["invoice", "credit_memo"]


class Repairs:
    """The repair of one break. A method returns what was done, in words; None where a person skipped it."""

    def __init__(self, report: BreakReport, steps: Steps) -> None:
        if report.found.repair is None:
            raise ValueError(f"{report.found.id} has no repair")
        self.report = report
        self.repair: Repair = report.found.repair
        self.steps = steps
        self.route = report.policy.route
        self.reason = f"reconciliation {report.entity} {report.period}, {report.found.id}"

    async def carry_out(self) -> str | None:
        match self.repair.kind:
            case "restart_document":
                return await self._restart()
            case "reverse_entry":
                return await self._reverse()
            case "repost_document":
                return await self._repost()
            case "commit_tax":
                return await self._commit_tax()
            case "void_tax":
                return await self._void_tax()

    async def _restart(self) -> str | None:
        repair, report = self.repair, self.report
        order = DocumentRestart.model_validate(
            {
                "tenant": report.tenant,
                "kind": _moved(repair.key) or repair.object_kind,
                "platform": repair.platform,
                "document_id": repair.object_id,
                "contract": repair.contract,
                "event_id": f"repair/{report.found.id}",
                "correlation_id": report.correlation_id,
            }
        )
        step = self._step("hand the document on", "breaks.restart_document", "temporal")

        async def restart(origin: Origin) -> str:
            options = in_contracts(WORKFLOW_QUEUE)
            await workflow.execute_activity_method(BreakActivities.restart_document, order, **options)
            return await workflow.execute_activity_method(BreakActivities.document_outcome, order, **options)

        outcome = await self.steps.run(step, restart)
        return None if outcome is None else f"{repair.object_id} was handed on: {outcome}"

    async def _reverse(self) -> str | None:
        step = self._step(f"reverse {self.repair.object_id}", "erp.reverse_posting", self.route.erp)

        async def reverse(origin: Origin) -> Reference:
            order = PostingReversal.model_validate(
                {
                    "origin": origin,
                    "kind": self.repair.object_kind,
                    "id": self.repair.object_id,
                    "legal_entity": self.report.entity,
                    "date": self.repair.reverse_on,
                    "reason": self.reason,
                }
            )
            return await workflow.execute_activity_method(
                ErpActivities.reverse_posting, order, **on_platform(self.route.erp, step.summary)
            )

        done = await self.steps.run(step, reverse)
        return None if done is None else f"{self.repair.object_id} is taken off by {done.id}"

    async def _repost(self) -> str | None:
        """Asks first what is to be posted, so that nothing is taken off that can't be posted again."""
        answer = await self._expected()
        if answer is not None and answer.accepted is not None:
            answer = answer.model_copy(update={"expected": answer.accepted})
        issued = None if answer is None else await self._issued(answer)
        if answer is None or issued is None or await self._reverse() is None:
            return None
        step = self._step(f"post {self.repair.key} again", "erp.post_document", self.route.erp)

        async def post(origin: Origin) -> Reference:
            contract, policy, expected = answer.contract, answer.policy, answer.expected
            customer = answer.ids.erp_customer
            if contract is None or policy is None or expected is None or customer is None:
                raise rejected(
                    self.route.erp, "erp.post_document", "the contract has no customer", field="customer"
                )
            posting = ledger_document(origin, contract, expected, issued, customer.id, policy, policy.items)
            again = posting.model_copy(
                update={
                    "key": posted_again_key(posting.key, self.report.found.id),
                    "exchange_rate": await exchange_rate(policy, expected),
                }
            )
            return await workflow.execute_activity_method(
                ErpActivities.post_document, again, **on_platform(self.route.erp, step.summary)
            )

        posted = await self.steps.run(step, post)
        return (
            None
            if posted is None
            else f"{self.repair.object_id} was taken off and posted again as {posted.id}"
        )

    async def _issued(self, answer: ContractAnswer) -> IssuedDocument | None:
        """The billing platform's document, which must be as expected: else it is what is wrong."""
        step = self._step("read the document", "billing.read_document", self.route.billing)
        method = (
            BillingActivities.read_invoice
            if self._kind() == "invoice"
            else BillingActivities.read_credit_memo
        )

        async def read(origin: Origin) -> IssuedDocument:
            issued = await workflow.execute_activity_method(
                method, self.repair.billing_id or "", **on_platform(self.route.billing, step.summary)
            )
            if differences := compare(answer.expected, issued):
                words = "; ".join(str(each) for each in differences)
                raise rejected(
                    issued.platform, "rules.compare", words, field=differences[0].field, code="AmountMismatch"
                )
            return issued

        return await self.steps.run(step, read)

    async def _commit_tax(self) -> str | None:
        answer = await self._expected()
        if answer is None or await self._void_tax() is None:
            return None
        step = self._step(f"record the tax of {self.repair.key}", "tax.commit", self.route.tax)

        async def commit(origin: Origin) -> str:
            done = await workflow.execute_activity_method(
                TaxActivities.commit,
                tax_document(origin, answer),
                **on_platform(self.route.tax, step.summary),
            )
            return done.id

        id_ = await self.steps.run(step, commit)
        return None if id_ is None else f"recorded as {id_}"

    async def _void_tax(self) -> str | None:
        """What is recorded under the key, if anything is."""
        step = self._step(f"void the tax of {self.repair.key}", "tax.void", self.route.tax)

        async def void(origin: Origin) -> str:
            order = TaxVoid(
                origin=origin,
                code=self.repair.key or self.repair.object_id,
                kind=self._kind(),
                legal_entity=self.report.entity,
            )
            gone = await workflow.execute_activity_method(
                TaxActivities.void, order, **on_platform(self.route.tax, step.summary)
            )
            return "nothing was recorded" if gone is None else f"{gone.id} is void"

        return await self.steps.run(step, void)

    async def _expected(self) -> ContractAnswer | None:
        """What the contract says about the document."""
        step = self._step("ask the contract", "contract.expected_document", "temporal")
        question = DocumentQuestion(
            contract=self.repair.contract or "",
            kind=self._kind(),
            key=self.repair.key,
            date=self.repair.date,
        )

        async def ask(origin: Origin) -> ContractAnswer:
            answer = await workflow.execute_activity_method(
                ContractActivities.expected_document, question, **in_contracts(WORKFLOW_QUEUE)
            )
            if answer.reason == CLOSED:
                raise closed_contract(question)
            if answer.expected is None or answer.contract is None:
                raise rejected(
                    "temporal",
                    "contract.expected_document",
                    "the contract expects no such document",
                    field="key",
                )
            return answer

        return await self.steps.run(step, ask)

    def _kind(self) -> Kind:
        if self.repair.object_kind not in ("invoice", "credit_memo"):
            raise ValueError(f"{self.repair.object_kind} is no document")
        return "invoice" if self.repair.object_kind == "invoice" else "credit_memo"

    def _step(self, name: str, activity: str, platform: str) -> Step:
        return Step(name, activity, platform, f"{self.report.found.id}: {name}")


def _moved(key: str | None) -> str | None:
    """How money moved, by its key: a dispute takes payments back and gives them again."""
    kind = (key or "").partition("/")[0]
    return kind if kind in ("payment", "refund", "dispute") else None
