"""An approved contract becomes customers, a subscription, invoices with their tax, and the CRM knows."""

from temporalio import workflow

from canonical.lifecycle import ChangeInput, ChangeResult
from workflows._change import ChangeStory
from workflows._chapter import Chapter


@workflow.defn(name="Activation")
class ActivationWorkflow(Chapter):
    @workflow.init
    def __init__(self, given: ChangeInput) -> None:
        self.story = ChangeStory(given)
        self.desk = self.story.desk

    @workflow.run
    async def run(self, given: ChangeInput) -> ChangeResult:
        return await self.tell(self.scenes)

    async def scenes(self) -> None:
        story = self.story
        await story.understand()
        await story.steps.together([story.check(), story.quote()])
        await story.customers()
        await story.subscription()
        await story.documents()
        await story.write_back("active")
