"""Our own database is set back by a while; platforms and Temporal keep what they know: nothing is doubled."""

import asyncio
import contextlib
import datetime as dt
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from temporalio.testing import TimeSkipper

from store.accounting import account
from store.event_log import EventLog
from store.exceptions import RecordedException
from tests.agreement import until_agreed
from tests.reliability.pictures import difference, picture
from tests.rules.scenarios import amendment, metered, seats
from tests.soak import UNLESS_ASKED
from tests.workflows.cash import issued, pays, until_receipts
from tests.workflows.sales import month, scenario, sold
from tests.workflows.sweeps import swept
from tests.workflows.test_exceptions import refuse_tax
from tests.workflows.test_sweep import still
from tests.world import World

pytestmark = pytest.mark.xdist_group("sweep")

TAXED = {"tax_rate_percent": "8.875"}


@contextlib.asynccontextmanager
async def forgotten(made: World) -> AsyncIterator[None]:
    """What our database learns in the block is gone after it."""
    live, before = made.home / "q2c.sqlite", made.home / "before.sqlite"
    await asyncio.to_thread(_copy, live, before)
    yield
    await asyncio.to_thread(_copy, before, live)


def _copy(source: Path, target: Path) -> None:
    """Waits while somebody writes: in a thread, so that a transaction of this process can come to its end."""
    with (
        contextlib.closing(sqlite3.connect(source)) as read,
        contextlib.closing(sqlite3.connect(target)) as kept,
    ):
        read.backup(kept)


async def test_events_that_are_gone_from_the_log_are_swept_in_again_and_do_nothing_twice(made: World) -> None:
    change = amendment(month(0), {"id": "L1", "quantity": "15"}, name="CH-1")
    told = scenario(sold(seats(**TAXED), start=month(-2)), change)
    await made.load(told)
    await made.until_status("C-1", "active")
    await until_agreed(made, {**told, "changes": []})
    await still(made)
    async with forgotten(made):
        await made.load(told, approve="CH-1")
        await made.until_status("C-1", "active", changes=2)
        await until_agreed(made, told)
        assert (await pays(made, (await issued(made))[0]["id"])).is_success
        await until_receipts(made, 1)
        await still(made)
        ended, known = picture(made), sum((await EventLog(made.database).counts()).values())
    assert sum((await EventLog(made.database).counts()).values()) < known
    for platform in ("salesforce", "stripe"):
        assert (await swept(made, platform))["handed_on"] > 0
    await still(made)
    assert difference(ended, picture(made)) == []
    assert len(await made.ports["netsuite"].receipts("US01")) == 1
    accounted = await account(made.database)
    assert (accounted.adds_up, accounted.waiting, accounted.dead) == (True, 0, 0)
    assert await made.exceptions() == []


@pytest.mark.soak
@UNLESS_ASKED
async def test_usage_that_was_billed_and_is_gone_is_reported_again_and_billed_once(made: World) -> None:
    contract = sold(seats(**TAXED), metered(price="0.05", **TAXED), start=month(0), every=1)
    used: list[dict[str, Any]] = [{"line": "U1", "date": month(0), "quantity": "90", "id": "day-1"}]
    await made.load(scenario(contract))
    await made.until_status("C-1", "active")
    await until_agreed(made, scenario(contract))
    await still(made)
    told = scenario(contract, usage=used)
    async with forgotten(made):
        await made.report_usage("C-1", used)
        await made.advance(month(1))
        await until_agreed(made, told, as_of=dt.date.fromisoformat(month(1)))
        await still(made)
    await made.report_usage("C-1", used)
    await swept(made, "stripe")
    await still(made)
    await made.advance(month(2))
    await until_agreed(made, told, as_of=dt.date.fromisoformat(month(2)))
    assert await made.exceptions() == []


async def test_exception_that_is_gone_is_listed_again_once_it_is_due_and_can_be_answered(made: World) -> None:
    told = scenario(sold(seats(**TAXED), start=month(-2)))
    async with forgotten(made):
        await refuse_tax(made)
        await made.load(told)
        found = await made.until_exception("C-1")
        await still(made)
    assert await made.exceptions() == []
    handle = made.client.get_workflow_handle(found.workflow_id)
    await TimeSkipper(made.client).fast_forward(handle, dt.timedelta(hours=25))

    async def again() -> RecordedException | None:
        listed = await made.exceptions("C-1")
        return listed[0] if listed and listed[0].escalations else None

    listed = await made.settle(again, "the exception is listed again")
    assert (listed.id, listed.opened_at) == (found.id, found.opened_at)
    await refuse_tax(made, code=None)
    await made.decide("olivia", listed, "retry")
    await made.until_status("C-1", "active")
    await until_agreed(made, told)
    assert await made.exceptions() == []
