"""How a contract's workflow learns of usage that no draft will ask about: before a change, and after its end.

While the contract goes on, each cycle's draft asks what is reported (`expected_document`). A change that ends
a period issues that period's usage itself, and once the contract has ended no draft is ever to come; so then
it reads the usage by itself, and is told of what is reported later.
"""

from temporalio import workflow
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.exceptions import FailureError, WorkflowAlreadyStartedError

from activities.records import RecordsActivities, UsageHandover, UsageQuestion
from canonical.change import Cancellation
from canonical.ids import late_usage_workflow_id
from canonical.lifecycle import ApprovedItem
from canonical.metering import LateUsageInput
from rules import agenda, metering
from workflows._attributes import CONTRACT
from workflows._contract_life import ContractLife
from workflows._options import WORKFLOW_QUEUE, in_records


class ContractUsage(ContractLife):
    @workflow.signal(name="usage_reported")
    def on_usage_reported(self) -> None:
        """Usage has been reported once the contract had ended; where it goes on, its next draft asks."""
        self._set(usage_reported=agenda.has_ended(self.state, self.today()))

    def _usage_calls(self) -> bool:
        """Whether a message about usage has come that leads to something to do."""
        return self.state.usage_reported or (self.state.owes and agenda.is_active(self.state))

    def _usage_waits(self) -> bool:
        """Whether usage is to be read by itself: it has been reported since the end, or the end is new."""
        state = self.state
        if state.usage_reported:
            return True
        is_new = agenda.has_ended(state, self.today()) and not state.usage_read
        return is_new and metering.has_usage(state)

    async def _take_in_after_the_end(self) -> None:
        """Lists the contract as ended, then reads: what is reported later, the gateway tells of."""
        self._set(usage_reported=False)
        status = self._status()
        await self._read_usage(status)
        self._set(usage_read=True, owes=True, listed=status)
        merged = agenda.merged_into(self.state)
        if merged is not None and metering.is_used_from(self.state.usage, merged.effective_date):
            await self._hand_on(merged)

    async def _hand_on(self, merged: Cancellation) -> None:
        """Usage since the merge is the leading contract's: reported to it too, and it is told where it has
        ended itself.
        """
        if merged.merged_into is None:
            raise ValueError("a contract that is merged names the one that leads")
        handover = UsageHandover(contract=self.state.id, to=merged.merged_into, since=merged.effective_date)
        handed = await workflow.execute_local_activity_method(
            RecordsActivities.hand_on_usage, handover, **in_records("Hand on the usage since the merge")
        )
        if handed.events:
            await self._tell_of_usage(merged.merged_into)

    async def _tell_of_usage(self, contract: str) -> None:
        """By the workflow that asks a person where the contract's own runs no more."""
        workflow_id = late_usage_workflow_id(contract)
        while True:
            try:
                await workflow.start_child_workflow(
                    "LateUsage",
                    LateUsageInput(tenant=self.state.tenant, contract=contract),
                    id=workflow_id,
                    task_queue=WORKFLOW_QUEUE,
                    parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                    search_attributes=TypedSearchAttributes([SearchAttributePair(CONTRACT, contract)]),
                    static_summary=f"usage of contract {contract}, reported to {self.state.id}",
                )
                return
            except WorkflowAlreadyStartedError:
                workflow.logger.info("usage of %s is being told already", contract)
            try:
                await workflow.get_external_workflow_handle(workflow_id).signal("reported")
                return
            except FailureError:  # it has ended in between
                workflow.logger.info("usage of %s is told anew", contract)

    async def _take_in_before(self, item: ApprovedItem) -> None:
        """What is reported by now, so that the change's own documents have it."""
        by_itself = item.type in ("activation", "billing")
        if not by_itself and metering.has_usage(self.state):
            await self._read_usage(None)

    async def _read_usage(self, status: str | None) -> None:
        question = UsageQuestion(contract=self.state.id, status=status, version=self.state.version)
        reading = await workflow.execute_local_activity_method(
            RecordsActivities.usage, question, **in_records("Read the usage reported")
        )
        self._set(usage=metering.take_in(self.state, reading.usage, self.today()))
