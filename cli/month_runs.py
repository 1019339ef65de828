"""Waiting for the run over a month that a command has started: revenue, revaluation, translation."""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from cli.client import ask
from cli.exits import FAILED, leave

_PATIENCE_SECONDS = 1800.0
_POLL_SECONDS = 0.5

Run = dict[str, Any]


def path_of(kind: str, entity: str, period: str) -> str:
    """Where the gateway tells of the newest run; `kind`: revenue, revaluations, translations."""
    return f"/{kind}/runs/{quote(entity, safe='')}/{quote(period, safe='')}"


def ended(kind: str, run: Run, waits: Callable[[Run], bool] = lambda found: False) -> Run:
    """The run once it is over, or once `waits` says that it waits for somebody; ends the command where it has
    failed, or still runs after half an hour.
    """
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        found: Run = ask(path_of(kind, run["entity"], run["period"]))
        if found["status"] == "failed":
            leave(FAILED, f"{run['workflow_id']} has failed: {found['run_url'] or 'see Temporal'}")
        if found["status"] == "done" or waits(found):
            return found
        if time.monotonic() > deadline:
            leave(FAILED, f"{run['workflow_id']} still runs; `q2c platform list` says what it waits for")
        time.sleep(_POLL_SECONDS)
