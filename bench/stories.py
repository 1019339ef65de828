"""What each lifecycle story costs in billable actions, for two lines and for ten."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.actions import actions_of
from bench.stage import Server, reference
from canonical.ids import contract_workflow_id
from rules.calendar import add_months
from tests.world import World, today, working_world, world

CONTRACT = "C-1001"


@dataclass(frozen=True)
class StoryCost:
    """`actions` of a change are its chapter's and what it adds to the contract's own workflow."""

    story: str
    lines: int
    actions: int


def month(offset: int, day: int = 1) -> str:
    return add_months(today().replace(day=1), offset).replace(day=day).isoformat()


def scenario(lines: int) -> dict[str, Any]:
    """The reference over the same distances, begun eleven months ago; its changes reach all seats' lines."""
    told = reference(CONTRACT, lines=lines, start=dt.date.fromisoformat(month(-11)))
    seats = [line["id"] for line in told["contract"]["lines"] if line["charge"] == "recurring"]

    def amendment(name: str, on: str, quantity: str) -> dict[str, Any]:
        changed = [{"id": line, "quantity": quantity} for line in seats]
        return {"id": name, "type": "amendment", "effective_date": on, "lines": changed}

    ended = {"id": "CH-3", "type": "cancellation", "effective_date": month(3), "credit": "prorated"}
    return told | {
        "changes": [amendment("CH-1", month(-8), "15"), amendment("CH-2", month(-4, 15), "12"), ended]
    }


class Spending:
    """What the contract has cost since it was last asked."""

    def __init__(self, made: World, lines: int) -> None:
        self._made, self._lines = made, lines
        self._before = 0
        self.costs: list[StoryCost] = []

    async def told(self, story: str) -> None:
        found = await actions_of(self._made.client)
        own = contract_workflow_id(CONTRACT)
        total = sum(count.total() for name, count in found.items() if f"{name}/".startswith(f"{own}/"))
        self.costs.append(StoryCost(story, self._lines, total - self._before))
        self._before = total

    async def documents(self) -> None:
        """The documents' own workflows, one line for each way that they have gone."""
        found = await actions_of(self._made.client)
        for story, prefix in (("invoice to ledger", "invoice/"), ("credit memo to ledger", "credit-memo/")):
            ways = Counter(count.total() for name, count in found.items() if name.startswith(prefix))
            for actions in sorted(ways):
                self.costs.append(StoryCost(story, self._lines, actions))


async def measured_stories(server: Server, home: Path, lines: int) -> list[StoryCost]:
    async with world(home, server.address, working=False) as made, working_world(made):
        spending = Spending(made, lines)
        told = scenario(lines)
        await made.load(told)
        await made.until_status(CONTRACT, "active")
        await spending.told("activation")
        await made.until_posted(CONTRACT, 1)
        for change, story, posted in (("CH-1", "amendment up", 2), ("CH-2", "amendment down", 3)):
            await made.load(told, approve=change)
            await made.until_status(CONTRACT, "active", changes=posted)
            await spending.told(story)
            await made.until_posted(CONTRACT, posted)
        await made.advance(month(1))
        await made.until_status(CONTRACT, "active", changes=4)
        await spending.told("renewal")
        await made.until_posted(CONTRACT, 4)
        await made.advance(month(3))
        await made.load(told, approve="CH-3")
        await made.until_status(CONTRACT, "cancelled", changes=5)
        await spending.told("cancellation")
        await made.until_posted(CONTRACT, 5)
        await spending.documents()
        return spending.costs
