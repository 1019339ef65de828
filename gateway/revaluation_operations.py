"""What the operations API asks of the workflows that revalue receivables at a month's end."""

import datetime as dt
from typing import TYPE_CHECKING, Protocol

from canonical.base import Noun
from canonical.revaluation import RevaluationReport
from gateway.period_operations import RunStatus

if TYPE_CHECKING:
    from gateway.operations import Actor


class RevaluationRun(Noun):
    """How the newest run over a legal entity's month stands; `report` is its own word."""

    entity: str
    period: str
    workflow_id: str
    run_url: str | None = None
    status: RunStatus = "running"
    report: RevaluationReport | None = None


class RevaluationOperations(Protocol):
    """Errors: the tree of `gateway.operations`."""

    async def start_revaluation(
        self, entity: str, period: str, as_of: dt.date | None, actor: "Actor"
    ) -> RevaluationRun:
        """Starts the month's run, or joins the one that is under way."""
        ...

    async def revaluation_run(self, entity: str, period: str) -> RevaluationRun: ...
