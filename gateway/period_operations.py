"""What the operations API asks of the workflows that reconcile and close periods."""

from typing import TYPE_CHECKING, Literal, Protocol

from canonical.base import Noun
from canonical.close import CloseResult
from ports.periods import CloseRecord

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


class CloseRun(PeriodRun):
    """`result` once it is over."""

    result: CloseResult | None = None


RevaluationStands = Literal["done", "due", "not_over", "one_currency", "closed_in_erp", "unknown"]


class CloseCheck(Noun):
    """Whether a period may be closed as the newest reconciliation has seen it, and what holds it up.

    `revenue` and `revaluation` say whether the month-end runs have done their work; None: it is closed.
    """

    entity: str
    period: str
    status: Literal["open", "closed"]
    close_allowed: bool
    reasons: tuple[str, ...]
    blocking: tuple[str, ...]
    explained: tuple[str, ...]
    closed: CloseRecord | None = None
    revenue: Literal["posted", "due", "not_over", "unknown"] | None = None
    revaluation: RevaluationStands | None = None


class PeriodOperations(Protocol):
    """Errors: the tree of `gateway.operations`."""

    async def start_reconciliation(self, entity: str, period: str, actor: "Actor") -> PeriodRun:
        """Starts the run, or joins the one that is under way."""
        ...

    async def reconciliation_run(self, entity: str, period: str, run_id: str) -> PeriodRun:
        """How a run stands."""
        ...

    async def check_close(self, entity: str, period: str) -> CloseCheck:
        """Reads what is known, and asks the ERP what is open in other currencies; nothing is reconciled anew,
        nothing is written."""
        ...

    async def start_close(self, entity: str, period: str, reason: str, actor: "Actor") -> CloseRun:
        """Reconciles and closes, or joins the close that is under way."""
        ...

    async def close_run(self, entity: str, period: str, run_id: str) -> CloseRun: ...
