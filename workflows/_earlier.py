"""What a person has decided before, in a run that is over: nobody is asked the same thing again."""

from temporalio import workflow

from activities.records import DecisionQuestion, RecordsActivities
from workflows._options import in_records
from workflows._steps import Step


async def was_settled(step: Step) -> bool:
    """Whether this workflow's step was let pass or taken as it is by a person."""
    question = DecisionQuestion(workflow_id=workflow.info().workflow_id, step=step.name)
    taken = await workflow.execute_local_activity_method(
        RecordsActivities.decision, question, **in_records("Look whether it was decided before")
    )
    return taken.action in ("skip", "accept")
