"""What the operations API asks of the workflows that translate an entity's balances for its group."""

from typing import TYPE_CHECKING, Protocol

from canonical.base import Noun
from canonical.translation import TranslationReport
from gateway.period_operations import RunStatus

if TYPE_CHECKING:
    from gateway.operations import Actor


class TranslationRun(Noun):
    """How the newest run over a legal entity's month stands; `report` is its own word."""

    entity: str
    period: str
    workflow_id: str
    run_url: str | None = None
    status: RunStatus = "running"
    report: TranslationReport | None = None


class TranslationOperations(Protocol):
    """Errors: the tree of `gateway.operations`."""

    async def start_translation(self, entity: str, period: str, actor: "Actor") -> TranslationRun:
        """Starts a run over the month, or joins the one that is under way."""
        ...

    async def translation_run(self, entity: str, period: str) -> TranslationRun: ...
