"""The period's part of the operations, answered as told."""

from typing import Any

from gateway.operations import Actor
from gateway.period_operations import PeriodRun


class FakePeriods:
    def _asked(self, name: str, what: Any) -> None:
        raise NotImplementedError

    async def start_reconciliation(self, entity: str, period: str, actor: Actor) -> PeriodRun:
        self._asked("reconcile", (entity, period, actor.name))
        workflow_id = f"reconciliation/{entity}/{period}"
        return PeriodRun(entity=entity, period=period, workflow_id=workflow_id, run_id="run-1")

    async def reconciliation_run(self, entity: str, period: str, run_id: str) -> PeriodRun:
        self._asked("reconciliation run", (entity, period, run_id))
        run = PeriodRun(entity=entity, period=period, workflow_id="reconciliation/x", run_id=run_id)
        return run.model_copy(update={"status": "done"})
