"""What the operations API asks of the workflows that post a month's revenue."""

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from canonical.base import Noun
from canonical.revenue import RevenueTally
from gateway.period_operations import RunStatus
from rules.waterfall import WaterfallRow

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


class WaterfallPage(Noun):
    """The rows of some contracts; `next` is the contract after which to go on, None at the end.

    `left_out` are contracts that are not in force or whose workflow has not answered.
    """

    rows: tuple[WaterfallRow, ...]
    left_out: tuple[str, ...] = ()
    next: str | None = None


class RevenueOperations(Protocol):
    """Errors: the tree of `gateway.operations`."""

    async def start_revenue(
        self, entity: str, period: str, as_of: dt.date | None, actor: "Actor"
    ) -> RevenueRun:
        """Starts the month's run, or joins the one that is under way."""
        ...

    async def revenue_run(self, entity: str, period: str) -> RevenueRun: ...

    async def waterfalls(
        self, contracts: Sequence[str], first: dt.date, last: dt.date
    ) -> tuple[tuple[WaterfallRow, ...] | None, ...]:
        """Each contract's rows for the months from `first`'s to `last`'s, in their order; None for one that
        is not in force or has not answered.
        """
        ...
