"""The story that `q2c demo` tells, scene by scene, on a stack that runs.

Everything goes the way a user goes: approvals in the CRM simulator, webhooks to the gateway, decisions by the
command line. What came out is counted from the platforms' own listings and held against the rules.
"""

import asyncio
import datetime as dt
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote

from cli.client import ask, tell
from cli.configuration import settings
from cli.demo_contracts import contracts, first_of
from cli.demo_report import report
from cli.simulators import Simulators

T = TypeVar("T")

_PATIENCE_SECONDS = 60.0
_POLL_SECONDS = 0.25
CHANGING = ("D-07", "D-08", "D-09", "D-10", "D-11")
LEGACY, SUBSTITUTE = "LEGACY-MODULE", "PLATFORM-SEAT"


class NotSeen(Exception):
    """What the story waited for did not happen in time."""


class Story:
    """`say` takes a line of progress. `tell` returns what is broken at the end; nothing where all holds."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._today = dt.datetime.now(dt.UTC).date()
        self._documents = {each["contract"]["id"]: each for each in contracts(self._today)}
        self._spare: subprocess.Popen[bytes] | None = None

    async def tell(self) -> list[str]:
        try:
            await asyncio.to_thread(self._scenes)
            return await report(self._documents, self._today, undone=("D-13",))
        except NotSeen as error:
            return [str(error)]
        finally:
            self._end_spare()

    def _scenes(self) -> None:
        self._simulators = Simulators()
        self._worker_dies()
        self._ledger_is_down()
        self._answer_is_lost()
        self._item_is_unknown()
        self._tax_is_refused()
        self._contracts_change()
        self._month_turns()

    # -- scenes ----------------------------------------------------------------------------------

    def _worker_dies(self) -> None:
        self._scene("A worker is killed in mid-activation, and another goes on")
        self._start_spare()
        self._fault("stripe", "slow", route="POST /v1/subscriptions", times=1, seconds=1.5)
        self._approve("D-01")
        self._until(lambda: self._objects("D-01", "customer"), "D-01's customer in the platforms")
        victim = self._workers()[0]
        os.kill(victim, signal.SIGKILL)
        self._say(f"  killed worker {victim} with SIGKILL; D-01 is being activated")

    def _ledger_is_down(self) -> None:
        self._scene("The ERP is down for some seconds: contracts wait, then drain")
        self._fault("netsuite", "down", times=10_000, seconds=4)
        waiting = ("D-02", "D-03", "D-04", "D-05", "D-06")
        for contract in (*waiting, *CHANGING):
            self._approve(contract)
        stuck = [c for c in waiting if self._status(c) not in ("active", "blocked")]
        self._say(f"  netsuite is down; {len(stuck)} contracts wait, none has failed")
        for contract in ("D-01", *waiting):
            self._until_active(contract)

    def _answer_is_lost(self) -> None:
        self._scene("A write is applied and its answer is lost; nothing doubles")
        self._fault("stripe", "applied-then-cut", route="POST /v1/invoices", times=1)
        self._fault("netsuite", "applied-then-500", route="POST /services/rest/record/v1/invoice", times=1)
        refusal = {"customer": "A-D-13", "code": "CertificatesError"}
        self._simulators.call("avatax", "POST", "load", {"refuse_commit": refusal})
        for contract in ("D-14", "D-13"):
            self._approve(contract)
        self._approve("D-12", bare=True)
        self._until_active("D-14")
        self._until_posted("D-14", 1)
        invoices = [d for d in self._detail("D-14")["documents"] if d["kind"] == "invoice"]
        self._say(f"  D-14 has {len(invoices)} invoice: {invoices[0]['number']}")

    def _item_is_unknown(self) -> None:
        self._scene("The ERP does not know an item: an exception, fixed by the command line")
        item = self._until(lambda: self._exception("D-12"), "an exception of D-12")
        self._say(f"  {item['id']} ({item['code']}, owner {item['owner']}): {item['summary']}")
        correction = f"items.{LEGACY}={SUBSTITUTE}"
        self._q2c("exception", "fix", item["id"], "--set", correction, "--reason", "sold as a seat since May")
        self._until_active("D-12")

    def _tax_is_refused(self) -> None:
        self._scene("The tax engine refuses the commit: everything is undone, to no net effect")
        item = self._until(lambda: self._exception("D-13"), "an exception of D-13")
        kinds = sorted({o["kind"] for objects in self._detail("D-13")["platforms"].values() for o in objects})
        self._say(f"  {item['id']} ({item['code']}): {item['summary']}; made so far: {', '.join(kinds)}")
        self._q2c("exception", "compensate", item["id"], "--reason", "the customer is exempt after all")
        self._until(lambda: self._status("D-13") == "compensated", "D-13 compensated")
        self._say("  D-13 is compensated")

    def _contracts_change(self) -> None:
        self._scene("Amendments up and down, a cancellation: delivered twice and out of order")
        for contract in CHANGING:
            self._until_active(contract)
        self._fault("salesforce", "webhook-reorder", times=3)
        self._fault("salesforce", "webhook-duplicate", times=3)
        self._approve("D-07", change="CH-1", times=2)
        self._approve("D-08", change="CH-1", times=2)
        for change in ("CH-1", "CH-2", "CH-3"):
            self._approve("D-09", change=change, times=2)
        for contract, wanted in (("D-07", 2), ("D-08", 2), ("D-09", 4)):
            self._until(partial(self._has_done, contract, wanted), f"{contract}'s changes")
        self._say(f"  D-07 {self._status('D-07')}, D-08 {self._status('D-08')}, D-09 {self._status('D-09')}")

    def _month_turns(self) -> None:
        next_month = first_of(self._today, 1)
        self._scene(f"The platforms' clock goes to {next_month}: what falls due is billed, D-10 renews")
        for platform in self._simulators.names:
            self._simulators.call(platform, "POST", "clock", {"to": next_month.isoformat()})
        self._until(lambda: self._done("D-10") >= 2, "D-10's renewal")
        for contract, document in self._documents.items():
            if contract != "D-13":
                wanted = self._due(document, next_month)
                self._until_posted(contract, wanted)
        self._today = next_month

    # -- doing and seeing ------------------------------------------------------------------------

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
        found = known(f"/contracts/{quote(contract, safe='')}")
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
        self._say(f"  {contract} is active with {len(documents)} documents")

    def _until_posted(self, contract: str, count: int) -> None:
        def posted() -> bool:
            return sum(d["posted"] is not None for d in self._detail(contract)["documents"]) >= count

        self._until(posted, f"{count} documents of {contract} in the ledger")

    def _until(self, seen: Callable[[], T | None], what: str) -> T:
        """Asks until there is something to see. Raises NotSeen after a minute."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            found = seen()
            if found:
                return found
            if time.monotonic() > deadline:
                raise NotSeen(f"not seen within {_PATIENCE_SECONDS:.0f} s: {what}")
            time.sleep(_POLL_SECONDS)

    def _due(self, document: dict[str, Any], as_of: dt.date) -> int:
        from cli.demo_report import expectation

        found = expectation(document, as_of)
        return len(found.invoices) + len(found.credit_memos)

    def _q2c(self, *words: str) -> None:
        """A command of the command line, as a user types it."""
        self._say(f"  $ q2c {' '.join(words)}")
        command = [sys.executable, "-P", "-m", "cli", *words, "-o", "json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own
        if done.returncode != 0:
            raise NotSeen(f"q2c {' '.join(words)} exited {done.returncode}: {done.stderr.strip()}")
        json.loads(done.stdout)

    def _workers(self) -> list[int]:
        from assembly.status import running_status

        status = running_status(settings())
        return [worker["pid"] for worker in status["workers"]] if status else []

    def _start_spare(self) -> None:
        """A second worker for all queues, beside the stack's own."""
        command = [sys.executable, "-P", "-m", "cli", "worker"]
        log = settings().home / "logs" / "spare-worker.log"
        with log.open("wb") as output:
            self._spare = subprocess.Popen(command, stdout=output, stderr=output)  # noqa: S603 - our own

    def _end_spare(self) -> None:
        if self._spare is None:
            return
        self._spare.terminate()
        try:
            self._spare.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self._spare.kill()
            self._spare.wait()


def known(path: str) -> dict[str, Any] | None:
    """What the gateway knows of it, None where it knows nothing yet."""
    found: dict[str, Any] | None = ask(path, none_if_unknown=True)
    return found
