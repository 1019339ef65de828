"""`activities.contracts.ContractBook` over Temporal: the contract's own workflow is asked."""

import asyncio

from temporalio.client import Client, WorkflowHandle, WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from canonical.ids import contract_workflow_id
from canonical.lifecycle import ContractAnswer, DocumentQuestion, UsageNotice

BUSINESS_DATE, USAGE = "business date", "usage"


class TemporalContractBook:
    def __init__(self, client: Client) -> None:
        self._client = client

    async def expected_document(self, question: DocumentQuestion) -> ContractAnswer | None:
        """The contract's answer; a change under way is asked itself, for it may have made the document."""
        handle = self._client.get_workflow_handle(contract_workflow_id(question.contract))
        answer = await self._ask(handle, question)
        if answer is not None and answer.reason == USAGE:
            await handle.signal("usage", _notice(question, answer))
            answer = await self._ask(handle, question)
        if answer is None or answer.ready:
            return answer
        if answer.running is not None:
            chapter = self._client.get_workflow_handle(answer.running)
            known = await self._ask(chapter, question)
            if known is not None and known.ready:
                return known
        if answer.reason == BUSINESS_DATE:
            await handle.signal("business_date", question.date)
        return answer

    async def _ask(
        self, handle: WorkflowHandle[object, object], question: DocumentQuestion
    ) -> ContractAnswer | None:
        try:
            async with asyncio.timeout(20):
                answer: ContractAnswer = await handle.query(
                    "expected_document", question, result_type=ContractAnswer
                )
                return answer
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                return None
            raise
        except WorkflowQueryFailedError:
            return ContractAnswer(ready=False, reason="the contract could not answer")


def _notice(question: DocumentQuestion, answer: ContractAnswer) -> UsageNotice:
    is_open = question.cycle == "draft"
    return UsageNotice(usage=answer.usage, date=question.date, draft_open=is_open)
