"""The revaluation's and the translation's part of the operations, answered as told."""

import datetime as dt

from gateway.operations import Actor
from gateway.revaluation_operations import RevaluationRun
from gateway.translation_operations import TranslationRun
from tests.gateway.asked import Asked


class FakeRevaluations(Asked):
    async def start_revaluation(
        self, entity: str, period: str, as_of: dt.date | None, actor: Actor
    ) -> RevaluationRun:
        self._asked("revaluation", (entity, period, as_of, actor.name))
        return RevaluationRun(entity=entity, period=period, workflow_id=f"revaluation/{entity}/{period}")

    async def revaluation_run(self, entity: str, period: str) -> RevaluationRun:
        self._asked("revaluation run", (entity, period))
        return RevaluationRun(entity=entity, period=period, workflow_id="revaluation/x", status="done")

    async def start_translation(self, entity: str, period: str, actor: Actor) -> TranslationRun:
        self._asked("translation", (entity, period, actor.name))
        return TranslationRun(entity=entity, period=period, workflow_id=f"translation/{entity}/{period}")

    async def translation_run(self, entity: str, period: str) -> TranslationRun:
        self._asked("translation run", (entity, period))
        return TranslationRun(entity=entity, period=period, workflow_id="translation/x", status="done")
