"""A change's workflow, as all four kinds of it are: decisions of people, the plan as a query, one telling."""

from collections.abc import Awaitable, Callable

from temporalio import workflow

from canonical.document import CreditMemo, Invoice
from canonical.lifecycle import (
    ChangeResult,
    ContractAnswer,
    DocumentQuestion,
    OpenException,
    Plan,
    PlatformIds,
)
from rules.contract_view import party
from workflows._change import ChangeStory
from workflows._decisions import Decisions
from workflows._ending import answered


class Chapter(Decisions):
    """`story` and `desk` are set by the subclass's `__init__`."""

    story: ChangeStory

    @workflow.query(name="plan")
    def plan(self) -> Plan:
        """Steps, keys, compensations, expected documents: before, while and after it runs."""
        return self.story.plan()

    @workflow.query(name="ids")
    def ids(self) -> PlatformIds:
        return self.story.ids

    @workflow.query(name="expected_document")
    def expected_document(self, question: DocumentQuestion) -> ContractAnswer:
        """A document of this change, which the platform may announce before the change has ended."""
        story = self.story
        planned: tuple[Invoice | CreditMemo, ...] = (*story.scope.invoices, *story.scope.credit_memos)
        found = next((document for document in planned if document.key == question.key), None)
        by_itself = question.cycle is not None
        if found is None or by_itself or story.ids.erp_customer is None or story.undoing:
            return ContractAnswer(ready=False, reason="a change is under way")
        contract, ids = party(story.contract, story.scope.changes, story.ids, found)
        return ContractAnswer(
            ready=True,
            contract=contract,
            expected=found,
            ids=ids,
            policy=story.policy.model_copy(update={"items": story.items}),
            change=story.item.id,
            correlation_id=story.item.correlation_id,
        )

    @workflow.query(name="exceptions")
    def exceptions(self) -> list[OpenException]:
        return list(self.desk.open)

    async def tell(self, scenes: Callable[[], Awaitable[None]]) -> ChangeResult:
        """Runs the scenes; a handler that is still answering somebody is let finish."""
        return await answered(self.story.tell(scenes))
