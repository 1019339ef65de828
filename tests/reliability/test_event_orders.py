"""I8: the end is the same for every order and every repetition of the events.

All 120 orders of five events go to the contract's own workflow, whose chapters are the real ones without
their calls (what they issue is computed as always); a sample runs through gateway, platforms and ledger. The
long part draws 500 orders of up to twenty events.
"""

import asyncio
import datetime as dt
import itertools
import random
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.common import RawValue
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.crm import ContractQuestion, ContractReading
from activities.records import Listing
from assembly.handoff import start_of_contract
from assembly.policy_source import GovernedPolicy
from canonical.ids import contract_workflow_id
from canonical.lifecycle import ChangeInput, ChangeResult, ContractState, Notice, PlatformIds
from canonical.origin import Reference
from governance.policy import load_policy
from ports.crm import Approval, ApprovedChange, ContractSnapshot
from tests.agreement import scenario_of, until_agreed
from tests.reliability.pictures import Picture, difference, picture
from tests.rules.scenarios import amendment, cancellation, flat, renewal, seats
from tests.soak import UNLESS_ASKED
from tests.temporal_server import namespace
from tests.workflows.sales import month, scenario, sold
from tests.world import World, today, world
from workflows._change import ChangeStory
from workflows._options import WORKFLOW_QUEUE, platform_queue
from workflows.contract import ContractWorkflow

pytestmark = pytest.mark.xdist_group("event-orders")

TAXED = {"tax_rate_percent": "8.875"}
ADDED = {key: value for key, value in flat("L2", amount="40", **TAXED).items() if key != "id"}
CHANGES = (
    amendment(month(-12), {"id": "L1", "quantity": "15"}, {"id": "L2", "add": ADDED}),
    amendment(month(-10, 15), {"id": "L1", "quantity": "12"}, {"id": "L2", "remove": True}),
    renewal(month(-4), term_months=12, uplift_percent="3"),
    cancellation(month(-1)),
)
TOLD = scenario(sold(seats(**TAXED), start=month(-16)), *CHANGES)
EVENTS = 1 + len(CHANGES)
MANY = (
    *(
        amendment(month(-15 + number // 2, 1 + 14 * (number % 2)), {"id": "L1", "quantity": str(11 + number)})
        for number in range(17)
    ),
    renewal(month(-4), term_months=12, uplift_percent="3"),
    cancellation(month(-1)),
)
"""Nineteen changes of one contract; a life of n events is the contract and the first n - 1."""
MANY_TOLD = scenario(sold(seats(**TAXED), start=month(-16)), *MANY)
ORDERS = 500
_LENGTHS = range(2, 2 + len(MANY))


# -- all orders, at the contract's own workflow ------------------------------------------------------------


@workflow.defn(dynamic=True)
class QuietChapter:
    """Any chapter, its calls left out as if all had succeeded; its documents are computed as always."""

    @workflow.run
    async def run(self, args: Sequence[RawValue]) -> ChangeResult:
        given: ChangeInput = workflow.payload_converter().from_payload(args[0].payload, ChangeInput)
        story = ChangeStory(given)
        assert story.problem is None, story.problem
        customer = Reference(platform="netsuite", kind="customer", id="1", business_key="A-1")
        story.ids = PlatformIds(billing_customer=customer, erp_customer=customer)
        return story._result("done", None)


class Crm:
    """The contract and its changes, all approved: the five events', or `C-n-…`'s first n of many."""

    def __init__(self) -> None:
        self._policy = GovernedPolicy(load_policy(None)).excerpt("US01")
        self._five, self._many = scenario_of(TOLD), scenario_of(MANY_TOLD)

    @activity.defn(name="crm.read_contract")
    async def read_contract(self, question: ContractQuestion) -> ContractReading:
        _, events, *rest = question.contract.split("-")
        told = self._many if rest else self._five
        contract = told.contract.model_copy(update={"id": question.contract})
        approval = Approval(quote=None, opportunity=None, approved_by="anna", approved_at=_moment())
        changes = tuple(
            ApprovedChange(change=change, version=version, approval=approval)
            for version, change in enumerate(told.changes[: int(events) - 1 if rest else None], start=2)
        )
        newest = 1 + len(changes)
        snapshot = ContractSnapshot(contract=contract, version=newest, approval=approval, changes=changes)
        return ContractReading(snapshot=snapshot, usage=(), policy=self._policy)


@activity.defn(name="records.list_contract")
async def list_contract(listing: Listing) -> None:
    """Nobody looks at the list here."""


def _moment() -> dt.datetime:
    return dt.datetime.combine(today(), dt.time(), dt.UTC)


@pytest.fixture
async def client(temporal_address: str) -> AsyncIterator[Client]:
    """A namespace whose contracts are read from `Crm` and whose chapters make no calls."""
    connected = await namespace(temporal_address)
    contracts = Worker(
        connected,
        task_queue=WORKFLOW_QUEUE,
        workflows=[ContractWorkflow, QuietChapter],
        activities=[list_contract],
        workflow_runner=UnsandboxedWorkflowRunner(),
        debug_mode=True,  # without the watch of two seconds, which a machine that stands still would set off
        max_concurrent_workflow_tasks=4,
    )
    crm = Worker(connected, task_queue=platform_queue("salesforce"), activities=[Crm().read_contract])
    async with contracts, crm:
        yield connected


def told_as(order: Sequence[int], seed: int) -> list[int]:
    """The order with some events twice, at once or later."""
    dice = random.Random(seed)  # noqa: S311 - a repeatable choice
    said = list(order)
    for event in dice.sample(list(order), dice.randrange(3)):
        said.insert(dice.randrange(said.index(event), len(said) + 1), event)
    return said


async def life(client: Client, contract: str, order: Sequence[int]) -> ContractState:
    """The contract's state when all events have been said in this order and everything is carried out."""
    for event in order:
        notice = Notice(
            event_id=f"{contract}-{event}",
            contract=contract,
            platform="salesforce",
            type="contract.approved",
            version=event,
            occurred_at=_moment(),
            correlation_id=f"{contract}-{event}",
        )
        await client.execute_update_with_start_workflow(
            ContractWorkflow.notify,
            notice,
            id=notice.event_id,
            start_workflow_operation=start_of_contract(contract, "default", "salesforce"),
        )
    handle = client.get_workflow_handle(contract_workflow_id(contract))
    while True:
        state: ContractState = await handle.query("whole_state", result_type=ContractState)
        if len(state.carried) == len(set(order)) and not state.queue and not state.planned:
            return state
        await asyncio.sleep(0.1 * len(order))


def outcome(state: ContractState, contract: str) -> str:
    """What has become of the contract, without its name, without who said so and when, and without how it is
    listed, which is brought up to date a moment later."""
    kept = state.model_dump_json(exclude={"seen", "queue", "policy", "listed"})
    return kept.replace(contract, "C")


async def test_all_orders_of_five_events_end_alike(client: Client) -> None:
    orders = list(itertools.permutations(range(1, EVENTS + 1)))
    places = asyncio.Semaphore(12)

    async def one(number: int, order: tuple[int, ...]) -> str:
        contract = f"C-{number:03}"
        async with places:
            return outcome(await life(client, contract, told_as(order, number)), contract)

    ends = await asyncio.gather(*(one(number, order) for number, order in enumerate(orders)))
    assert len(orders) == 120
    different = [order for order, end in zip(orders, ends, strict=True) if end != ends[0]]
    assert not different
    first = ContractState.model_validate_json(ends[0])
    assert [item.id for item in first.carried] == ["C", *(change["id"] for change in CHANGES)]
    assert len(first.expected) >= EVENTS


@pytest.mark.soak
@UNLESS_ASKED
@pytest.mark.timeout(3600)
async def test_random_orders_of_up_to_twenty_events_end_alike(client: Client) -> None:
    places = asyncio.Semaphore(4)

    async def one(seed: int, events: int, *, in_order: bool) -> str:
        contract = f"C-{events}-{seed}"
        order = list(range(1, events + 1))
        if not in_order:
            random.Random(seed).shuffle(order)  # noqa: S311 - a repeatable choice
        async with places:
            return outcome(await life(client, contract, told_as(order, seed)), contract)

    wanted = dict(
        zip(_LENGTHS, await asyncio.gather(*(one(0, n, in_order=True) for n in _LENGTHS)), strict=True)
    )
    seeds = [(seed, _LENGTHS[seed % len(_LENGTHS)]) for seed in range(1, ORDERS + 1)]
    ends = await asyncio.gather(*(one(seed, events, in_order=False) for seed, events in seeds))
    assert [seed for seed, end in zip(seeds, ends, strict=True) if end != wanted[seed[1]]] == []
    full = ContractState.model_validate_json(wanted[max(_LENGTHS)])
    assert [item.id for item in full.carried] == ["C", *(change["id"] for change in MANY)]


# -- a sample of orders, through everything ----------------------------------------------------------------


async def test_orders_through_gateway_and_platforms_end_alike(tmp_path: Path, temporal_address: str) -> None:
    async def one(seed: int | None) -> Picture:
        home = tmp_path / str(seed)
        home.mkdir()
        async with world(home, temporal_address) as made:
            return await picture_after(made, seed)

    wanted, *seen = await asyncio.gather(one(None), *(one(seed) for seed in range(5)))
    assert [difference(wanted, one) for one in seen] == [[]] * 5


async def picture_after(made: World, seed: int | None) -> Picture:
    """The platforms in the end; the CRM's messages come in a seeded order, some twice (None: as sent)."""
    await made.load(TOLD)
    for change in CHANGES:
        await made.load(TOLD, approve=change["id"])
    messages = [entry["number"] for entry in made.platforms["salesforce"].outbox.entries()]
    assert len(messages) == EVENTS
    if seed is not None:
        dice = random.Random(seed)  # noqa: S311 - a repeatable choice
        shuffle(made, told_as(dice.sample(range(EVENTS), EVENTS), seed))
    await made.until_status("C-1", "cancelled", changes=EVENTS)
    await until_agreed(made, TOLD)
    return picture(made)


def shuffle(made: World, order: Sequence[int]) -> None:
    """Puts the CRM's waiting messages into this order; one that is named twice goes out twice."""
    state = made.platforms["salesforce"].state
    waiting = sorted(state.all("_webhook"), key=lambda entry: int(entry["number"]))
    for entry in waiting:
        state.delete("_webhook", str(entry["number"]))
    for place in order:
        number = state.next_number("_webhook")
        state.put("_webhook", str(number), {**waiting[place], "number": number})
