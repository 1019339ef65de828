"""Service ends: the subscription stops, what is unused is credited, what is owed in arrears is invoiced."""

from temporalio import workflow

from canonical.lifecycle import ChangeInput, ChangeResult
from workflows._change import ChangeStory
from workflows._chapter import Chapter


@workflow.defn(name="Cancellation")
class CancellationWorkflow(Chapter):
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
        if story.brings_products():
            await story.steps.together([story.check(), story.quote()])
        elif story.scope.invoices:
            await story.quote()
        await story.end_subscription()
        await story.documents()
        await story.write_back("cancelled")
