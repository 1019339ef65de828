"""What the operations API asks of the workflows that post a month's revenue."""

import datetime as dt
from typing import TYPE_CHECKING, Protocol

from canonical.base import Noun
from canonical.revenue import RevenueTally
from gateway.period_operations import RunStatus

if TYPE_CHECKING:
    from gateway.operations import Actor


class RevenueRun(Noun):
    """How the newest run over a legal entity's month stands."""

    entity: str
    period: str
    workflow_id: str
    run_url: str | None = None
    status: RunStatus = "running"
    as_of: dt.date | None = None
    requested_by: str | None = None
    tally: RevenueTally = RevenueTally()


class RevenueOperations(Protocol):
    """Errors: the tree of `gateway.operations`."""

    async def start_revenue(
        self, entity: str, period: str, as_of: dt.date | None, actor: "Actor"
    ) -> RevenueRun:
        """Starts the month's run, or joins the one that is under way."""
        ...

    async def revenue_run(self, entity: str, period: str) -> RevenueRun: ...
