"""The revaluation's part of the operations, answered as told."""

import datetime as dt
from typing import Any

from gateway.operations import Actor
from gateway.revaluation_operations import RevaluationRun


class FakeRevaluations:
    def _asked(self, name: str, what: Any) -> None:
        raise NotImplementedError

    async def start_revaluation(
        self, entity: str, period: str, as_of: dt.date | None, actor: Actor
    ) -> RevaluationRun:
        self._asked("revaluation", (entity, period, as_of, actor.name))
        return RevaluationRun(entity=entity, period=period, workflow_id=f"revaluation/{entity}/{period}")

    async def revaluation_run(self, entity: str, period: str) -> RevaluationRun:
        self._asked("revaluation run", (entity, period))
        return RevaluationRun(entity=entity, period=period, workflow_id="revaluation/x", status="done")
