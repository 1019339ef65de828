"""How a contract's workflow learns what the contract is: from the CRM, or from a document instead of it."""

import datetime as dt

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from activities.crm import ContractQuestion, ContractReading, CrmActivities
from canonical.lifecycle import Notice, Submission
from canonical.origin import Origin
from ports.crm import Approval, ApprovedChange, ContractSnapshot
from rules import agenda, metering
from rules.untaxed import without_tax
from rules.zones import day_of
from workflows._contract_life import ContractLife
from workflows._options import on_platform
from workflows._refusal import rejected
from workflows._steps import Step, Undo

_ASK_AGAIN_SECONDS = (1, 2, 4, 8, 15, 30)
"""How long to wait for a CRM whose reads lag behind its messages."""


class ContractReadings(ContractLife):
    """Each reading is taken in whole: contract, changes not known yet, usage and policy."""

    async def _ask_crm(self) -> None:
        """One reading for all notices that wait; a reading older than a notice is asked for again."""
        notices = self.state.queue
        self.desk.topic = notices[-1].event_id
        step = Step("read contract", "crm.read_contract", self.state.crm, "Read the contract from the CRM")
        reading = None
        for seconds in (*_ASK_AGAIN_SECONDS, None):
            try:
                reading = await self.steps.run(step, lambda origin: self._read(None))
            except Undo as undo:
                await self.desk.close(undo.answer, "the notice is dropped")
                reading = None
            if reading is None or seconds is None:
                break
            missing = agenda.not_shown(reading.snapshot, notices)
            if missing is None:
                break
            await workflow.sleep(seconds, summary=f"the CRM does not show version {missing} yet")
        if reading is not None and agenda.not_shown(reading.snapshot, notices) is not None:
            self.desk.adopt(reading.policy)
            reading = await self._once_shown(step, notices) or reading
        self._set(queue=self.state.queue[len(notices) :])
        if reading is not None:
            latest = max((notice.occurred_at for notice in notices), default=None)
            last = notices[-1]
            self._set(versions=agenda.with_versions(self.state, reading.snapshot, notices))
            self._learn(reading, last.correlation_id, last.event_id, latest, in_crm=True)

    async def _once_shown(self, step: Step, notices: tuple[Notice, ...]) -> ContractReading | None:
        """A reading that shows what the messages tell of, which a person looks for in the CRM; None where
        one has it left out, and what the CRM shows counts.
        """

        async def read(origin: Origin) -> ContractReading:
            reading = await self._read(None)
            missing = agenda.not_shown(reading.snapshot, notices)
            if missing is not None:
                words = (
                    f"version {missing} of contract {self.state.id} was told of, and the CRM does not show it"
                )
                raise rejected(self.state.crm, "crm.read_contract", words, field="version", code="NotShown")
            return reading

        try:
            return await self.steps.run(step, read)
        except Undo as undo:
            await self.desk.close(undo.answer, "the message is left out")
            return None

    async def _read(self, snapshot: ContractSnapshot | None) -> ContractReading:
        question = ContractQuestion(
            contract=self.state.id, status=self._status(), account=self._account(), snapshot=snapshot
        )
        reading = await workflow.execute_activity_method(
            CrmActivities.read_contract,
            question,
            **on_platform(self.state.crm, f"Read contract {self.state.id}"),
        )
        self._set(listed="activating" if question.status == "pending" else question.status)
        return reading

    def _learn(
        self,
        reading: ContractReading,
        correlation_id: str,
        event_id: str | None,
        latest: dt.datetime | None,
        *,
        in_crm: bool,
    ) -> None:
        snapshot = reading.snapshot
        items = agenda.new_items(self.state, snapshot, correlation_id, event_id, in_crm=in_crm)
        zone = reading.policy.time_zone  # the CRM's moments are days of the legal entity, not of UTC
        shown = day_of(latest, zone) if latest is not None else None
        dates = [day for day in (self.state.business_date, shown) if day is not None]
        self._set(
            contract=self.state.contract or without_tax(snapshot.contract),
            version=max(self.state.version, snapshot.version),
            planned=(*self.state.planned, *items),
            announce=self.state.announce or bool(items),
            usage=metering.take_in(self.state, reading.usage, self.today()),
            policy=reading.policy,
            business_date=max(dates, default=None),
        )
        self.desk.adopt(reading.policy)

    async def _take_submission(self) -> None:
        submission = self.state.submissions[0]
        self.desk.topic = submission.event_id
        snapshot = self._snapshot_of(submission)
        step = Step("read policy", "crm.read_contract", self.state.crm, "Read usage and policy")
        try:
            reading = await self.steps.run(step, lambda origin: self._read(snapshot))
        except Undo as undo:
            await self.desk.close(undo.answer, "the document is dropped")
            reading = None
        self._set(submissions=self.state.submissions[1:])
        if reading is not None:
            if self.state.contract is None:
                self._set(source="document")
            self._learn(reading, submission.correlation_id, submission.event_id, None, in_crm=False)

    def _snapshot_of(self, submission: Submission) -> ContractSnapshot:
        approval = Approval(
            quote=None, opportunity=None, approved_by=submission.actor, approved_at=workflow.now()
        )
        contract = submission.contract or self.state.contract
        if contract is None:
            raise ApplicationError("no contract to change", type="NotFound", non_retryable=True)
        version = max(self.state.version, 0) + 1
        changes: tuple[ApprovedChange, ...] = ()
        if submission.change is not None:
            changes = (ApprovedChange(change=submission.change, version=version, approval=approval),)
        return ContractSnapshot(contract=contract, version=version, approval=approval, changes=changes)
