"""Contracts become one: the others and this one end with credit on the day, and a new one starts.

Each contract is a workflow of its own that serialises its changes. So the leading one asks the others to end
(`Merged` is their story), computes the new contract from what they were, begins it, and says that the merge
stands; or, undone, that it does not, and the others undo their end. docs/decisions/0010 has the protocol.
"""

from datetime import timedelta

from temporalio import workflow

from activities.merging import MergeActivities
from canonical.change import JoinedContract, Merge
from canonical.lifecycle import ChangeInput, ChangeResult
from canonical.merging import MergeRequest, MergeStanding, MergeWord
from canonical.origin import Origin
from workflows._change import ChangeStory
from workflows._chapter import Chapter
from workflows._handover import nothing_issued
from workflows._messages import Resolve
from workflows._options import of_merged
from workflows._refusal import rejected
from workflows._steps import Step, Undo

_TEMPORAL = "temporal"
_PATIENCE = timedelta(days=1)
"""After so long without a word from the leading contract a person is asked."""


@workflow.defn(name="Merge")
class MergeWorkflow(Chapter):
    """The leading contract's part."""

    @workflow.init
    def __init__(self, given: ChangeInput) -> None:
        self.story = ChangeStory(given)
        self.desk = self.story.desk
        self._asked: dict[str, int] = {}

    @workflow.run
    async def run(self, given: ChangeInput) -> ChangeResult:
        return await self.tell(self.scenes)

    async def scenes(self) -> None:
        story = self.story
        if story.item.announced:  # the others know of it already, so they must hear where it is undone
            for each in self.merge().contracts:
                story.steps.done_ahead(self._asking(each.id))
        await story.understand()
        await story.steps.together([story.check(), story.quote(), nothing_issued(story)])
        await self.join()
        await story.end_subscription()
        await story.subscription()
        await story.documents()
        await story.write_back("active")
        await story.steps.together([self.confirm(each.id) for each in self.merge().contracts])

    def merge(self) -> Merge:
        change = self.story.item.change
        if not isinstance(change, Merge):
            raise ValueError(f"{self.story.item.id} is no merge")
        return change

    async def join(self) -> None:
        """The others end. What they were by then, with their own changes, makes the new contract."""
        story = self.story
        joined = await story.steps.together([self.ask(each.id) for each in self.merge().contracts])
        story.take(self.merge().model_copy(update={"joined": tuple(joined)}))
        await story.understand()
        if any(each.changes for each in joined):  # they may have brought lines that were not quoted
            await story.quote_again()

    async def ask(self, contract: str) -> JoinedContract:
        """Has the contract end. A merge can't go on without it, so skipping asks again."""
        step = self._asking(contract)
        while True:
            joined = await self.story.steps.run(step, lambda origin: self._ask(contract))
            if joined is not None:
                return joined

    def _asking(self, contract: str) -> Step:
        return Step(
            f"join {contract}",
            "contract.join",
            _TEMPORAL,
            f"Have contract {contract} end on {self.merge().effective_date}",
            compensation="it goes on as it was",
            undo=lambda origin: self._settle(contract, stands=False),
        )

    async def _ask(self, contract: str) -> JoinedContract:
        story, merge = self.story, self.merge()
        request = MergeRequest(
            contract=contract,
            key=self._key(contract),
            into=story.state.id,
            day=merge.effective_date,
            business_date=story.as_of,
            correlation_id=story.item.correlation_id,
        )
        standing = await workflow.execute_activity_method(
            MergeActivities.join, request, **of_merged(f"Have {contract} end for {merge.id}")
        )
        if standing.joined is not None:
            return standing.joined
        if not standing.circle:  # where it is asked already, it ends for this key once the circle is broken
            self._asked[contract] = self._asked.get(contract, 0) + 1
        raise rejected(
            _TEMPORAL,
            "contract.join",
            f"contract {contract} goes on: {standing.circle or standing.reason}",
            field="contracts",
            code="MergeRefused",
        )

    def _key(self, contract: str) -> str:
        """The merge's name at the other contract, another one after each refusal."""
        name, count = f"{self.story.state.id}/{self.story.item.id}", self._asked.get(contract, 0)
        return f"{name}/{count + 1}" if count else name

    async def confirm(self, contract: str) -> None:
        step = Step(
            f"settle {contract}", "contract.settle_merge", _TEMPORAL, f"{contract} has ended for good"
        )
        await self.story.steps.run(step, lambda origin: self._settle(contract, stands=True))

    async def _settle(self, contract: str, *, stands: bool) -> MergeStanding:
        words = "stands" if stands else "is undone"
        word = MergeWord(
            contract=contract,
            key=self._key(contract),
            stands=stands,
            reason=f"merge {self.story.item.id} of {self.story.state.id} {words}",
        )
        standing = await workflow.execute_activity_method(
            MergeActivities.settle_merge, word, **of_merged(f"Tell {contract} that the merge {words}")
        )
        if (standing.status == "done") != stands and standing.status != "unknown":
            raise rejected(
                _TEMPORAL,
                "contract.settle_merge",
                f"contract {contract} is {standing.status} where the merge {words}: {standing.reason}",
                field="contracts",
                code="MergeRefused",
            )
        return standing


@workflow.defn(name="Merged")
class MergedWorkflow(Chapter):
    """The end of a contract that is merged into another: a cancellation that can be undone until the leading
    contract has said that the merge stands.
    """

    @workflow.init
    def __init__(self, given: ChangeInput) -> None:
        self.story = ChangeStory(given)
        self.desk = self.story.desk
        self.word: MergeWord | None = None
        self.prepared = False

    @workflow.run
    async def run(self, given: ChangeInput) -> ChangeResult:
        return await self.tell(self.scenes)

    async def scenes(self) -> None:
        story = self.story
        await story.understand()
        await nothing_issued(story)
        if story.scope.invoices:
            await story.quote()
        await story.end_subscription()
        await story.documents()
        self.prepared = True
        await self.settled()
        await story.write_back("cancelled")

    @workflow.signal(name="settle")
    def settle(self, word: MergeWord) -> None:
        """The leading contract's word: what waits for a person need not any more."""
        if self.word is not None:
            return
        self.word = word
        if self.prepared or not word.stands:
            for opened in self.desk.open:
                self.desk.answer(opened.id, "retry" if word.stands else "compensate", word.reason)

    @workflow.query(name="merge_standing")
    def merge_standing(self, key: str) -> MergeStanding:
        story = self.story
        joined = JoinedContract(contract=story.contract, changes=story.scope.before)
        if story.undoing or not self.prepared:
            reason = "its end is being undone" if story.undoing else "it is ending"
            return MergeStanding(status="waiting", reason=reason, told=self.word is not None)
        return MergeStanding(status="prepared", joined=joined, told=self.word is not None)

    async def settled(self) -> None:
        """Waits for the leading contract's word. Raises Undo where the merge is undone."""
        step = Step(
            "await the merge", "contract.settle_merge", _TEMPORAL, "Wait until the merge stands or is undone"
        )
        await self.story.steps.run(step, self._settled)
        if self.word is not None and not self.word.stands:
            raise Undo(Resolve(action="compensate", reason=self.word.reason, actor="system"))

    async def _settled(self, origin: Origin) -> None:
        try:
            await workflow.wait_condition(lambda: self.word is not None, timeout=_PATIENCE)
        except TimeoutError:
            raise rejected(
                _TEMPORAL,
                "contract.settle_merge",
                "the leading contract has not said whether the merge stands",
                field="merge",
                code="MergeNotSettled",
            ) from None
