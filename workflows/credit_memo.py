"""A credit memo's way into the ledger."""

from temporalio import workflow

from activities.billing import BillingActivities
from ports.billing import IssuedDocument
from workflows._document import DocumentInput, DocumentResult, DocumentStory
from workflows._options import on_platform
from workflows._steps import Step


@workflow.defn(name="CreditMemo")
class CreditMemoWorkflow(DocumentStory):
    @workflow.init
    def __init__(self, given: DocumentInput) -> None:
        self.open(given)

    @workflow.run
    async def run(self, given: DocumentInput) -> DocumentResult:
        return await self.follow(self.once)

    async def once(self) -> DocumentResult:
        step = Step("read", "billing.read_credit_memo", self.given.platform, "Read the credit memo")
        document = await self.steps.run(step, lambda origin: self.read())
        if document is None:
            return DocumentResult(outcome="could not be read")
        self.start_over(document)
        if (result := self.done_before(document)) is not None:
            return result
        answer = await self.expectation(document)
        if answer is None:
            return DocumentResult(outcome="let pass: no contract", key=document.key)
        self.desk.adopt(answer.policy)
        document = await self.settled(document, answer, self.read)
        if document.status == "void":
            return await self.void(document, answer)
        before = await self.posted_before(document, answer, self.read)
        if before is not None:
            return before
        agreed = await self.compared(document, answer, self.read)
        if agreed is None:
            return DocumentResult(outcome="let pass: differs", key=document.key)
        document, answer = agreed
        return await self.post(document, answer)

    async def read(self) -> IssuedDocument:
        return await workflow.execute_activity_method(
            BillingActivities.read_credit_memo,
            self.given.document_id,
            **on_platform(self.given.platform, "Read the credit memo"),
        )
