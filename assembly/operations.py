"""`gateway.operations.Operations` over Temporal: what operators ask becomes queries and updates."""

import asyncio
import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from typing import TypeVar

import structlog
from temporalio.client import Client, WorkflowHandle
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.service import RPCError, RPCStatusCode

from activities.periods import PeriodPolicy
from assembly.cash_operations import TemporalCash
from assembly.change_preview import previewed
from assembly.handoff import start_of_contract
from assembly.platform_views import PlatformDesk
from assembly.revenue_operations import TemporalRevenue
from assembly.standing_workflows import not_running
from assembly.sweep_operations import TemporalSweeps
from assembly.translation_operations import TemporalTranslations
from canonical.change import ContractChange
from canonical.ids import contract_workflow_id, late_usage_workflow_id
from canonical.lifecycle import ContractState, Submission, Ticket
from canonical.lifecycle import ContractView as StateView
from canonical.metering import LateUsageInput
from canonical.scenario import Scenario
from canonical.sweep import SweepOrder
from gateway.operations import (
    Actor,
    ChangePreview,
    ChangeView,
    ContractOrExceptionNotFound,
    ContractView,
    InvalidRequest,
    PlatformView,
    ResolveResult,
    Started,
    TemporalUnreachable,
    TimelineItem,
)
from ports.periods import PeriodRecords
from ports.records import OverrideRecord, ResolveAction
from rules.validation import InvalidScenario, validate
from store.exceptions import ExceptionQueue, RecordedException
from workflows._attributes import CONTRACT
from workflows._messages import OverrideDecision, OverrideRequest, OverrideView, Resolve, Resolved
from workflows._options import WORKFLOW_QUEUE, platform_queue
from workflows.contract import ContractWorkflow
from workflows.late_usage import LateUsageWorkflow

T = TypeVar("T")

_log = structlog.get_logger("operations")

_PATIENCE_SECONDS = 15


class TemporalOperations(TemporalCash, TemporalRevenue, TemporalTranslations, TemporalSweeps):
    """`ui_url` is the Web UI's address, None where it is not known; `crm` the platform that contracts are
    read from where a document does not say.
    """

    def __init__(
        self,
        client: Client,
        exceptions: ExceptionQueue,
        platforms: PlatformDesk,
        *,
        tenant: str,
        crm: str,
        ui_url: str | None,
        periods: PeriodRecords,
        period_policy: PeriodPolicy,
        sweeps: Mapping[str, SweepOrder],
    ) -> None:
        super().__init__(client, tenant=tenant, ui_url=ui_url)
        self._exceptions = exceptions
        self._platforms = platforms
        self._crm = crm
        self._periods = periods
        self._period_policy = period_policy
        self._sweeps = sweeps

    async def check(self) -> None:
        try:
            async with asyncio.timeout(3):
                await self._client.service_client.check_health()
        except (RPCError, TimeoutError, RuntimeError) as error:
            raise TemporalUnreachable("Temporal does not answer") from error

    async def start_contract(self, scenario: Scenario, actor: Actor) -> Started:
        contract = scenario.contract
        _validated(scenario)
        submission = Submission(
            event_id=f"document/{contract.id}/{_digest(contract.model_dump_json())}",
            contract=contract,
            actor=actor.name,
            reason="started from a document",
            correlation_id=actor.request_id,
        )
        ticket: Ticket = await self._asked(
            self._client.execute_update_with_start_workflow(
                ContractWorkflow.submit,
                submission,
                id=actor.request_id,  # what was submitted before, the workflow knows by its event id
                start_workflow_operation=start_of_contract(contract.id, self._tenant, self._crm),
            )
        )
        workflow_id = contract_workflow_id(contract.id)
        return Started(
            contract=contract.id,
            workflow_id=workflow_id,
            run_url=self._url(workflow_id, None),
            already_known=not ticket.accepted,
        )

    async def change_contract(self, scenario: Scenario, change: str | None, actor: Actor) -> Started:
        _validated(scenario)
        chosen = _chosen(scenario.changes, change)
        contract = scenario.contract.id
        handle = self._handle(contract_workflow_id(contract))
        new = []
        for each in chosen:
            submission = Submission(
                event_id=f"document/{contract}/{each.id}/{_digest(each.model_dump_json())}",
                change=each,
                actor=actor.name,
                reason="changed from a document",
                correlation_id=actor.request_id,
            )
            ticket = await self._asked(
                handle.execute_update(
                    "submit", submission, id=f"{actor.request_id}/{each.id}", result_type=Ticket
                )
            )
            if ticket.accepted:
                new.append(each.id)
        workflow_id = contract_workflow_id(contract)
        return Started(
            contract=contract,
            workflow_id=workflow_id,
            run_url=self._url(workflow_id, None),
            changes=tuple(new),
            already_known=not new,
        )

    async def preview_change(self, contract_id: str, change: ContractChange) -> ChangePreview:
        return previewed(await self.contract_whole(contract_id), change, dt.datetime.now(dt.UTC))

    async def contract_whole(self, contract_id: str) -> ContractState:
        handle = self._handle(contract_workflow_id(contract_id))
        try:
            state: ContractState = await self._asked(handle.query("whole_state", result_type=ContractState))
        except ContractOrExceptionNotFound as error:
            raise ContractOrExceptionNotFound(f"there is no contract {contract_id}") from error
        return state

    async def contract_state(self, contract_id: str) -> ContractView:
        """The workflow's word; what waits for a person (the store knows) shows as blocked."""
        workflow_id = contract_workflow_id(contract_id)
        try:
            state: StateView = await self._asked(
                self._handle(workflow_id).query("state", result_type=StateView)
            )
        except ContractOrExceptionNotFound as error:
            raise ContractOrExceptionNotFound(f"there is no contract {contract_id}") from error
        waiting = await self._exceptions.list(status="open", contract=contract_id, limit=1000)
        blocked = {item.change for item in waiting if item.change is not None}
        running = {item.workflow_id for item in waiting}
        is_blocked = state.running in running or workflow_id in running
        is_blocked = is_blocked or await self._held(state.running or workflow_id) is not None
        contract = state.contract
        return ContractView(
            id=contract_id,
            status="blocked" if is_blocked else state.status,
            account=contract.account.id if contract else "",
            legal_entity=contract.legal_entity if contract else "",
            currency=contract.currency if contract else "",
            version=state.version,
            workflow_id=workflow_id,
            run_url=self._url(workflow_id, state.run_id),
            changes=tuple(
                ChangeView(
                    id=change.id,
                    type=change.type,
                    status="blocked"
                    if change.id in blocked and change.status == "running"
                    else change.status,
                    effective_date=change.effective_date,
                    workflow_id=None if change.status == "planned" else change.workflow_id,
                    run_url=None
                    if change.status == "planned"
                    else self._url(change.workflow_id, change.run_id),
                )
                for change in state.changes
            ),
        )

    async def contract_timeline(self, contract_id: str) -> tuple[TimelineItem, ...]:
        """The chapters as Temporal knows them; the store tells the rest."""
        state: StateView = await self._asked(
            self._handle(contract_workflow_id(contract_id)).query("state", result_type=StateView)
        )
        items = []
        for change in state.changes:
            if change.status == "planned":
                continue
            try:
                description = await self._handle(change.workflow_id).describe()
            except RPCError as error:
                if error.status == RPCStatusCode.NOT_FOUND:
                    continue  # its history is older than Temporal keeps
                raise TemporalUnreachable("Temporal does not answer") from error
            items.append(
                TimelineItem(
                    at=description.start_time,
                    kind="change",
                    summary=f"{change.type} {change.id}, effective {change.effective_date}: {change.status}",
                    actor="q2c",
                    correlation_id=None,
                    links=self._links(change.workflow_id, description.run_id),
                )
            )
        held = await self._held(state.running or contract_workflow_id(contract_id))
        return (*items, held) if held else tuple(items)

    async def _held(self, workflow_id: str) -> TimelineItem | None:
        """That a call of the workflow waits for a platform which is paused; None where none does."""
        paused = await self._platforms.paused()
        if not paused:
            return None
        try:
            description = await self._handle(workflow_id).describe()
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                return None
            raise TemporalUnreachable("Temporal does not answer") from error
        waiting = description.raw_description.pending_activities
        queues = {activity.activity_options.task_queue.name for activity in waiting}
        pause = next((each for name, each in paused.items() if platform_queue(name) in queues), None)
        if pause is None:
            return None
        return TimelineItem(
            at=pause.paused_at,
            kind="pause",
            summary=f"waits for {pause.platform}, which is paused: {pause.reason}",
            actor=pause.paused_by,
            correlation_id=None,
            links=self._links(workflow_id, description.run_id),
        )

    async def tell_of_usage(self, contracts: Sequence[str]) -> None:
        for contract in contracts:
            handle = self._handle(contract_workflow_id(contract))
            try:
                await self._asked(handle.signal("usage_reported"))
            except ContractOrExceptionNotFound:
                await self._asked(self._leave_to_a_person(contract))

    async def look_after_usage(self, contracts: Sequence[str]) -> None:
        named = {contract_workflow_id(each): each for each in contracts}
        try:
            for workflow_id in await self._asked(not_running(self._client, [*named])):
                await self._asked(self._leave_to_a_person(named[workflow_id]))
        except TemporalUnreachable:
            _log.warning("not looked whether the workflows that bill usage run", contracts=len(contracts))

    async def _leave_to_a_person(self, contract: str) -> None:
        """Starts the workflow that asks one, or tells it that there is more."""
        await self._client.start_workflow(
            LateUsageWorkflow.run,
            LateUsageInput(tenant=self._tenant, contract=contract),
            id=late_usage_workflow_id(contract),
            task_queue=WORKFLOW_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            start_signal="reported",
            search_attributes=TypedSearchAttributes([SearchAttributePair(CONTRACT, contract)]),
            static_summary=f"usage of contract {contract}, which has ended or runs no more",
        )

    async def resolve(
        self,
        exception: RecordedException,
        action: ResolveAction,
        reason: str,
        actor: Actor,
        set: dict[str, str],
    ) -> ResolveResult:
        order = Resolve(
            action=action,
            reason=reason,
            actor=actor.name,
            role=actor.role,
            exception=exception.id,
            set=set,
        )
        handle = self._handle(exception.workflow_id)
        taken = await self._asked(
            handle.execute_update("resolve", order, id=actor.request_id, result_type=Resolved)
        )
        return ResolveResult(exception=taken.exception, action=taken.action)

    async def request_override(
        self, exception: RecordedException, action: ResolveAction, reason: str, actor: Actor
    ) -> OverrideRecord:
        request = OverrideRequest(
            exception=exception.id, action=action, reason=reason, actor=actor.name, role=actor.role
        )
        handle = self._handle(exception.workflow_id)
        view = await self._asked(
            handle.execute_update("request_override", request, id=actor.request_id, result_type=OverrideView)
        )
        return _record(view, exception.contract)

    async def approve_override(self, override: OverrideRecord, reason: str, actor: Actor) -> OverrideRecord:
        return await self._decide(override, True, reason, actor)

    async def reject_override(self, override: OverrideRecord, reason: str, actor: Actor) -> OverrideRecord:
        return await self._decide(override, False, reason, actor)

    async def _decide(
        self, override: OverrideRecord, approve: bool, reason: str, actor: Actor
    ) -> OverrideRecord:
        item = await self._exceptions.get(override.exception_id)
        if item is None:
            raise ContractOrExceptionNotFound(f"there is no exception {override.exception_id}")
        decision = OverrideDecision(
            override=override.id, approve=approve, reason=reason, actor=actor.name, role=actor.role
        )
        handle = self._handle(item.workflow_id)
        view = await self._asked(
            handle.execute_update("decide_override", decision, id=actor.request_id, result_type=OverrideView)
        )
        return _record(view, override.contract)

    async def platforms(self, *, check: bool = False) -> tuple[PlatformView, ...]:
        return await self._platforms.views(check=check)

    async def pause_platform(self, platform: str, reason: str, actor: Actor) -> PlatformView:
        return await self._platforms.pause(platform, reason, actor)

    async def resume_platform(self, platform: str, reason: str, actor: Actor) -> PlatformView:
        return await self._platforms.resume(platform, reason, actor)

    def _handle(self, workflow_id: str) -> WorkflowHandle[object, object]:
        return self._client.get_workflow_handle(workflow_id)

    def _links(self, workflow_id: str, run_id: str) -> dict[str, str]:
        url = self._url(workflow_id, run_id)
        return {"workflow": url} if url else {}


def _validated(scenario: Scenario) -> None:
    try:
        validate(scenario)
    except InvalidScenario as error:
        raise InvalidRequest(str(error)) from error


def _chosen(changes: tuple[ContractChange, ...], wanted: str | None) -> tuple[ContractChange, ...]:
    if wanted is None:
        if not changes:
            raise InvalidRequest("the document has none", field="changes")
        return changes
    found = tuple(change for change in changes if change.id == wanted)
    if not found:
        raise InvalidRequest(f"the document has no change {wanted}", field="changes")
    return found


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _record(view: OverrideView, contract: str) -> OverrideRecord:
    values = view.model_dump()
    values["exception_id"] = values.pop("exception")
    return OverrideRecord.model_validate(values | {"contract": contract})
