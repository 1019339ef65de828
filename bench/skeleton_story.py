"""A bare Temporal skeleton of an activation: an entity that takes an update and starts a child; nothing else.

The plan (which activities in which order, with which HTTP calls) is counted from an activation of q2c.
"""

from collections.abc import Sequence
from datetime import timedelta

from pydantic import BaseModel
from temporalio import workflow
from temporalio.workflow import ParentClosePolicy

_PATIENCE = timedelta(minutes=5)


class Work(BaseModel):
    """One activity: its queue, and the numbers of the calls that it makes one after the other."""

    queue: str
    calls: list[int]


class StoryPlan(BaseModel):
    """Activities; those of a group run at once."""

    groups: list[list[Work]]


class EntityPlan(BaseModel):
    """What the entity does itself, and what its child does."""

    own: StoryPlan
    child: StoryPlan


class Done(BaseModel):
    bytes_received: int


class Event(BaseModel):
    id: str


async def tell(plan: StoryPlan) -> Done:
    received = 0
    for group in plan.groups:
        handles = [
            workflow.start_activity(
                "bench.work",
                work,
                result_type=Done,
                task_queue=work.queue,
                start_to_close_timeout=_PATIENCE,
            )
            for work in group
        ]
        for handle in handles:
            received += (await handle).bytes_received
    return Done(bytes_received=received)


@workflow.defn(name="BenchChild")
class SkeletonChild:
    @workflow.run
    async def run(self, plan: StoryPlan) -> Done:
        return await tell(plan)


@workflow.defn(name="BenchEntity")
class SkeletonEntity:
    @workflow.init
    def __init__(self, plan: EntityPlan) -> None:
        self._queue: list[Event] = []

    @workflow.update(name="notify")
    def notify(self, event: Event) -> Event:
        self._queue.append(event)
        return event

    @workflow.run
    async def run(self, plan: EntityPlan) -> None:
        while True:
            await workflow.wait_condition(lambda: bool(self._queue))
            self._queue.pop(0)
            await tell(plan.own)
            await workflow.execute_child_workflow(
                SkeletonChild.run,
                plan.child,
                id=f"{workflow.info().workflow_id}/child",
                parent_close_policy=ParentClosePolicy.ABANDON,
            )


WORKFLOWS: Sequence[type] = (SkeletonEntity, SkeletonChild)
