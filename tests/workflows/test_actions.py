"""What each lifecycle story costs, in Temporal's billable actions."""

from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from assembly.ports import Claims
from bench.actions import actions_of
from canonical.ids import contract_workflow_id
from canonical.lifecycle import ContractState
from tests.agreement import until_agreed
from tests.rules.scenarios import amendment, cancellation, flat, renewal, seats
from tests.temporal_server import temporal_server
from tests.workflows.sales import month, scenario, sold
from tests.world import World, example, world

pytestmark = pytest.mark.xdist_group("actions")

TAXED = {"tax_rate_percent": "8.875"}


def many(count: int) -> tuple[dict[str, Any], ...]:
    return tuple(seats(f"L{number}", **TAXED) for number in range(1, count + 1))


async def spent(made: World, contract: str = "C-1") -> int:
    """What the contract's workflow and its chapters have cost so far."""
    found = await actions_of(made.client)
    prefix = contract_workflow_id(contract)
    return sum(count.total() for name, count in found.items() if name.split("/")[:2] == prefix.split("/"))


async def activated(made: World, told: dict[str, Any]) -> int:
    contract = told["contract"]["id"]
    await made.load(told)
    await made.until_status(contract, "active", "expired")
    return await spent(made, contract)


async def changed(made: World, told: dict[str, Any], *wanted: str) -> int:
    """What one change costs after the activation."""
    before = await activated(made, told)
    await made.load(told, approve=told["changes"][0]["id"])
    await made.until_status("C-1", *wanted, changes=2)
    return await spent(made) - before


async def test_activation_of_the_example_costs_at_most_sixteen(made: World) -> None:
    told = {**example("annual-seats-with-overage"), "changes": []}
    told["contract"] = {**told["contract"], "start_date": month(-10)}  # its own first term is over in 2027
    told["usage"] = [{**used, "date": month(-9, 10)} for used in told["usage"]]
    assert await activated(made, told) <= 16, await actions_of(made.client)


@pytest.mark.parametrize("lines", [2, 10])
async def test_activation_costs_no_more_for_ten_lines_than_for_two(made: World, lines: int) -> None:
    told = scenario(sold(*many(lines), start=month(-1)))
    assert await activated(made, told) == 16


async def test_amendments_of_the_example_cost_at_most_twelve_each(made: World) -> None:
    told = example("annual-seats-with-overage")
    amendments = [change for change in told["changes"] if change["type"] == "amendment"]
    assert len(amendments) == 2
    told = {**told, "changes": amendments}
    before = await activated(made, {**told, "changes": []})
    for number, change in enumerate(amendments, start=2):
        await made.load(told, approve=change["id"])
        await made.until_status("C-1001", "active", "expired", changes=number)
        cost = await spent(made, "C-1001") - before
        assert cost <= 12, await actions_of(made.client)
        before += cost


@pytest.mark.parametrize("lines", [2, 10])
async def test_amendment_costs_at_most_twelve_whatever_its_lines(made: World, lines: int) -> None:
    up = amendment(month(-1), *({"id": line["id"], "quantity": "15"} for line in many(lines)))
    told = scenario(sold(*many(lines), start=month(-2)), up)
    assert await changed(made, told, "active") <= 12, await actions_of(made.client)


async def test_downgrade_costs_at_most_twelve(made: World) -> None:
    told = scenario(sold(*many(2), start=month(-2)), amendment(month(-1), {"id": "L1", "quantity": "7"}))
    assert await changed(made, told, "active") <= 12, await actions_of(made.client)


async def test_added_line_costs_at_most_twelve(made: World) -> None:
    added = {key: value for key, value in flat("L9", **TAXED).items() if key != "id"}
    told = scenario(sold(*many(2), start=month(-2)), amendment(month(-1), {"id": "L9", "add": added}))
    assert await changed(made, told, "active") <= 12, await actions_of(made.client)


async def test_renewal_costs_at_most_twelve(made: World) -> None:
    told = scenario(sold(*many(2), start=month(-13)), renewal(month(-1), term_months=12))
    assert await changed(made, told, "active") <= 12, await actions_of(made.client)


async def test_cancellation_costs_at_most_twelve(made: World) -> None:
    told = scenario(sold(*many(2), start=month(-2)), cancellation(month(-1)))
    assert await changed(made, told, "cancelled") <= 12, await actions_of(made.client)


async def ahead(made: World, told: dict[str, Any], day: str, *wanted: str) -> int:
    """What one change costs that is approved before its day, all told."""
    before = await activated(made, told)
    await made.load(told, approve=told["changes"][0]["id"])
    await made.settle(lambda: _is_announced(made), "the change is announced")
    await made.advance(day)
    handle = made.client.get_workflow_handle(contract_workflow_id("C-1"))
    await handle.signal("business_date", day)  # in place of its timer, which costs as much
    await made.until_status("C-1", *wanted, changes=2)
    return await spent(made) - before


async def _is_announced(made: World) -> bool:
    handle = made.client.get_workflow_handle(contract_workflow_id("C-1"))
    state: ContractState = await handle.query("whole_state", result_type=ContractState)
    return any(item.announced for item in state.planned)


async def test_amendment_of_a_billing_day_told_ahead_costs_at_most_twelve(made: World) -> None:
    up = amendment(month(1), {"id": "L1", "quantity": "15"})
    told = scenario(sold(*many(2), start=month(0), every=1), up)
    assert await ahead(made, told, month(1), "active") <= 12, await actions_of(made.client)


async def test_line_added_on_a_billing_day_told_ahead_costs_at_most_twelve(made: World) -> None:
    added = {key: value for key, value in flat("L9", **TAXED).items() if key != "id"}
    told = scenario(sold(*many(2), start=month(0), every=1), amendment(month(1), {"id": "L9", "add": added}))
    assert await ahead(made, told, month(1), "active") <= 12, await actions_of(made.client)


async def test_cancellation_told_ahead_costs_at_most_twelve(made: World) -> None:
    told = scenario(sold(*many(2), start=month(0), every=1), cancellation(month(1)))
    assert await ahead(made, told, month(1), "cancelled") <= 12, await actions_of(made.client)


async def test_renewal_told_ahead_costs_at_most_twelve(made: World) -> None:
    told = scenario(sold(*many(2), start=month(-11)), renewal(month(1), term_months=12))
    assert await ahead(made, told, month(1), "active") <= 12, await actions_of(made.client)


def metered(page: str) -> int:
    """The server's own count of the world's actions, without queries, retries and its own workflows."""
    left_out = ("temporal_system", "grpc_QueryWorkflow", "activity_retry")
    lines = [line for line in page.splitlines() if line.startswith("action{")]
    return sum(int(line.rsplit(" ", 1)[1]) for line in lines if not any(word in line for word in left_out))


async def test_count_is_what_the_server_itself_counts(tmp_path: Path) -> None:
    claims = Claims()
    metrics = claims.claim(0)
    claims.release()
    up = amendment(month(-1), {"id": "L1", "quantity": "15"})
    told = scenario(sold(*many(2), start=month(-2)), up)
    with temporal_server(metrics_port=metrics) as address:
        async with world(tmp_path, address) as made, httpx.AsyncClient() as http:
            await changed(made, told, "active")
            await until_agreed(made, told)

            last: list[object] = []

            async def equal() -> bool:
                """The server shows its figures about every second."""
                counted = sum((await actions_of(made.client)).values(), Counter())
                page = await http.get(f"http://127.0.0.1:{metrics}/metrics")
                last[:] = [counted, counted.total(), metered(page.text)]
                return last[1] == last[2]

            await made.settle(equal, f"both counts are the same: {last}")
