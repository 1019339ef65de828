"""A platform's own list of events against our log: what was lost on the way is handed on after all.

Started by a schedule, and by people who don't want to wait for it.
"""

from temporalio import workflow

from activities.events import EventActivities
from canonical.sweep import SweepOrder, Swept
from workflows._options import in_listing, platform_queue


@workflow.defn(name="EventSweep")
class EventSweepWorkflow:
    @workflow.run
    async def run(self, order: SweepOrder) -> Swept:
        """What was found is in the event log, from where the gateway's relay hands it on."""
        swept = await workflow.execute_activity_method(
            EventActivities.sweep,
            order,
            **in_listing(platform_queue(order.platform), f"Look for lost events of {order.platform}"),
        )
        since = f"{swept.since:%Y-%m-%d %H:%M} UTC"
        workflow.set_current_details(f"{swept.listed} listed since {since}, {swept.handed_on} handed on")
        return swept
