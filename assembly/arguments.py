"""Signals to workflows whose arguments are not those of their handler.

A signal stays in its workflow's history. If its handler can't even be called, the workflow's task fails,
again at each attempt, and the contract stands still for good: `temporal workflow signal` without `--input` is
enough.
"""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from temporalio import workflow
from temporalio.worker import (
    HandleSignalInput,
    Interceptor,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)

_MARK = "__temporal_signal_definition"
"""What the library leaves on a method that handles a signal."""


class Arguments(Interceptor):
    """Worker interceptor: drops such a signal, with a word in the log."""

    def workflow_interceptor_class(
        self, input: WorkflowInterceptorClassInput
    ) -> type[WorkflowInboundInterceptor]:
        return _Checking


class _Checking(WorkflowInboundInterceptor):
    async def handle_signal(self, input: HandleSignalInput) -> None:
        handler = _handler(workflow.instance(), input.signal)
        if handler is None or _fit(handler, input.args):
            await super().handle_signal(input)
            return
        workflow.logger.warning("signal %s dropped: it came with %d arguments", input.signal, len(input.args))


def _handler(instance: object, signal: str) -> Callable[..., Any] | None:
    """The workflow's method for the signal; the library's own wrapper of it takes any arguments."""
    for name, method in inspect.getmembers(type(instance), inspect.isfunction):
        if getattr(getattr(method, _MARK, None), "name", None) == signal:
            bound: Callable[..., Any] = getattr(instance, name)
            return bound
    return None


def _fit(handler: Callable[..., Any], arguments: Sequence[Any]) -> bool:
    try:
        inspect.signature(handler).bind(*arguments)
    except TypeError:
        return False
    return True
