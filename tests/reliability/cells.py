"""One cell of the crash matrix: one story, one write of it, one thing that happens to that write.

A story begins from a snapshot (platforms, and the contract as its workflow carries it on) and is one chapter.
Its writes are found by watching a run without faults; each cell then has its fault at one of them.
"""

import asyncio
import contextlib
import tempfile
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from temporalio.client import WorkflowExecutionStatus

from rules.invariants import Listings, findings
from sandbox.kit.faults import Fault
from tests.agreement import listings
from tests.reliability.pictures import Picture, difference, picture, routes
from tests.rules.scenarios import amendment, cancellation, metered, renewal, seats
from tests.workflows.sales import month, scenario, sold
from tests.world import Snapshot, World, world

OUTCOMES = (
    "refused",
    "not-applied-then-timeout",
    "applied-then-timeout",
    "applied-then-cut",
    "applied-then-500",
    "twice",
)
CONTRACT = "C-1"
_LATEST = 60
"""More events than any chapter brings about."""
_QUOTES = ("POST /api/v2/transactions/create",)
"""Writes by their method only: a quote records nothing."""
_REFUSAL = "CertificatesError"
_TAXED = {"tax_rate_percent": "8.875"}


@dataclass(frozen=True)
class Write:
    """The n-th request (from 0) that matches the route."""

    platform: str
    route: str
    after: int

    def __str__(self) -> str:
        return f"{self.platform} {self.route} #{self.after}"


@dataclass
class Story:
    """Where `before`, the contract is activated first; then `approve` is approved in the CRM.

    `undone`: the tax engine refuses the invoice and a person has all undone. The faults then happen to the
    writes that undo, and each cell has a world of its own: an exception is opened once for its key.
    """

    name: str
    told: dict[str, Any]
    approve: str
    before: bool
    undone: bool = False
    base: Snapshot | None = None
    writes: list[Write] = field(default_factory=list)
    end: Picture = field(default_factory=Counter)
    documents: int = 0
    """How many invoices and credit memos the ledger holds in the end."""

    @property
    def changes(self) -> int:
        return 1 + len(self.told["changes"])


def stories() -> tuple[Story, ...]:
    two = (seats(**_TAXED), seats("L2", quantity="4", **_TAXED))
    both = amendment(month(-1), {"id": "L1", "quantity": "15"}, {"id": "L2", "quantity": "1"})
    again = renewal(month(-1), term_months=12, uplift_percent="5")
    gone = cancellation(month(-1))
    used = [{"line": "U1", "date": month(-2), "quantity": "70.5"}]
    bought = sold(seats(**_TAXED), metered(price="0.02"), start=month(-2))
    taxed = scenario(sold(*two, start=month(-2)))
    return (
        Story("activation", scenario(bought, usage=used), "contract", before=False),
        Story("amendment", scenario(sold(*two, start=month(-3)), both), both["id"], before=True),
        Story("renewal", scenario(sold(*two, start=month(-13)), again), again["id"], before=True),
        Story("cancellation", scenario(sold(*two, start=month(-3)), gone), gone["id"], before=True),
        Story("compensation", taxed, "contract", before=False, undone=True),
    )


async def prepared(address: str, story: Story) -> Story:
    """The story with its snapshot, its writes, and the end of a run without faults."""
    async with _world(address) as made:
        if story.before:
            await made.load(story.told)
            await _until_done(made, changes=1, documents=1)
        base = story.base = await Snapshot.of(made, CONTRACT if story.before else None)
        await base.restore(made, CONTRACT)
        told = await _tell(made, story)
        await made.until_status(CONTRACT, "active", "cancelled", "compensated", changes=story.changes)
        story.documents = len((await _listed(made, story)).expected)
        await _until_done(made, changes=story.changes, documents=story.documents)
        broken = findings(await _listed(made, story))
        assert not broken, broken
        story.writes = [
            write for write in _counted(routes(made)) if write not in told and write.route not in _QUOTES
        ]
        story.end = picture(made)
    return story


async def _tell(made: World, story: Story, fault: tuple[Write, str] | None = None) -> Sequence[Write]:
    """Approves the story's change and has the fault happen. Returns the writes that are not the story's own:
    those that are undone.
    """
    if story.undone:
        await made.platforms["avatax"].load({"refuse_commit": {"customer": "A-1", "code": _REFUSAL}})
        await made.load(story.told, approve=story.approve)
        found = await made.until_exception(CONTRACT)
    told = list(_counted(routes(made))) if story.undone else []
    if fault is not None:
        write, outcome = fault
        already = sum(_matches(write, one) for one in routes(made))
        made.platforms[write.platform].faults.add(
            Fault(outcome, route=write.route, after=write.after - already)
        )
    if story.undone:
        await made.decide("fiona", found, "compensate")
    else:
        await made.load(story.told, approve=story.approve)
    return told


async def _listed(made: World, story: Story) -> Listings:
    return await (listings(made, undone=[CONTRACT]) if story.undone else listings(made, story.told))


def _counted(log: Iterator[tuple[str, str]]) -> Iterator[Write]:
    """Which request of its route each one is, as a fault's `after` counts them."""
    before: list[tuple[str, str]] = []
    for platform, route in log:
        write = Write(platform, route, 0)
        yield Write(platform, route, sum(_matches(write, one) for one in before))
        before.append((platform, route))


def _matches(write: Write, one: tuple[str, str]) -> bool:
    return one[0] == write.platform and fnmatchcase(one[1], write.route)


async def cell(made: World, story: Story, write: Write, outcome: str) -> list[str]:
    """What is wrong at the end of a run in which this happens to that write; empty where all is right."""
    assert story.base is not None
    await story.base.restore(made, CONTRACT)
    wrong = []
    try:
        await _tell(made, story, (write, outcome))
        await _until_done(made, changes=story.changes, documents=story.documents)
    except AssertionError as error:
        wrong.append(str(error))
    wrong += [str(finding) for finding in findings(await _listed(made, story))]
    wrong += difference(story.end, picture(made))
    wrong += [f"exception {e.code} {e.step}: {e.summary}" for e in await made.exceptions()]
    wrong += await _unaccounted(made)
    if made.platforms[write.platform].faults.list():
        wrong.append("the fault has not happened")
    return [f"{story.name}, {write}, {outcome}: {one}" for one in wrong]


async def _until_done(made: World, *, changes: int, documents: int) -> None:
    """Waits until so many changes are carried out, so many documents posted, every message dealt with."""

    async def done() -> bool:
        state = made.platforms["netsuite"].state
        if state.count("invoice") + state.count("creditMemo") < documents:
            return False
        view = await made.view(CONTRACT)
        if view is None or view.running or sum(c.status != "planned" for c in view.changes) < changes:
            return False
        return not any(p.outbox.waiting() for p in made.platforms.values()) and await _at_rest(made)

    await made.settle(done, f"{changes} changes, {documents} documents posted", pause_seconds=0.25)


async def _at_rest(made: World) -> bool:
    """Whether every message has been handed on, and every document's workflow has ended."""
    events = (await made.act("olivia", "GET", f"/events?limit={_LATEST}")).json()
    if any(event["state"] == "waiting" for event in events):
        return False
    workflows = {event["workflow_id"] for event in events if event["object_kind"] != "contract"} - {None}
    told = [await made.client.get_workflow_handle(name).describe() for name in sorted(workflows)]
    return all(one.status != WorkflowExecutionStatus.RUNNING for one in told)


async def _unaccounted(made: World) -> list[str]:
    """I2: every event that was accepted is in exactly one state, and none is still under way."""
    answer = await made.act("olivia", "GET", "/events/accounting")
    figures = answer.json()
    states = {k: v for k, v in figures.items() if k not in ("accepted", "balanced")}
    return [str(figures)] if sum(states.values()) != figures["accepted"] else []


@contextlib.asynccontextmanager
async def _world(address: str) -> AsyncIterator[World]:
    with tempfile.TemporaryDirectory(prefix="q2c-cell-") as home:
        async with world(Path(home), address) as made:
            yield made


async def run(
    address: str, story: Story, cells: Sequence[tuple[Write, str]], *, worlds: int = 4
) -> list[str]:
    """All cells, in a few worlds side by side: most of a cell is waiting. A wrong one's world is left."""
    left = deque(cells)

    async def work() -> list[str]:
        found: list[str] = []
        while left:
            async with _world(address) as made:
                while left:
                    wrong = await cell(made, story, *left.popleft())
                    found += wrong
                    if wrong or story.undone:
                        break
        return found

    return [words for found in await asyncio.gather(*(work() for _ in range(worlds))) for words in found]
