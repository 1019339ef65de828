"""What the close of a period rests on, and its record."""

import datetime as dt

from temporalio import activity

from activities.periods import PeriodPolicy
from canonical.base import Noun
from canonical.policy import PolicyExcerpt
from canonical.reconciliation import Break
from ports.periods import CloseRecord, PeriodRecords, RecordedRun
from rules.zones import day_of


class CloseQuestion(Noun):
    entity: str
    period: str


class CloseState(Noun):
    """How a period stands. `blocking` are the open breaks that hold it up, `explained` the ids of those that
    a second person has accepted, `as_of` the day up to which the newest run has looked, `open_entities` the
    others of the same ERP that have contracts and have not closed the period.
    """

    closed: CloseRecord | None
    run: RecordedRun | None
    as_of: dt.date | None
    today: dt.date
    blocking: tuple[Break, ...]
    explained: tuple[str, ...]
    open_entities: tuple[str, ...]
    before_period_end: bool
    policy: PolicyExcerpt


class CloseActivities:
    def __init__(self, records: PeriodRecords, policy: PeriodPolicy) -> None:
        self._records, self._policy = records, policy

    @activity.defn(name="closes.state")
    async def state(self, question: CloseQuestion) -> CloseState:
        return await close_state(self._records, self._policy, question.entity, question.period)

    @activity.defn(name="closes.record")
    async def record(self, record: CloseRecord) -> None:
        await self._records.record_close(record)


async def close_state(records: PeriodRecords, policy: PeriodPolicy, entity: str, period: str) -> CloseState:
    """Reads how the period stands; changes nothing."""
    excerpt = policy.excerpt(entity)
    run = await records.newest_run(entity, period)
    breaks = await records.breaks(entity, period, ("open", "explained"))
    entities = set((await records.contract_entities()).values()) - {entity}
    same_books = [each for each in sorted(entities) if policy.excerpt(each).route.erp == excerpt.route.erp]
    waiting = [each for each in same_books if await records.close_of(each, period) is None]
    return CloseState(
        closed=await records.close_of(entity, period),
        run=run,
        as_of=run.as_of if run is not None else None,
        today=day_of(dt.datetime.now(dt.UTC), excerpt.time_zone),
        blocking=tuple(each.found for each in breaks if each.blocks),
        explained=tuple(each.found.id for each in breaks if each.status == "explained"),
        open_entities=tuple(waiting),
        before_period_end=policy.reconciliation().close_before_period_end,
        policy=excerpt,
    )
