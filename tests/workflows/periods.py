"""Reconciling and closing in the tests' world, through the gateway as the command line does."""

import asyncio
from decimal import Decimal
from typing import Any

from canonical.origin import Origin
from rules.calendar import month_key
from sandbox.kit.faults import Fault
from sandbox.netsuite.fields import RECORDS
from tests.agreement import until_agreed
from tests.rules.scenarios import seats
from tests.workflows.sales import month, scenario, sold
from tests.world import World, today
from workflows._options import WORKFLOW_QUEUE
from workflows.nightly import NightlyOrder, NightlyResult, NightlyWorkflow


def this_period() -> str:
    return month_key(today())


def last_period() -> str:
    return month(-1)[:7]


async def until_over(made: World, path: str, run: dict[str, Any]) -> str:
    """Waits for the run's end and says how it ended; webhooks are delivered meanwhile."""

    async def over() -> str | None:
        name = f"{path}/{run['entity']}/{run['period']}/runs/{run['run_id']}"
        answer = await made.act("olivia", "GET", name)
        assert answer.status_code == 200, answer.text
        status: str = answer.json()["status"]
        return None if status == "running" else status

    return await made.settle(over, f"{run['workflow_id']} is over")


async def reconciled(made: World, period: str, entity: str | None = None) -> list[dict[str, Any]]:
    """Runs a reconciliation to its end and returns what the API shows of it, but for the run's name."""
    answer = await made.act("olivia", "POST", "/reconciliations", {"period": period, "entity": entity})
    assert answer.status_code == 202, answer.text
    ended = await asyncio.gather(*(until_over(made, "/reconciliations", run) for run in answer.json()))
    assert set(ended) <= {"done"}
    where = f"/reconciliations?period={period}" + (f"&entity={entity}" if entity else "")
    found = await made.act("olivia", "GET", where)
    assert found.status_code == 200, found.text
    return [{name: value for name, value in each.items() if name != "run"} for each in found.json()]


async def journal_by_hand(
    made: World,
    amount: str,
    *,
    debit: str = "1200",
    credit: str = "4000",
    entity: str = "US01",
    day: str | None = None,
) -> str:
    """Somebody posts a journal in NetSuite that is none of ours; its internal id."""
    held = made.platforms["netsuite"].state
    accounts = {account["acctNumber"]: account["id"] for account in held.all("account")}
    subsidiary = next(each for each in held.all("subsidiary") if each.get("externalId") == entity)
    lines = [
        {"account": {"id": accounts[debit]}, "debit": Decimal(amount)},
        {"account": {"id": accounts[credit]}, "credit": Decimal(amount)},
    ]
    body = {
        "subsidiary": {"id": subsidiary["id"]},
        "tranDate": day or today().isoformat(),
        "memo": "by hand",
        "line": {"items": lines},
    }
    client = made.ports["netsuite"]._client
    id_: str = await client.create("journal by hand", "journalEntry", body)
    return id_


async def lost_invoice(made: World) -> dict[str, Any]:
    """A contract that is billed this month, of whose invoice we never hear."""
    made.platforms["stripe"].faults.add(Fault("webhook-lost", route="invoice.*", times=10))
    told = scenario(sold(seats(tax_rate_percent="8.875"), start=month(0)))
    await made.load(told)
    await made.until_status("C-1", "active")
    return told


BY_HAND = Origin(tenant="others", contract="none", change="none", step="by hand", correlation_id="by-hand")


async def lost_nothing(made: World) -> dict[str, Any]:
    """A contract that is billed this month, and posted."""
    told = scenario(sold(seats(tax_rate_percent="8.875"), start=month(0)))
    await made.load(told)
    await made.until_status("C-1", "active")
    await until_agreed(made, told)
    return told


async def repair_asked(made: World, break_id: str) -> str:
    """Fiona asks for the proposed repair; the override's id."""
    answer = await made.act("fiona", "POST", f"/breaks/{break_id}/repair", {"reason": "as proposed"})
    assert answer.status_code == 201, answer.text
    override: str = answer.json()["id"]
    return override


async def approved(made: World, override: str) -> None:
    answer = await made.act("anna", "POST", f"/overrides/{override}/approve", {"reason": "seen"})
    assert answer.status_code == 200, answer.text


async def until_break(made: World, break_id: str, status: str) -> dict[str, Any]:
    async def reached() -> dict[str, Any] | None:
        answer = await made.act("olivia", "GET", f"/breaks/{break_id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found if found["status"] == status else None

    try:
        return await made.settle(reached, f"{break_id} is {status}")
    except AssertionError as error:
        opened = [(item.code, item.step, item.summary) for item in await made.exceptions()]
        raise AssertionError(f"{error}; exceptions: {opened}") from error


def changed_in_netsuite(made: World, invoice: str, *, by: str) -> None:
    """Somebody edits a posted invoice's first line in NetSuite itself."""
    platform: Any = made.platforms["netsuite"]
    held = platform.store.must("invoice", invoice)
    lines = [dict(line) for line in held["item"]["items"]]
    lines[0]["amount"] = str(Decimal(lines[0]["amount"]) + Decimal(by))
    amounts = {
        name: str(Decimal(held[name]) + Decimal(by))
        for name in ("subtotal", "total", "amountRemaining")
        if held.get(name) is not None
    }
    platform.store.change(RECORDS["invoice"], {**held, **amounts, "item": {"items": lines}})


async def closed(made: World, period: str, operator: str = "fiona") -> list[dict[str, Any]]:
    """Closes the period of every entity; the runs, with their results."""
    answer = await made.act(operator, "POST", "/closes", {"period": period, "reason": "month end"})
    assert answer.status_code == 202, answer.text
    runs = answer.json()
    ended = await asyncio.gather(*(until_over(made, "/closes", run) for run in runs))
    assert set(ended) <= {"done"}
    found = []
    for run in runs:
        name = f"/closes/{run['entity']}/{run['period']}/runs/{run['run_id']}"
        found.append((await made.act("olivia", "GET", name)).json())
    return found


async def run_nightly(made: World) -> NightlyResult:
    """What the schedule starts every night."""
    result: NightlyResult = await made.client.execute_workflow(
        NightlyWorkflow.run,
        NightlyOrder(tenant=made.settings.tenant),
        id="reconciliation/nightly",
        task_queue=WORKFLOW_QUEUE,
    )
    return result
