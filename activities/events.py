"""Finding lost events: what a platform lists is compared with our log, and what is missing is put into it."""

import datetime as dt

from temporalio import activity

from activities._errors import port_errors
from canonical.sweep import SweepOrder, Swept
from ports.events import EventSource
from ports.sweeps import SweepRecords


class EventActivities:
    def __init__(self, source: EventSource, records: SweepRecords) -> None:
        self._source, self._records = source, records

    @activity.defn(name="events.sweep")
    async def sweep(self, order: SweepOrder) -> Swept:
        """One look at the platform's list, page by page. An attempt that was cut off is made again from its
        beginning: what it has put into the log is known by then.
        """
        before = await self._records.reached(order.platform)
        since = order.since or _start(order, before)
        listed = handed_on = 0
        reached, complete_since = before, since
        with port_errors():
            async for page in self._source.events(since):
                complete_since = page.complete_since
                handed_on += await self._records.take_in(order.platform, page.events)
                listed += len(page.events)
                moments = [each.event.occurred_at for each in page.events]
                reached = max([*moments, *([reached] if reached else [])], default=None)
        if reached is not None:
            await self._records.reach(order.platform, reached)
        wanted = order.since or before
        is_cut = wanted is not None and complete_since > wanted
        if is_cut:
            activity.logger.warning("%s lists nothing before %s", order.platform, complete_since.isoformat())
        return Swept(
            platform=order.platform,
            since=since,
            listed=listed,
            known=listed - handed_on,
            handed_on=handed_on,
            reached=reached,
            unlisted_before=complete_since if is_cut else None,
        )


def _start(order: SweepOrder, before: dt.datetime | None) -> dt.datetime:
    """An event may be listed later than others of its moment: what was reached is looked at again."""
    if before is None:
        return dt.datetime.now(dt.UTC) - dt.timedelta(days=order.first_days)
    return before - dt.timedelta(minutes=order.overlap_minutes)
