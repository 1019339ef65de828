"""What becomes of the breaks of a run: each has a workflow that sees it through."""

from typing import Literal, Protocol

from temporalio import activity
from temporalio.exceptions import ApplicationError

from canonical.base import Noun
from canonical.policy import PolicyExcerpt
from canonical.reconciliation import BreakReport, DocumentRestart
from ports.periods import PeriodRecords
from rules.close import is_month_end_due


class BreakMark(Noun):
    id: str
    status: Literal["explained", "repaired"]
    note: str


class ReportOrder(Noun):
    """Tell of what the newest run over an entity and period has found."""

    tenant: str
    entity: str
    period: str
    policy: PolicyExcerpt
    correlation_id: str


class Reported(Noun):
    told: int
    gone: int


class BreakDesk(Protocol):
    """The workflows of breaks and documents; every call can be repeated."""

    async def see(self, report: BreakReport) -> None:
        """Starts the break's workflow, unless it runs; returns once its owner has been asked."""
        ...

    async def gone(self, break_id: str) -> None:
        """Tells the break's workflow, if it runs, that the break is gone."""
        ...

    async def restart(self, order: DocumentRestart) -> None:
        """Tells the document's workflow as its event would, starting it unless it runs."""
        ...

    async def outcome(self, order: DocumentRestart) -> str | None:
        """What came of the document; None while its workflow runs."""
        ...


class BreakActivities:
    def __init__(self, desk: BreakDesk, records: PeriodRecords) -> None:
        self._desk, self._records = desk, records

    @activity.defn(name="breaks.report")
    async def report(self, order: ReportOrder) -> Reported:
        """Starts a workflow for each open break that holds up the close, ends those of breaks gone. Nobody
        is asked about revenue that the month-end run has yet to post.
        """
        run = await self._records.newest_run(order.entity, order.period)
        if run is None:
            raise ApplicationError("there is no run to tell of", type="NotFound", non_retryable=True)
        told = gone = 0
        for each in await self._records.breaks(order.entity, order.period):
            if each.blocks and not is_month_end_due(each.found):
                await self._desk.see(
                    BreakReport(
                        tenant=order.tenant,
                        entity=order.entity,
                        period=order.period,
                        currency=each.currency,
                        found=each.found,
                        policy=order.policy,
                        correlation_id=order.correlation_id,
                    )
                )
                told += 1
            elif each.resolved_at is not None and each.resolved_at >= run.at:
                await self._desk.gone(each.found.id)
                gone += 1
        return Reported(told=told, gone=gone)

    @activity.defn(name="breaks.mark")
    async def mark(self, mark: BreakMark) -> None:
        await self._records.mark_break(mark.id, mark.status, mark.note)

    @activity.defn(name="breaks.restart_document")
    async def restart_document(self, order: DocumentRestart) -> None:
        await self._desk.restart(order)

    @activity.defn(name="breaks.document_outcome")
    async def document_outcome(self, order: DocumentRestart) -> str:
        """What came of the document, asked again while it is under way. What was not posted is a refusal."""
        outcome = await self._desk.outcome(order)
        if outcome is None:
            raise ApplicationError(f"{order.document_id} is under way", type="DocumentUnderWay")
        if outcome != "posted" and not outcome.startswith("posted ("):
            message = f"{order.document_id}: {outcome}"
            raise ApplicationError(message, type="Rejected", non_retryable=True)
        return outcome
