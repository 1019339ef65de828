"""Documents fall due that no change brings and no cycle bills: a ramp's step, late usage, a correction."""

from temporalio import workflow

from canonical.lifecycle import ChangeInput, ChangeResult
from workflows._change import ChangeStory
from workflows._chapter import Chapter


@workflow.defn(name="Billing")
class BillingWorkflow(Chapter):
    @workflow.init
    def __init__(self, given: ChangeInput) -> None:
        self.story = ChangeStory(given)
        self.desk = self.story.desk

    @workflow.run
    async def run(self, given: ChangeInput) -> ChangeResult:
        return await self.tell(self.scenes)

    async def scenes(self) -> None:
        story = self.story
        if story.scope.invoices:
            await story.quote()
        await story.documents()
