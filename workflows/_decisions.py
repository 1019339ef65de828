"""The handlers by which people decide on a workflow's exceptions; every workflow that waits inherits them."""

from typing import Any

from temporalio import workflow

from workflows._desk import Desk
from workflows._messages import (
    OverrideDecision,
    OverrideRequest,
    OverrideView,
    Resolve,
    Resolved,
    Waiting,
)


class Decisions:
    """`desk` is set by the workflow's `__init__`, before any handler can run."""

    desk: Desk

    @workflow.update(name="resolve")
    def resolve(self, order: Resolve) -> Resolved:
        return self.desk.resolve(order)

    @resolve.validator
    def check_resolve(self, order: Resolve) -> None:
        self.desk.check(order)

    @workflow.signal(name="resolve")
    async def resolve_by_signal(self, order: Any = None) -> None:
        """Takes whatever comes: what is no order is told in the exception's story."""
        self.desk.resolve_by_signal(order)

    @workflow.update(name="request_override")
    async def request_override(self, request: OverrideRequest) -> OverrideView:
        return OverrideView.of(await self.desk.request_override(request))

    @request_override.validator
    def check_request(self, request: OverrideRequest) -> None:
        self.desk.check_request(request)

    @workflow.update(name="decide_override")
    async def decide_override(self, decision: OverrideDecision) -> OverrideView:
        return OverrideView.of(await self.desk.decide_override(decision))

    @decide_override.validator
    def check_decision(self, decision: OverrideDecision) -> None:
        self.desk.check_decision(decision)

    @workflow.signal(name="waiting")
    def waiting(self, waiting: Waiting) -> None:
        """A worker says that a call keeps failing: shown, so that everybody sees what waits on what."""
        self.desk.wait_on(
            waiting.platform,
            f"Waits for **{waiting.platform}** ({waiting.activity}, {waiting.attempts} attempts, "
            f"{waiting.code}); it is tried again until the platform is back.",
        )
