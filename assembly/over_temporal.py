"""What all operations over Temporal share: the client, whose they are, and where a run is seen."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import NoReturn, TypeVar
from urllib.parse import quote

from temporalio.client import (
    Client,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from gateway.operations import (
    ContractOrExceptionNotFound,
    InvalidRequest,
    RefusedByPolicy,
    StateConflict,
    TemporalUnreachable,
)

T = TypeVar("T")

_PATIENCE_SECONDS = 15


class OverTemporal:
    """`ui_url` is the Web UI's address, None where it is not known."""

    def __init__(self, client: Client, *, tenant: str, ui_url: str | None) -> None:
        self._client = client
        self._tenant = tenant
        self._ui_url = ui_url

    def _url(self, workflow_id: str, run_id: str | None) -> str | None:
        if self._ui_url is None:
            return None
        base = f"{self._ui_url}/namespaces/{self._client.namespace}/workflows/{quote(workflow_id, safe='')}"
        return f"{base}/{run_id}/history" if run_id else base

    async def _asked(self, call: Awaitable[T]) -> T:
        """Awaits Temporal's answer and turns its refusals into the operations' own errors."""
        async with _translated():
            async with asyncio.timeout(_PATIENCE_SECONDS):
                return await call
        raise AssertionError("unreachable")


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    try:
        yield
    except (WorkflowUpdateRPCTimeoutOrCancelledError, TimeoutError) as error:
        raise TemporalUnreachable("the workflow has not answered in time; the request may count") from error
    except WorkflowUpdateFailedError as error:
        _refusal(error.cause)
    except WorkflowQueryFailedError as error:
        raise StateConflict(f"the workflow could not answer: {error.message}") from error
    except RPCError as error:
        if error.status == RPCStatusCode.NOT_FOUND:
            raise ContractOrExceptionNotFound("nothing of this name runs in Temporal") from error
        raise TemporalUnreachable("Temporal does not answer") from error


def _refusal(cause: BaseException) -> NoReturn:
    """An update's refusal by its type, as the desk has given it."""
    if not isinstance(cause, ApplicationError):
        raise StateConflict(str(cause)) from cause
    match cause.type:
        case "RefusedByPolicy":
            raise RefusedByPolicy(cause.message) from cause
        case "NotFound":
            raise ContractOrExceptionNotFound(cause.message) from cause
        case "InvalidInput":
            field, _, message = cause.message.partition(": ")
            raise InvalidRequest(message, field=field) from cause
        case _:
            raise StateConflict(cause.message) from cause
