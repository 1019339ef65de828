"""Steps: one call on a platform each, with its exception loop, and what undoes it.

A step is repeated until it succeeds, a person skips it, or a person has the whole change undone. Its
compensation is registered before the call, since a call whose answer is lost may have been applied.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeAlias, TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

from canonical.ids import idempotency_key
from canonical.lifecycle import PlanStep, StepStatus
from canonical.origin import Origin
from ports.records import ResolveAction
from workflows._desk import Desk, Failure
from workflows._messages import Resolve
from workflows._options import DEFECTS

T = TypeVar("T")


Stake: TypeAlias = tuple[Decimal | None, str | None]
NOTHING_AT_STAKE: Stake = (None, None)


class Undo(Exception):
    """A person has decided that the change is to be compensated."""

    def __init__(self, answer: Resolve) -> None:
        super().__init__(answer.reason)
        self.answer = answer


@dataclass
class Step:
    """One step of the plan. `undo` brings the platform back; it does nothing where there is no effect."""

    name: str
    activity: str
    platform: str
    summary: str
    compensation: str | None = None
    undo: Callable[[Origin], Awaitable[object]] | None = None
    amount: Decimal | None = None
    currency: str | None = None
    status: StepStatus = "planned"


@dataclass
class Steps:
    """The steps of one workflow: run, shown, undone in reverse."""

    desk: Desk
    origin: Origin
    correct: Callable[[dict[str, str]], None]
    """Applies a person's corrections to what later attempts will send."""
    at_stake: Callable[[], Stake] = field(default=lambda: NOTHING_AT_STAKE)
    """The amount and currency of an exception whose step names none: limits of approval hold for it."""
    all: list[Step] = field(default_factory=list)
    _undo: list[Step] = field(default_factory=list)
    _revision: int = 0
    _undoing: list[Resolve] = field(default_factory=list)

    def plan(self) -> tuple[PlanStep, ...]:
        return tuple(
            PlanStep(
                name=step.name,
                activity=step.activity,
                platform=step.platform,
                summary=step.summary,
                idempotency_key=idempotency_key(self.origin_of(step)),
                compensation=step.compensation,
                status=step.status,
            )
            for step in self.all
        )

    def origin_of(self, step: Step) -> Origin:
        return self.origin.model_copy(update={"step": step.name, "revision": self._revision})

    def planned(self, step: Step) -> Step:
        """Shows a step before it runs."""
        known = next((s for s in self.all if s.name == step.name), None)
        if known is not None:
            known.compensation, known.undo = step.compensation, step.undo
            return known
        self.all.append(step)
        return step

    def done_ahead(self, step: Step) -> None:
        """A step whose effect is there before the change: shown as done, undone with the rest."""
        step = self.planned(step)
        step.status = "done"
        if step.undo is not None and step not in self._undo:
            self._undo.append(step)

    def last_to_undo(self, step: Step) -> None:
        """Registers what is to be done when everything else has been undone."""
        self._undo.insert(0, self.planned(step))

    async def run(
        self,
        step: Step,
        call: Callable[[Origin], Awaitable[T]],
        accepted: Callable[[], T] | None = None,
    ) -> T | None:
        """Runs a step to its end. None where a person skipped it, `accepted`'s value where one took things as
        they are. Raises Undo, or CancelledError.
        """
        step = self.planned(step)
        if step.undo is not None and step not in self._undo:
            self._undo.append(step)
        while True:
            step.status = "running"
            try:
                result = await call(self.origin_of(step))
            except (ActivityError, ApplicationError) as error:
                if is_cancelled_exception(error) or _is_being_cancelled():
                    # a call that was awaited alone ends as the activity's error; one that fails in its last
                    # attempt, as that failure: whoever undoes things waits for the cancellation
                    raise asyncio.CancelledError from error
                step.status = "blocked"
                match await self._decide(step, error):
                    case "retry" | "fix":
                        continue
                    case "accept" if accepted is not None:
                        return accepted()
                    case _:
                        return None
            step.status = "done"
            self.desk.answered_by(step.platform)
            return result

    async def _decide(self, step: Step, error: BaseException) -> ResolveAction:
        """Asks a person what to do. Raises Undo where everything is to be undone."""
        answer = await self.desk.ask(self._failure(step, error))
        match answer.action:
            case "retry" | "fix":
                if answer.action == "fix":
                    self.correct(answer.set)
                    self._revision += 1
                await self.desk.close(answer, "tried again")
            case "skip" | "accept":
                step.status = "skipped"
                await self.desk.close(answer, "skipped" if answer.action == "skip" else "accepted as it is")
            case "compensate":
                self._undoing.append(answer)
                raise Undo(answer)
        return answer.action

    def _failure(self, step: Step, error: BaseException) -> Failure:
        failure = failure_of(step, error)
        if failure.amount is not None:
            return failure
        amount, currency = self.at_stake()
        return failure.model_copy(update={"amount": amount, "currency": currency})

    async def together(self, runs: Iterable[Awaitable[Any]]) -> list[Any]:
        """Independent steps at once. All are awaited to their end before the first failure is raised, so
        that nothing is in flight when compensation starts.
        """
        results = await asyncio.gather(*runs, return_exceptions=True)
        for result in results:
            if isinstance(result, asyncio.CancelledError):
                raise result
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return results

    async def compensate(self) -> None:
        """Undoes what was done, last first. Survives cancellation of the workflow: the work runs in a task of
        its own which is awaited again after each cancellation request.
        """
        task = asyncio.create_task(self._compensate_all())
        while not task.done():
            try:
                await asyncio.shield(task)
            except asyncio.CancelledError:
                if task.done():
                    break
                workflow.logger.warning("cancellation requested while compensating; compensation goes on")
        task.result()

    async def _compensate_all(self) -> None:
        await self.desk.withdraw("the workflow was cancelled")
        for step in reversed(self._undo):
            await self._compensate(step)
        for answer in self._undoing:
            await self.desk.close(answer, "compensated")

    async def _compensate(self, step: Step) -> None:
        """Undoes one step; what can't be undone goes to a person, who may retry or leave it (skip)."""
        if step.undo is None:
            raise ValueError(f"{step.name} has no compensation")
        origin = self.origin.model_copy(update={"step": f"undo {step.name}"})
        while True:
            try:
                await step.undo(origin)
            except (ActivityError, ApplicationError) as error:
                failure = self._failure(step, error)
                answer = await self.desk.ask(
                    failure.model_copy(update={"step": f"undo {step.name}", "code": "compensation_failed"})
                )
                if answer.action in ("skip", "accept", "compensate"):
                    await self.desk.close(answer, "left as it is")
                    return
                await self.desk.close(answer, "tried again")
                continue
            step.status = "compensated"
            return


def _is_being_cancelled() -> bool:
    """Whether the workflow was asked to end while this was awaited."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def failure_of(step: Step, error: BaseException) -> Failure:
    """A failed call as the desk needs it, in words for finance."""
    cause = error.__cause__ if isinstance(error, ActivityError) else error
    if not isinstance(cause, ApplicationError):
        return Failure(
            step=step.name,
            platform=step.platform,
            code="transient",
            amount=step.amount,
            currency=step.currency,
            summary=f"{step.summary}: {step.platform} gave no final answer within the deadline",
        )
    detail = cause.details[0] if cause.details and isinstance(cause.details[0], dict) else {}
    vendor = f" ({detail['vendor_code']})" if detail.get("vendor_code") else ""
    return Failure(
        step=step.name,
        platform=detail.get("platform", step.platform),
        code="defect" if cause.type is None or cause.type in DEFECTS else snake(cause.type),
        field=detail.get("field"),
        amount=step.amount,
        currency=step.currency,
        summary=f"{step.summary}: {cause.message}{vendor}",
    )


def snake(name: str) -> str:
    """An error's class as governance names it: PeriodClosed is period_closed."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
