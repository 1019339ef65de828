"""What the operations API asks of the workflows that reconcile and close periods."""

from typing import TYPE_CHECKING, Literal, Protocol

from canonical.base import Noun

if TYPE_CHECKING:
    from gateway.operations import Actor

RunStatus = Literal["running", "done", "failed"]


class PeriodRun(Noun):
    """A run over a legal entity's period: under way, or over. `run_id` names it in Temporal."""

    entity: str
    period: str
    workflow_id: str
    run_id: str
    run_url: str | None = None
    status: RunStatus = "running"


class PeriodOperations(Protocol):
    """Errors: the tree of `gateway.operations`."""

    async def start_reconciliation(self, entity: str, period: str, actor: "Actor") -> PeriodRun:
        """Starts the run, or joins the one that is under way."""
        ...

    async def reconciliation_run(self, entity: str, period: str, run_id: str) -> PeriodRun:
        """How a run stands."""
        ...
