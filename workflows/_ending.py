"""The end of a workflow that has handlers: whoever is being answered is answered first."""

from collections.abc import Coroutine
from typing import Any, TypeVar

from temporalio import workflow

T = TypeVar("T")


async def answered(work: Coroutine[Any, Any, T]) -> T:
    """What the work comes to, or its error, when all handlers of this workflow have finished.

    Not as `finally: await …`: a worker that stops throws away the workflows that it remembers, and what
    awaits while it is thrown away (GeneratorExit) does so outside of any workflow, or in another one that
    happens to run at that moment.
    """
    try:
        result = await work
    except GeneratorExit:
        raise
    except BaseException:
        await workflow.wait_condition(workflow.all_handlers_finished)
        raise
    await workflow.wait_condition(workflow.all_handlers_finished)
    return result
