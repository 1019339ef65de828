"""How a contract's workflow learns of usage that no draft will ask about: before a change, and after its end.

While the contract goes on, each cycle's draft asks what is reported (`expected_document`). A change that ends
a period issues that period's usage itself, and once the contract has ended no draft is ever to come; so then
it reads the usage by itself, and is told of what is reported later.
"""

from temporalio import workflow

from activities.records import RecordsActivities, UsageQuestion
from canonical.lifecycle import ApprovedItem
from rules import agenda, metering
from workflows._contract_life import ContractLife
from workflows._options import in_records

_PATCH = "usage-read-anew"


class ContractUsage(ContractLife):
    @workflow.signal(name="usage_reported")
    def on_usage_reported(self) -> None:
        """Usage has been reported once the contract had ended; where it goes on, its next draft asks."""
        self._set(usage_reported=agenda.has_ended(self.state, self.today()))

    def _usage_waits(self) -> bool:
        """Whether usage is to be read by itself: it has been reported since the end, or the end is new."""
        state = self.state
        if state.usage_reported:
            return True
        is_new = agenda.has_ended(state, self.today()) and not state.usage_read
        return is_new and metering.has_usage(state) and workflow.patched(_PATCH)

    async def _take_in_after_the_end(self) -> None:
        """Lists the contract as ended, then reads: what is reported later, the gateway tells of."""
        self._set(usage_reported=False)
        await self._read_usage(self._status())
        self._set(usage_read=True, owes=True)

    async def _take_in_before(self, item: ApprovedItem) -> None:
        """What is reported by now, so that the change's own documents have it."""
        by_itself = item.type in ("activation", "billing")
        if not by_itself and metering.has_usage(self.state) and workflow.patched(_PATCH):
            await self._read_usage(None)

    async def _read_usage(self, status: str | None) -> None:
        question = UsageQuestion(contract=self.state.id, status=status, version=self.state.version)
        reading = await workflow.execute_local_activity_method(
            RecordsActivities.usage, question, **in_records("Read the usage reported")
        )
        self._set(usage=metering.take_in(self.state, reading.usage, self.today()))
