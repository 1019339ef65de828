"""The period's part of the operations, answered as told."""

from canonical.close import CloseResult
from gateway.operations import Actor
from gateway.period_operations import CloseCheck, CloseRun, PeriodRun
from tests.gateway.asked import Asked

Reasons = dict[str, tuple[str, ...]]


class FakePeriods(Asked):
    held_up: Reasons
    """Why the close of an entity's period is refused; an entity that is not named may be closed."""

    async def start_reconciliation(self, entity: str, period: str, actor: Actor) -> PeriodRun:
        self._asked("reconcile", (entity, period, actor.name))
        workflow_id = f"reconciliation/{entity}/{period}"
        return PeriodRun(entity=entity, period=period, workflow_id=workflow_id, run_id=run_id(entity, period))

    async def reconciliation_run(self, entity: str, period: str, run_id: str) -> PeriodRun:
        self._asked("reconciliation run", (entity, period, run_id))
        run = PeriodRun(entity=entity, period=period, workflow_id="reconciliation/x", run_id=run_id)
        return run.model_copy(update={"status": "done"})

    async def check_close(self, entity: str, period: str) -> CloseCheck:
        self._asked("check close", (entity, period))
        reasons = self.held_up.get(entity, ())
        return CloseCheck(
            entity=entity,
            period=period,
            status="open",
            close_allowed=not reasons,
            reasons=reasons,
            blocking=("BR-1",) if reasons else (),
            explained=(),
            revenue="due" if reasons else "posted",
            revaluation="one_currency",
        )

    async def start_close(self, entity: str, period: str, reason: str, actor: Actor) -> CloseRun:
        self._asked("close", (entity, period, reason, actor.name))
        id_ = run_id(entity, period)
        return CloseRun(entity=entity, period=period, workflow_id=f"close/{entity}/{period}", run_id=id_)

    async def close_run(self, entity: str, period: str, run_id: str) -> CloseRun:
        self._asked("close run", (entity, period, run_id))
        reasons = self.held_up.get(entity, ())
        result = CloseResult(
            entity=entity, period=period, status="refused" if reasons else "closed", reasons=reasons
        )
        run = CloseRun(entity=entity, period=period, workflow_id="close/x", run_id=run_id, result=result)
        return run.model_copy(update={"status": "done"})


def run_id(entity: str, period: str) -> str:
    return f"run-{entity}-{period}"
