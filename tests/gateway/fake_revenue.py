"""The revenue's part of the operations, answered as told."""

import datetime as dt
from collections.abc import Sequence

from gateway.operations import Actor
from gateway.revenue_operations import RevenueRun
from rules.waterfall import WaterfallRow
from tests.gateway.asked import Asked


class FakeRevenue(Asked):
    async def start_revenue(
        self, entity: str, period: str, as_of: dt.date | None, actor: Actor
    ) -> RevenueRun:
        self._asked("revenue", (entity, period, as_of, actor.name))
        return RevenueRun(entity=entity, period=period, workflow_id=f"revenue/{entity}/{period}")

    async def revenue_run(self, entity: str, period: str) -> RevenueRun:
        self._asked("revenue run", (entity, period))
        return RevenueRun(entity=entity, period=period, workflow_id="revenue/x", status="done")

    async def waterfalls(
        self, contracts: Sequence[str], first: dt.date, last: dt.date
    ) -> tuple[tuple[WaterfallRow, ...] | None, ...]:
        self._asked("waterfalls", (tuple(contracts), first, last))
        return (None,) * len(contracts)
