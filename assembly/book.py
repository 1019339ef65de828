"""`activities.contracts.ContractBook` over Temporal: the contract's own workflow is asked."""

import asyncio

from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowHandle,
    WorkflowQueryFailedError,
)
from temporalio.service import RPCError, RPCStatusCode

from activities.contracts import CLOSED, ContractStanding
from canonical.ids import contract_workflow_id
from canonical.lifecycle import (
    ContractAnswer,
    ContractNow,
    ContractState,
    DocumentQuestion,
    Plan,
    StateQuestion,
    UsageNotice,
)

BUSINESS_DATE, USAGE = "business date", "usage"


class TemporalContractBook:
    def __init__(self, client: Client) -> None:
        self._client = client

    async def expected_document(self, question: DocumentQuestion) -> ContractAnswer | None:
        """The contract's answer; a change under way is asked itself, for it may have made the document.

        A workflow that runs no more still answers by what it knew; what it would have to learn first, or
        finish, it never will.
        """
        handle = self._client.get_workflow_handle(contract_workflow_id(question.contract))
        answer = await self._ask(handle, question)
        if answer is not None and not answer.ready and not await _is_running(handle):
            state = await self.last_state(question.contract)
            return ContractAnswer(ready=False, reason=CLOSED, policy=state and state.policy)
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

    async def state_of(self, contract: str) -> tuple[ContractState, Plan | None] | None:
        """The contract's state, and the plan of the change under way; asked again where that has ended while
        it was asked.
        """
        handle = self._client.get_workflow_handle(contract_workflow_id(contract))
        while True:
            try:
                async with asyncio.timeout(20):
                    found = await self._now(handle)
                    if found.running is None:
                        return found.state, None
                    plan = await self._plan(found.running)
                    if (again := await self._now(handle)).running == found.running:
                        return again.state, plan
            except RPCError as error:
                if error.status == RPCStatusCode.NOT_FOUND:
                    return None
                raise

    async def _now(self, handle: WorkflowHandle[object, object]) -> ContractNow:
        found: ContractNow = await handle.query("now", StateQuestion(), result_type=ContractNow)
        return found

    async def _plan(self, workflow_id: str) -> Plan | None:
        """None where the change has not begun, or is over."""
        handle = self._client.get_workflow_handle(workflow_id)
        try:
            found: Plan = await handle.query("plan", result_type=Plan)
            return found
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                return None
            raise

    async def standing(self, contract: str) -> ContractStanding | None:
        """Whose the contract is, as its workflow holds it now."""
        handle = self._client.get_workflow_handle(contract_workflow_id(contract))
        try:
            async with asyncio.timeout(20):
                state = await handle.query("whole_state", result_type=ContractState)
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                return None
            raise
        return ContractStanding(contract=state.contract, ids=state.ids, policy=state.policy)

    async def tell_of_usage(self, contract: str) -> bool:
        handle = self._client.get_workflow_handle(contract_workflow_id(contract))
        try:
            await handle.signal("usage_reported")
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                return False
            raise
        return True

    async def last_state(self, contract: str) -> ContractState | None:
        """A workflow that has ended is asked too, as long as Temporal keeps its history."""
        handle = self._client.get_workflow_handle(contract_workflow_id(contract))
        try:
            async with asyncio.timeout(20):
                state: ContractState = await handle.query("whole_state", result_type=ContractState)
                return state
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                return None
            raise
        except WorkflowQueryFailedError:
            return None

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


async def _is_running(handle: WorkflowHandle[object, object]) -> bool:
    return (await handle.describe()).status == WorkflowExecutionStatus.RUNNING


def _notice(question: DocumentQuestion, answer: ContractAnswer) -> UsageNotice:
    is_open = question.cycle == "draft"
    return UsageNotice(usage=answer.usage, date=question.date, draft_open=is_open)
