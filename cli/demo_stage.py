"""What the demo's acts are made of: doing what a user does, and waiting until it is seen.

Everything goes the way a user goes: approvals in the CRM simulator, webhooks to the gateway, decisions by the
command line.
"""

import datetime as dt
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

import typer

from cli.client import ACTS_FOR, Role, acting_token, ask, tell
from cli.configuration import settings
from cli.exits import UNREACHABLE
from cli.simulators import Simulators

T = TypeVar("T")

_PATIENCE_SECONDS = 60.0
_POLL_SECONDS = 0.25


class NotSeen(Exception):
    """What the story waited for did not happen in time."""


class Stage:
    """`documents` are the contracts of the story by id; `say` takes a line of progress."""

    def __init__(self, say: Callable[[str], None], documents: Mapping[str, dict[str, Any]]) -> None:
        self._say = say
        self._documents = documents
        self._simulators = Simulators()

    def _scene(self, title: str) -> None:
        self._say(f"\n{title}")

    def _approve(
        self, contract: str, *, change: str | None = None, times: int = 1, bare: bool = False
    ) -> None:
        """What `q2c trigger` does."""
        document = self._documents[contract]
        for platform in self._simulators.names:
            if platform != "salesforce":
                self._simulators.call(platform, "POST", "load", {"scenario": document, "bare": bare})
        if document["usage"]:
            path = f"/contracts/{contract}/usage"
            tell(path, {"usage": document["usage"]}, role="operator")
        approval = {"scenario": document, "approve": change or "contract", "bare": bare, "times": times}
        self._simulators.call("salesforce", "POST", "load", approval)

    def _fault(
        self,
        platform: str,
        outcome: str,
        *,
        route: str | None = None,
        times: int = 1,
        seconds: float | None = None,
    ) -> None:
        fault = {"outcome": outcome, "route": route, "times": times, "seconds": seconds}
        wanted = {name: value for name, value in fault.items() if value is not None}
        self._simulators.call(platform, "POST", "faults", wanted)

    def _detail(self, contract: str) -> dict[str, Any]:
        found: dict[str, Any] = ask(f"/contracts/{quote(contract, safe='')}")
        return found

    def _status(self, contract: str) -> str | None:
        """None also where the worker that would answer is being replaced."""
        found = answered(lambda: known(f"/contracts/{quote(contract, safe='')}"))
        return found["status"] if found else None

    def _objects(self, contract: str, kind: str) -> bool:
        found = known(f"/contracts/{quote(contract, safe='')}")
        platforms = found["platforms"] if found else {}
        return any(o["kind"] == kind for objects in platforms.values() for o in objects)

    def _done(self, contract: str) -> int:
        return sum(change["status"] == "done" for change in self._detail(contract)["changes"])

    def _has_done(self, contract: str, changes: int) -> bool:
        return self._done(contract) >= changes

    def _exception(self, contract: str) -> dict[str, Any] | None:
        found = ask("/exceptions", params={"contract": contract})
        return found[0] if found else None

    def _until_active(self, contract: str) -> None:
        self._until(lambda: self._status(contract) == "active", f"{contract} active")
        documents = self._detail(contract)["documents"]
        count = len(documents)
        self._say(f"  {contract} is active with {count} {'document' if count == 1 else 'documents'}")

    def _until_posted(self, contract: str, count: int) -> None:
        def posted() -> bool:
            return sum(d["posted"] is not None for d in self._detail(contract)["documents"]) >= count

        self._until(posted, f"{count} documents of {contract} in the ledger")

    def _until(self, seen: Callable[[], T | None], what: str) -> T:
        """Asks until there is something to see. Raises NotSeen after a minute."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            found = answered(seen)
            if found:
                return found
            if time.monotonic() > deadline:
                raise NotSeen(f"not seen within {_PATIENCE_SECONDS:.0f} s: {what}")
            time.sleep(_POLL_SECONDS)

    def _due(self, document: dict[str, Any], as_of: dt.date) -> int:
        from cli.demo_report import expectation

        found = expectation(document, as_of)
        return len(found.invoices) + len(found.credit_memos)

    def _q2c(self, *words: str, exits: int = 0, role: Role | None = None) -> Any:
        """A command of the command line, as a user of the role types it; what it prints. Raises NotSeen where
        its exit code is another.
        """
        self._say(f"  $ q2c {' '.join(words)}")
        command = [sys.executable, "-P", "-m", "cli", *words, "-o", "json"]
        own = {ACTS_FOR: acting_token(settings(), role)} if role else {}
        done = subprocess.run(  # noqa: S603 - our own
            command, capture_output=True, text=True, check=False, env=os.environ | own
        )
        if done.returncode != exits:
            raise NotSeen(f"q2c {' '.join(words)} exited {done.returncode}: {done.stderr.strip()}")
        return json.loads(done.stdout) if done.stdout else None


def answered(ask_for: Callable[[], T | None]) -> T | None:
    """What it finds; None where nobody has answered in time, as when a worker has just been killed."""
    try:
        return ask_for()
    except typer.Exit as left:
        if left.exit_code != UNREACHABLE:
            raise
        return None


def known(path: str) -> dict[str, Any] | None:
    """What the gateway knows of it, None where it knows nothing yet."""
    found: dict[str, Any] | None = ask(path, none_if_unknown=True)
    return found
