"""The contract's life: one workflow per contract, for years.

It is a queue. Handlers check, append and answer; the loop takes one thing at a time: a notice (ask the CRM
what the contract is now), a change that has come due (carried out as a chapter of its own), a term's end.
What it holds is small and goes on, unchanged, when the history is cut (continue as new).
"""

import asyncio
import datetime as dt
from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.exceptions import (
    ApplicationError,
    ChildWorkflowError,
    FailureError,
    is_cancelled_exception,
)

from canonical.ids import change_workflow_id
from canonical.lifecycle import (
    AcceptedDocument,
    ApprovedItem,
    CarriedChange,
    ChangeInput,
    ChangeResult,
    ChangeStatus,
    ContractAnswer,
    ContractNow,
    ContractState,
    ContractStatus,
    ContractView,
    DocumentQuestion,
    Notice,
    StateQuestion,
    Submission,
    Ticket,
    UsageNotice,
)
from rules import agenda, ahead, metering
from rules.accepted import taken_in
from rules.contract_view import answer_to, changes_of, chapter_of, waits_for
from rules.merge_circle import merges_back
from rules.zones import start_of
from workflows._announcement import announced
from workflows._attributes import ACCOUNT, CONTRACT, LEGAL_ENTITY, STATUS
from workflows._contract_reading import ContractReadings
from workflows._contract_usage import ContractUsage
from workflows._desk import invalid
from workflows._merging import Merging
from workflows._options import WORKFLOW_QUEUE
from workflows._steps import Step, Undo

_SEEN = 500
"""How many event ids are remembered; the gateway's log remembers all of them."""

_EXPECTED = 60
"""How many planned documents are kept as they were planned; older ones are computed again by the rules."""


@workflow.defn(name="Contract")
class ContractWorkflow(ContractReadings, ContractUsage, Merging):
    @workflow.init
    def __init__(self, state: ContractState) -> None:
        super().__init__(state)
        self._alarm: asyncio.Task[None] | None = None
        self._alarm_day: dt.date | None = None
        self._is_resting = False
        self._shown: tuple[str, str | None] = (state.status, self._account())

    # -- what others say and ask -----------------------------------------------------------------

    @workflow.update(name="notify")
    def notify(self, notice: Notice) -> Ticket:
        """Takes a message in; the same one twice changes nothing, an old one is acknowledged and ignored."""
        if notice.event_id in self.state.seen:
            return Ticket(event_id=notice.event_id, accepted=False, reason="seen before")
        seen = (*self.state.seen, notice.event_id)[-_SEEN:]
        if agenda.is_known(self.state, notice.version):
            self._set(seen=seen)
            return Ticket(event_id=notice.event_id, accepted=False, reason="not newer than what is known")
        self._set(seen=seen, queue=(*self.state.queue, notice))
        return Ticket(event_id=notice.event_id, accepted=True)

    @notify.validator
    def check_notice(self, notice: Notice) -> None:
        if notice.contract != self.state.id:
            raise invalid(f"contract: the notice is for {notice.contract}, not {self.state.id}")

    @workflow.update(name="submit")
    def submit(self, submission: Submission) -> Ticket:
        """Takes a contract or a change from a document instead of the CRM."""
        if submission.event_id in self.state.seen:
            return Ticket(event_id=submission.event_id, accepted=False, reason="seen before")
        if agenda.has(self.state, submission):
            return Ticket(event_id=submission.event_id, accepted=False, reason="known already")
        seen = (*self.state.seen, submission.event_id)[-_SEEN:]
        self._set(seen=seen, submissions=(*self.state.submissions, submission))
        return Ticket(event_id=submission.event_id, accepted=True)

    @submit.validator
    def check_submission(self, submission: Submission) -> None:
        known = self.state.contract is not None or any(s.contract for s in self.state.submissions)
        if submission.contract is None and not known:
            raise ApplicationError(
                f"contract {self.state.id} is not known", type="NotFound", non_retryable=True
            )
        if submission.contract is not None and submission.contract.id != self.state.id:
            raise invalid(f"contract.id: {submission.contract.id} is not {self.state.id}")
        if (words := merges_back(self.state, submission.change)) is not None:
            raise ApplicationError(words, type="MergeRefused", non_retryable=True)

    @workflow.signal(name="business_date")
    def on_business_date(self, date: dt.date) -> None:
        """A platform's clock has shown a later day than ours (sandboxes): what is due by it is due."""
        if self.state.business_date is None or date > self.state.business_date:
            self._set(business_date=date)

    @workflow.signal(name="document_voided")
    def on_document_voided(self, key: str) -> None:  # and a person has accepted it: it is no longer due
        self._set(voided=tuple(dict.fromkeys((*self.state.voided, key))))

    @workflow.signal(name="document_accepted")
    def on_document_accepted(self, accepted: AcceptedDocument) -> None:
        """A person has let a document in as it was issued; it bills, earns and is credited as that."""
        known, changes = self.state.accepted, agenda.carried_by(self.state, self.running)
        self._set(accepted=taken_in(known, accepted, changes, self.today()))

    @workflow.signal(name="usage")
    def on_usage(self, notice: UsageNotice) -> None:
        """Usage that has come since the contract was read; with it the invoice of the date is closed."""
        self.state = metering.after_notice(self.state, notice)

    @workflow.signal(name="resolve")
    async def resolve_by_signal(self, order: Any = None) -> None:
        """Hands an order on to the chapter at work, which has the exception: in an emergency one knows the
        contract's name.
        """
        if self.running is None or self.desk.open:
            self.desk.resolve_by_signal(order)
            return
        try:
            await workflow.get_external_workflow_handle(self.running).signal("resolve", order)
        except FailureError as error:
            workflow.logger.warning("resolve signal not handed on to %s: %s", self.running, error.message)

    @workflow.query(name="state")
    def view(self) -> ContractView:
        state = self.state
        return ContractView(
            id=state.id,
            status=self._status(),
            contract=self._contract_of_now(),
            version=state.version,
            changes=changes_of(state, self.running),
            ids=state.ids,
            running=self.running,
            exceptions=self.desk.open,
            run_id=workflow.info().run_id,
            waiting_for=self._waiting_for(),
        )

    @workflow.query(name="whole_state")
    def whole_state(self) -> ContractState:
        return self.state

    @workflow.query(name="now")
    def now(self, question: StateQuestion) -> ContractNow:
        """What runs over many contracts ask of each, in one question."""
        left_out: dict[str, object] = {"seen": ()}
        if not question.documents:
            left_out |= {"expected": (), "issued_by": {}}
        return ContractNow(
            state=self.state.model_copy(update=left_out),
            running=self.running,
            status=self._status(),
            is_resting=self._is_resting,
        )

    @workflow.query(name="expected_document")
    def expected_document(self, question: DocumentQuestion) -> ContractAnswer:
        """The document that the rules expect, and what posting it needs. Not ready while a change is due."""
        return answer_to(question, self.state, self._items(), self.running)

    # -- the loop --------------------------------------------------------------------------------

    @workflow.run
    async def run(self, state: ContractState) -> None:
        while True:
            if self.state.submissions:
                await self._take_submission()
            elif self.state.queue:
                await self._ask_crm()
            elif (item := self._due()) is not None:
                await self._carry_out(item)
            elif self.state.announce:
                await self._announce()
            elif self._usage_waits():
                await self._take_in_after_the_end()
            elif self._may_cut_history():
                workflow.continue_as_new(self.state)
            else:
                await self._rest()

    def _due(self) -> ApprovedItem | None:
        today = self.today()
        renewal = agenda.auto_renewal(self.state, today)
        if renewal is not None:
            self._set(planned=(*self.state.planned, renewal))
        due = agenda.due_item(self.state, today)
        if due is None and agenda.is_active(self.state):
            due = ahead.falls_due(self.state, today, self._platform_day())
            self._set(planned=(*self.state.planned, due) if due else self.state.planned, owes=False)
        return due

    async def _rest(self) -> None:
        """Waits for a message, or for the day on which something falls due. One timer for each such day."""
        before = self.today()  # another day that comes from here on wakes it
        await self._show_status()
        day = agenda.next_day(self.state, self.today())
        if day != self._alarm_day:
            if self._alarm is not None:
                self._alarm.cancel()
            self._alarm = None if day is None else asyncio.create_task(self._sleep_until(day))
            self._alarm_day = day
        self._is_resting = True
        await workflow.wait_condition(
            lambda: (
                bool(self.state.queue or self.state.submissions or self.state.announce or self._usage_calls())
                or self.today() != before
                or (self._alarm is not None and self._alarm.done())
            )
        )
        self._is_resting = False
        if self._alarm is not None and self._alarm.done():
            self._alarm, self._alarm_day = None, None

    async def _sleep_until(self, day: dt.date) -> None:
        start = start_of(day, self._zone())
        await workflow.sleep(
            max(start - workflow.now(), dt.timedelta(seconds=1)), summary=f"until {day.isoformat()}"
        )

    def _may_cut_history(self) -> bool:
        """Only at a quiet point: nothing waits, nothing runs, nobody is being answered."""
        quiet = not self.desk.open and self.running is None and workflow.all_handlers_finished()
        return quiet and workflow.info().is_continue_as_new_suggested()

    # -- carrying out ----------------------------------------------------------------------------

    async def _carry_out(self, item: ApprovedItem) -> None:
        """One change as a chapter of its own, to its end, whatever that is."""
        if agenda.is_void(self.state, item) or item.id in self.state.withdrawn:
            if item.announced and item.id in self.state.withdrawn:
                await self._announce()  # without it: the platform goes on
                self._note_unbilled(item)
            self._carried(item, "skipped", None)
            return
        today, platform_day = self.today(), self._platform_day()
        day = ahead.taken_in_on(self.state, item, today, platform_day)
        if day > today:
            late = ahead.received(item, day)
            self._set(
                planned=tuple(late if i.id == item.id else i for i in self.state.planned), announce=True
            )
            return
        self.desk.topic = item.id
        await self._take_in_before(item)
        given = ChangeInput(
            state=self.state.model_copy(update={"seen": (), "queue": (), "submissions": ()}),
            item=item,
            as_of=today,
            until=agenda.until(self.state, item, today),
            drafted_through=platform_day,
        )
        step = Step(f"chapter {item.id}", item.type, "temporal", f"Carry out {item.type} {item.id}")
        self.running = change_workflow_id(self.state.id, item.type, item.id)
        self._set(listed=self._status())
        try:
            result = await self.steps.run(step, lambda origin: self._chapter(given))
        except Undo as undo:
            await self.desk.close(undo.answer, "left to the chapter's own compensation")
            result = None
        finally:
            self.running = None
        if result is None:
            self._carried(item, "skipped", None)
        else:
            self._take_result(given, result)
            self._set(listed=result.listed or self._status())
            if result.status != "done":
                self._note_unbilled(item)

    async def _chapter(self, given: ChangeInput) -> ChangeResult:
        """Starts the change's workflow and awaits it. Raises ApplicationError where it failed."""
        item, contract = given.item, self._contract()
        attributes = TypedSearchAttributes(
            [
                SearchAttributePair(CONTRACT, self.state.id),
                SearchAttributePair(ACCOUNT, contract.account.id),
                SearchAttributePair(LEGAL_ENTITY, contract.legal_entity),
                SearchAttributePair(STATUS, "running"),
            ]
        )
        try:
            result: ChangeResult = await workflow.execute_child_workflow(
                chapter_of(item),
                given,
                result_type=ChangeResult,
                id=change_workflow_id(self.state.id, item.type, item.id),
                task_queue=WORKFLOW_QUEUE,
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                search_attributes=attributes,
                static_summary=f"{item.type} of contract {self.state.id}, effective {item.effective_date}",
                static_details=f"Change `{item.id}`, version {item.version}, event `{item.event_id}`",
            )
            return result
        except ChildWorkflowError as error:
            if is_cancelled_exception(error):
                return ChangeResult(
                    status="compensated",
                    contract=contract,
                    changes=self.state.changes_in_force(),
                    ids=self.state.ids,
                    documents=(),
                    note="the change's workflow was cancelled",
                )
            raise ApplicationError(
                f"{item.type} {item.id} ended with a failure: {error.cause}",
                type="ChapterFailed",
                non_retryable=True,
            ) from error

    def _take_result(self, given: ChangeInput, result: ChangeResult) -> None:
        item = given.item
        by_id = {change.id: change for change in result.changes}
        self._set(
            carried=tuple(
                carried.model_copy(update={"change": by_id.get(carried.id, carried.change)})
                for carried in self.state.carried
            ),
            contract=result.contract,
            ids=result.ids,
            items=result.items,
        )
        self._carried(
            item.model_copy(update={"change": by_id.get(item.id, item.change)}), result.status, result.note
        )
        if result.status == "done":
            expected = (*self.state.expected, *result.documents)[-_EXPECTED:]
            issued_by = self.state.issued_by | {document.key: item.id for document in result.documents}
            self._set(
                expected=expected,
                issued_by={key: issued_by[key] for key in (d.key for d in expected) if key in issued_by},
                billed_through=result.billed_through or given.until,
                cycle_from=result.cycle_from or self.state.cycle_from,
                term_end=result.term_end,
            )
            self._set(usage_closed=metering.closed_after(given.state, self.state, given.as_of))

    def _note_unbilled(self, item: ApprovedItem) -> None:
        """The change is not carried out, and the platform was told of it."""
        through = max(self.today(), self._platform_day())
        self._set(unbilled=(*self.state.unbilled, *ahead.unbilled_of(item, through)))

    def _carried(self, item: ApprovedItem, status: ChangeStatus, note: str | None) -> None:
        entry = CarriedChange(
            id=item.id,
            type=item.type,
            version=item.version,
            effective_date=item.effective_date,
            status=status,
            change=item.change,
            workflow_id=change_workflow_id(self.state.id, item.type, item.id),
        )
        self._set(
            planned=tuple(other for other in self.state.planned if other.id != item.id),
            carried=(*self.state.carried, entry),
            announce=any(other.id != item.id for other in self.state.planned),
            owes=self.state.owes or status != "done",
            usage_read=False,
        )
        if note:
            workflow.logger.info("change %s: %s", item.id, note)

    async def _announce(self) -> None:
        """Tells the billing platform what is planned, so that it bills right on the day by itself."""
        self._set(announce=False)
        self.desk.topic = f"announce on {self.today()}"
        planned = await announced(self.state, self.steps, self.today(), self._platform_day())
        told = {item.id: item for item in planned}
        self._set(planned=tuple(told.get(item.id, item) for item in self.state.planned))

    async def _show_status(self) -> None:
        """Search attributes and the list cost an action each time, so they are set only where they differ."""
        status, account = self._status(), self._account()
        workflow.set_current_details(self._waiting_for())
        if (status, account) != self._shown:
            self._shown = status, account
            self._show(status, account)
        if account is not None and status not in ("blocked", self.state.listed or status):
            await self._list(status, account)

    def _show(self, status: ContractStatus, account: str | None) -> None:
        pairs = [STATUS.value_set(status)]
        if self.state.contract is not None and account is not None:
            pairs.append(ACCOUNT.value_set(account))
            pairs.append(LEGAL_ENTITY.value_set(self.state.contract.legal_entity))
        workflow.upsert_search_attributes(pairs)
        self._set(status=status)

    def _waiting_for(self) -> str:
        if self.running is not None:
            return f"Carries out {self.running}"
        return f"{self._status()}; {waits_for(self.state, self.today())}"
