"""What the relay is told when Temporal does not take an event."""

import datetime as dt
from typing import Any, NoReturn, cast

import pytest
from temporalio.client import Client, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.service import RPCError, RPCStatusCode

from assembly.handoff import TemporalHandoff
from gateway.relay import HandoffUnavailable
from store.event_log import LoggedEvent


class Refusing:
    """A Temporal client that answers every call with the same error."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def execute_update_with_start_workflow(self, *_: Any, **__: Any) -> NoReturn:
        raise self._error

    start_workflow = signal = execute_update_with_start_workflow

    def get_workflow_handle(self, _: str) -> "Refusing":
        return self


def handoff(error: Exception) -> TemporalHandoff:
    return TemporalHandoff(cast(Client, Refusing(error)), "default")


def rpc(status: RPCStatusCode) -> RPCError:
    return RPCError("said", status, b"")


def event(kind: str = "contract") -> LoggedEvent:
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    return LoggedEvent.model_construct(
        id=1,
        stream="contract/C-1",
        state="waiting",
        reason=None,
        attempts=0,
        next_attempt_at=now,
        workflow_id=None,
        applied_at=None,
        platform="salesforce",
        event_id="e-1",
        type="contract.approved" if kind == "contract" else "invoice.finalized",
        object_kind=kind,
        object_id="in_1",
        contract="C-1",
        version=1,
        occurred_at=now,
        received_at=now,
        correlation_id="c",
    )


@pytest.mark.parametrize("kind", ["contract", "invoice"])
@pytest.mark.parametrize(
    "status",
    [s for s in RPCStatusCode if s not in (RPCStatusCode.OK, RPCStatusCode.INVALID_ARGUMENT)],
)
async def test_any_status_but_invalid_argument_makes_the_whole_relay_wait(
    kind: str, status: RPCStatusCode
) -> None:
    with pytest.raises(HandoffUnavailable):
        await handoff(rpc(status)).hand_on(event(kind))


async def test_event_that_temporal_finds_invalid_is_dead_and_holds_up_no_other() -> None:
    outcome = await handoff(rpc(RPCStatusCode.INVALID_ARGUMENT)).hand_on(event())
    assert outcome.kind == "dead"


async def test_workflow_that_does_not_answer_in_time_is_asked_again() -> None:
    outcome = await handoff(WorkflowUpdateRPCTimeoutOrCancelledError()).hand_on(event())
    assert outcome.kind == "retry"


async def test_paid_invoice_about_which_nobody_is_asked_starts_nothing() -> None:
    paid = event("invoice").model_copy(update={"type": "invoice.paid"})
    outcome = await handoff(rpc(RPCStatusCode.NOT_FOUND)).hand_on(paid)
    assert (outcome.kind, outcome.reason) == ("ignored", "invoice.paid: nobody is asked about the document")
    with pytest.raises(HandoffUnavailable):
        await handoff(rpc(RPCStatusCode.UNAVAILABLE)).hand_on(paid)
