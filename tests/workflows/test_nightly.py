"""Every night each legal entity's running month is reconciled, and the last one until it is closed."""

import pytest

from assembly.schedules import NIGHTLY, ensure_schedules
from store.periods import PeriodStore
from tests.rules.scenarios import seats
from tests.workflows.periods import closed, run_nightly, this_period
from tests.workflows.sales import month, scenario, sold
from tests.world import World

pytestmark = pytest.mark.xdist_group("nightly")


async def test_the_nightly_run_reconciles_this_month_and_the_last_until_it_is_closed(made: World) -> None:
    await made.load(scenario(sold(seats(), start=month(-1), every=1)))
    await made.until_status("C-1", "active")
    await made.until_posted("C-1", 2)
    assert (await run_nightly(made)).reconciled == 2
    last_month = month(-1)[:7]
    periods = PeriodStore(made.database)
    for period in (last_month, this_period()):
        run = await periods.newest_run("US01", period)
        assert run is not None
        assert run.requested_by == "schedule"
    await closed(made, last_month)
    assert (await run_nightly(made)).reconciled == 1


@pytest.mark.schedules
async def test_the_schedule_is_made_once_and_brought_in_line_with_the_settings(made: World) -> None:
    given = made.settings
    assert await ensure_schedules(made.client, given)
    off = given.model_copy(
        update={"reconciliation": given.reconciliation.model_copy(update={"nightly": False})}
    )
    assert await ensure_schedules(made.client, off)
    schedule = (await made.client.get_schedule_handle(NIGHTLY).describe()).schedule
    assert schedule.state.paused
    assert [one async for one in await made.client.list_schedules()] != []
