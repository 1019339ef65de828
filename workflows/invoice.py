"""An invoice's way into the ledger. A cycle's draft is first completed with what is billed in arrears."""

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from activities.billing import BillingActivities, DocumentAction
from activities.tax import TaxActivities, TaxQuestion
from canonical.contract import Contract
from canonical.document import CreditMemo, DocumentLine, Invoice
from canonical.lifecycle import ContractAnswer
from canonical.origin import Origin, Reference
from canonical.policy import PolicyExcerpt
from ports.billing import DraftCompletion, IssuedDocument
from rules.subledger import billed_by_platform, is_empty_cycle, with_quoted_tax
from rules.tax_document import invoice_tax_document, is_taxed_alike
from workflows._bad_debt import BadDebt
from workflows._document import READ, DocumentInput, DocumentResult, DocumentStory
from workflows._options import on_platform
from workflows._steps import Step
from workflows._usage_credits import issue_usage_credits


@workflow.defn(name="Invoice")
class InvoiceWorkflow(DocumentStory):
    @workflow.init
    def __init__(self, given: DocumentInput) -> None:
        self.open(given)

    @workflow.run
    async def run(self, given: DocumentInput) -> DocumentResult:
        return await self.follow(self.once)

    async def once(self) -> DocumentResult:
        document = await self.read_once()
        if document is None:
            words = "deleted before it was issued" if self.is_deleted else "could not be read"
            return DocumentResult(outcome=words)
        self.start_over(document)
        if (result := self.done_before(document)) is not None:
            return result
        if document.status == "draft" and document.origin != "cycle":
            return DocumentResult(outcome="a draft of ours: its change issues it", key=document.key)
        answer = await self.expectation(document)
        if answer is None:
            return DocumentResult(outcome="let pass: no contract", key=document.key)
        self.desk.adopt(answer.policy)
        document = await self.settled(document, answer, self.read)
        result = await self.settle(document, answer)
        await issue_usage_credits(self.steps, self.given.platform, answer)
        return result

    async def settle(self, document: IssuedDocument, answer: ContractAnswer) -> DocumentResult:
        """What the contract has answered, carried out: completed, compared, issued, posted."""
        if document.status == "void" and answer.superseded:  # never posted; its key may be another's
            return DocumentResult(outcome="void: its subscription had ended", key=document.key)
        if document.status == "void":
            return await self.void(document, answer)
        if answer.superseded and document.status == "draft":
            return await self.discard(document)
        if document.origin == "cycle" and isinstance(answer.expected, Invoice):
            answer = await self.taxed(answer, answer.expected)
            if document.status == "draft":
                document, answer = await self.complete(document, answer)
        if answer.expected is None and is_empty_cycle(document):
            return DocumentResult(outcome="nothing is due", key=document.key)
        if document.status != "draft":
            before = await self.posted_before(document, answer, self.read)
            if before is not None:
                return await self.given_up(document, answer, before)
        agreed = await self.compared(document, answer, self.read)
        if agreed is None:
            return DocumentResult(outcome="let pass: differs", key=document.key)
        due, (document, answer) = answer.expected, agreed
        taken = answer.expected
        if document.origin == "cycle" and isinstance(taken, Invoice) and _is_recorded_here(due, taken):
            await self.commit_tax(answer, taken)
        if document.status == "draft":
            document = await self.issue(document) or document
        result = await self.post(document, answer)
        return await self.given_up(document, answer, result)

    async def given_up(
        self, document: IssuedDocument, answer: ContractAnswer, result: DocumentResult
    ) -> DocumentResult:
        """The platform no longer collects it and the ledger still has it as owed: a person decides, once."""
        if document.status != "uncollectible" or result.posted is None or answer.ids.erp_customer is None:
            return result
        outcome = await BadDebt(self.steps, document, answer).decided(self.read)
        if outcome is None:
            return result
        return result.model_copy(update={"outcome": f"{result.outcome}; {outcome}"})

    async def read(self) -> IssuedDocument:
        return await workflow.execute_activity_method(
            BillingActivities.read_invoice,
            self.given.document_id,
            **on_platform(self.given.platform, "Read the invoice"),
        )

    async def read_once(self) -> IssuedDocument | None:
        """None where it is not there: a draft was deleted, or a person lets it be."""
        step = Step(READ, "billing.read_invoice", self.given.platform, "Read the invoice")

        async def read(origin: Origin) -> IssuedDocument | None:
            try:
                return await self.read()
            except ActivityError as error:
                is_gone = isinstance(error.cause, ApplicationError) and error.cause.type == "NotFound"
                if is_gone and self.is_deleted:
                    return None
                raise

        return await self.steps.run(step, read)

    async def discard(self, draft: IssuedDocument) -> DocumentResult:
        """What a subscription has billed on the day on which another took its place: nobody owes it."""
        step = Step(
            f"discard {draft.key}",
            "billing.discard_invoice",
            self.given.platform,
            f"Void the draft of {draft.date}: its subscription had ended",
            amount=draft.total,
            currency=draft.currency,
        )

        async def put(origin: Origin) -> Reference | None:
            action = DocumentAction(
                origin=origin, id=draft.id, key=draft.key or draft.id, reason="the subscription had ended"
            )
            return await workflow.execute_activity_method(
                BillingActivities.discard_invoice, action, **on_platform(self.given.platform, step.summary)
            )

        await self.steps.run(step, put)
        return DocumentResult(outcome="void: its subscription had ended", key=draft.key)

    async def taxed(self, answer: ContractAnswer, expected: Invoice) -> ContractAnswer:
        """The expected invoice with the rates of its own date."""
        contract, policy = answer.contract, answer.policy
        if contract is None or policy is None:
            raise ValueError("an answer that expects an invoice names contract and policy")
        step = Step("quote tax", "tax.quote", policy.route.tax, "Ask the tax engine for rates")
        quoted = await self.steps.run(step, lambda origin: self.quoted(origin, contract, policy, expected))
        return answer.model_copy(update={"expected": quoted or expected})

    async def quoted(
        self, origin: Origin, contract: Contract, policy: PolicyExcerpt, expected: Invoice
    ) -> Invoice:
        question = TaxQuestion(documents=(invoice_tax_document(origin, contract, expected),))
        quotes = await workflow.execute_activity_method(
            TaxActivities.quote, question, **on_platform(policy.route.tax, "Ask the tax engine for rates")
        )
        return with_quoted_tax(expected, quotes.results[0])

    async def anew(self, origin: Origin, draft: IssuedDocument) -> ContractAnswer:
        """What is expected by now, with its tax: usage may have been corrected since."""
        answer = await self.asked(draft)
        if isinstance(answer.expected, Invoice) and answer.contract is not None and answer.policy is not None:
            taxed = await self.quoted(origin, answer.contract, answer.policy, answer.expected)
            return answer.model_copy(update={"expected": taxed})
        return answer

    async def complete(
        self, draft: IssuedDocument, answer: ContractAnswer
    ) -> tuple[IssuedDocument, ContractAnswer]:
        """Adds to the cycle's draft what the platform can't bill by itself, and sets the tax rates. A retry
        asks anew what is expected. Returns the draft and the expectation that it has been completed to.
        """
        expected = answer.expected
        if not isinstance(expected, Invoice) or draft.contract is None:
            return draft, answer
        missing = billed_by_platform(expected, draft)[1]
        step = Step(
            f"complete {expected.key}",
            "billing.complete_draft",
            self.given.platform,
            f"Complete the draft of {expected.date}: {len(missing)} lines to add",
            amount=expected.total,
            currency=expected.currency,
        )
        current, is_retry = answer, False

        async def put(origin: Origin) -> IssuedDocument:
            nonlocal current, is_retry
            if is_retry:
                current = await self.anew(origin, draft)
            is_retry = True
            if not isinstance(current.expected, Invoice):
                return await self.read()
            own, lacking = billed_by_platform(current.expected, draft)
            return await self._complete(origin, draft, current.expected, lacking, own)

        return await self.steps.run(step, put) or draft, current

    async def _complete(
        self,
        origin: Origin,
        draft: IssuedDocument,
        expected: Invoice,
        missing: tuple[DocumentLine, ...],
        own: tuple[DocumentLine, ...],
    ) -> IssuedDocument:
        completion = DraftCompletion(
            origin=origin,
            invoice_id=draft.id,
            key=expected.key,
            contract=draft.contract or expected.contract,
            date=expected.date,
            due_date=expected.due_date,
            add=missing,
            taxes=own,
        )
        return await workflow.execute_activity_method(
            BillingActivities.complete_draft,
            completion,
            **on_platform(self.given.platform, f"Complete the draft of {expected.date}"),
        )

    async def commit_tax(self, answer: ContractAnswer, expected: Invoice) -> None:
        """A cycle's invoice is recorded with the tax engine here; a planned one by its change."""
        contract, policy = answer.contract, answer.policy
        if contract is None or policy is None:
            raise ValueError("an answer that expects an invoice names contract and policy")
        step = Step(
            f"tax {expected.key}",
            "tax.commit",
            policy.route.tax,
            f"Record the tax of {expected.tax} {expected.currency}",
            amount=expected.total,
            currency=expected.currency,
        )

        async def commit(origin: Origin) -> None:
            await workflow.execute_activity_method(
                TaxActivities.commit,
                invoice_tax_document(origin, contract, expected),
                **on_platform(policy.route.tax, step.summary),
            )

        await self.steps.run(step, commit)

    async def issue(self, draft: IssuedDocument) -> IssuedDocument | None:
        step = Step(
            "issue",
            "billing.finalize_invoice",
            self.given.platform,
            f"Issue the invoice over {draft.total} {draft.currency}",
            amount=draft.total,
            currency=draft.currency,
        )

        async def finalize(origin: Origin) -> IssuedDocument:
            action = DocumentAction(origin=origin, id=draft.id, key=draft.key or draft.id)
            return await workflow.execute_activity_method(
                BillingActivities.finalize_invoice, action, **on_platform(self.given.platform, step.summary)
            )

        issued = await self.steps.run(step, finalize)
        self.awaits_echo = issued is not None
        return issued


def _is_recorded_here(due: Invoice | CreditMemo | None, taken: Invoice) -> bool:
    """Whether the tax is as it was computed: what was accepted otherwise is recorded where it was."""
    return due is None or is_taxed_alike(due, taken)
