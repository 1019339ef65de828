"""What passes between the workflows of contracts that are merged (`activities.merging`, over Temporal).

All of it can be said again: the contract that ends knows a merge by its key.
"""

from typing import TypeVar

from pydantic import BaseModel
from temporalio.client import Client, WorkflowHandle, WorkflowQueryFailedError, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from canonical.change import Cancellation
from canonical.ids import contract_workflow_id
from canonical.lifecycle import Submission, Ticket
from canonical.merging import MergeRequest, MergeStanding, MergeWord, PlannedMerge
from rules.merge_circle import words_of_circle

_Answer = TypeVar("_Answer", bound=BaseModel)


class TemporalMergeBook:
    def __init__(self, client: Client) -> None:
        self._client = client

    async def announce(self, request: MergeRequest) -> MergeStanding | None:
        """How far the contract is, which is asked to end where it has not been; None where there is none."""
        handle = self._client.get_workflow_handle(contract_workflow_id(request.contract))
        standing = await self._standing(handle, request.key)
        if standing is None or standing.status not in ("unknown", "waiting"):
            return standing
        if circle := await self._circle(request, standing):
            return standing.model_copy(update={"circle": circle})
        return await self._submit(handle, request) if standing.status == "unknown" else standing

    async def join(self, request: MergeRequest) -> MergeStanding | None:
        """The same on the merge's day, which the contract is told of."""
        handle = self._client.get_workflow_handle(contract_workflow_id(request.contract))
        standing = await self.announce(request)
        if standing is None or standing.circle or standing.status != "waiting":
            return standing
        if standing.today is not None and standing.today < request.day:
            await handle.signal("business_date", request.business_date)
        return await self._of_chapter(standing, request.key)

    async def _circle(self, request: MergeRequest, standing: MergeStanding) -> str:
        """Whether merges that come before the contract's end lead back to the one that asks: in words."""
        ways: list[tuple[PlannedMerge, ...]] = [(merge,) for merge in standing.merging]
        seen = {request.contract}
        while ways:
            way = ways.pop(0)
            if way[-1].day > request.day:
                continue
            if request.into in way[-1].others:
                return words_of_circle(request.into, way)
            for other in set(way[-1].others) - seen:
                seen.add(other)
                handle = self._client.get_workflow_handle(contract_workflow_id(other))
                found = await self._standing(handle, request.key)
                ways += [(*way, merge) for merge in (found.merging if found is not None else ())]
        return ""

    async def settle(self, word: MergeWord) -> MergeStanding | None:
        """How far the contract is after it has been told; None where there is none."""
        handle = self._client.get_workflow_handle(contract_workflow_id(word.contract))
        standing = await self._standing(handle, word.key)
        if standing is None or standing.status in ("done", "refused"):
            return standing
        if (await self._of_chapter(standing, word.key)).told:
            return standing
        if not word.stands:
            standing = await self._updated(handle, "withdraw_merge", word.key, MergeStanding)
        if standing is not None and standing.running is not None:
            await self._tell(standing.running, word)
        return standing

    async def _tell(self, chapter: str, word: MergeWord) -> None:
        """A chapter that has not begun, or is over, hears nothing: its contract is asked again."""
        try:
            await self._client.get_workflow_handle(chapter).signal("settle", word)
        except RPCError as error:
            if error.status != RPCStatusCode.NOT_FOUND:
                raise

    async def _submit(
        self, handle: WorkflowHandle[object, object], request: MergeRequest
    ) -> MergeStanding | None:
        """The merge-cancellation, as a change from a document: it is nobody's in the CRM."""
        change = Cancellation(
            id=request.key, type="cancellation", effective_date=request.day, merged_into=request.into
        )
        submission = Submission(
            event_id=request.key,
            change=change,
            actor=f"contract {request.into}",
            reason=f"merged into {request.into}",
            correlation_id=request.correlation_id,
        )
        try:
            ticket = await self._updated(handle, "submit", submission, Ticket)
        except WorkflowUpdateFailedError as error:
            if isinstance(error.cause, ApplicationError) and error.cause.type == "MergeRefused":
                return MergeStanding(status="refused", reason=error.cause.message)
            raise
        return None if ticket is None else await self._standing(handle, request.key)

    async def _of_chapter(self, standing: MergeStanding, key: str) -> MergeStanding:
        """What the chapter at work says, which is nearer to it."""
        if standing.running is None:
            return standing
        chapter = self._client.get_workflow_handle(standing.running)
        return await self._standing(chapter, key) or standing

    async def _standing(self, handle: WorkflowHandle[object, object], key: str) -> MergeStanding | None:
        """None where there is no such workflow."""
        try:
            found: MergeStanding = await handle.query("merge_standing", key, result_type=MergeStanding)
            return found
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                return None
            raise
        except WorkflowQueryFailedError:
            return MergeStanding(status="waiting", reason="it could not answer")

    async def _updated(
        self, handle: WorkflowHandle[object, object], name: str, order: object, answer: type[_Answer]
    ) -> _Answer | None:
        """None where there is no such workflow, or it does not know its contract yet."""
        try:
            found: _Answer = await handle.execute_update(name, order, result_type=answer)
            return found
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                return None
            raise
        except WorkflowUpdateFailedError as error:
            if isinstance(error.cause, ApplicationError) and error.cause.type == "NotFound":
                return None
            raise
