"""The contract goes to another customer: the rest is credited to the one and billed to the other on the day.

A platform's subscription keeps its customer, so the one ends and another begins; documents, tax and postings
are the new customer's from then on, those of before stay with the old one.
"""

from temporalio import workflow

from canonical.lifecycle import ChangeInput, ChangeResult
from workflows._change import ChangeStory
from workflows._chapter import Chapter
from workflows._handover import nothing_issued


@workflow.defn(name="Transfer")
class TransferWorkflow(Chapter):
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
        await story.steps.together([story.check(), story.quote(), nothing_issued(story)])
        await story.customers()
        await story.end_subscription()
        await story.subscription()
        await story.documents()
        await story.write_back("active")
