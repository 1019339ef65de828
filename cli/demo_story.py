"""The story that `q2c demo` tells, scene by scene, on a stack that runs.

What came out is counted from the platforms' own listings and held against the rules.
"""

import asyncio
import datetime as dt
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial

from cli.configuration import settings
from cli.demo_contracts import contracts, first_of
from cli.demo_month import Month
from cli.demo_report import report
from cli.demo_stage import NotSeen, Stage

CHANGING = ("D-07", "D-08", "D-09", "D-10", "D-11")
LEGACY, SUBSTITUTE = "LEGACY-MODULE", "PLATFORM-SEAT"


class Story(Stage):
    """The first act, and with `all_acts` what comes after it. `tell` returns what is broken at the end;
    nothing where all holds.
    """

    def __init__(self, say: Callable[[str], None], *, all_acts: bool = False) -> None:
        self._all_acts = all_acts
        self._today = dt.datetime.now(dt.UTC).date()
        super().__init__(say, {each["contract"]["id"]: each for each in contracts(self._today)})
        self._spare: subprocess.Popen[bytes] | None = None

    async def tell(self) -> list[str]:
        try:
            await asyncio.to_thread(self._scenes)
            documents = self._documents
            if self._all_acts:
                documents = await asyncio.to_thread(Month(self._say, documents, self._today).tell)
            return await report(documents, self._today, undone=("D-13",))
        except NotSeen as error:
            return [str(error)]
        finally:
            self._end_spare()

    def _scenes(self) -> None:
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

    # -- a second worker ------------------------------------------------------------------------

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
