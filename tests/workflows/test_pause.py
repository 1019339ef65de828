"""A paused platform takes nothing: its work waits, nothing fails, and goes on when it is resumed."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

from temporalio.worker import Worker

from assembly.pausing import PauseWatch, run_unless_paused
from assembly.policy_source import GovernedPolicy
from assembly.workers import platform_worker, workflow_worker
from governance.policy import load_policy
from store.pauses import PauseList
from store.records import StoreRecords
from tests.agreement import until_agreed
from tests.rules.scenarios import seats
from tests.workflows.sales import month, scenario, sold
from tests.world import World, world


@contextlib.asynccontextmanager
async def pausable_workers(made: World) -> AsyncIterator[dict[str, Worker]]:
    """Workers as `q2c worker` runs them, which look for pauses all the time; each platform's newest."""
    records, policy = StoreRecords(made.database), GovernedPolicy(load_policy(None))
    newest: dict[str, Worker] = {}

    def make(name: str, port: object) -> Worker:
        newest[name] = platform_worker(made.client, name, port, records, policy, made.settings)
        return newest[name]

    watch = PauseWatch(PauseList(made.database), look_seconds=0.05)
    async with workflow_worker(made.client, records, made.settings), watch.watching():
        tasks = [
            asyncio.create_task(run_unless_paused(partial(make, name, port), name, watch))
            for name, port in made.ports.items()
        ]
        try:
            yield newest
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def stopped(workers: dict[str, Worker], platform: str) -> bool:
    return platform in workers and workers[platform].is_shutdown


async def waiting_in(made: World, platform: str) -> bool:
    listed = (await made.act("vera", "GET", "/platforms")).json()
    found = next(each for each in listed if each["name"] == platform)
    return bool(found["waiting"])


async def test_work_of_a_paused_platform_waits_and_drains(tmp_path: Path, temporal_address: str) -> None:
    told = scenario(sold(seats(tax_rate_percent="8.875"), start=month(-2), every=1))
    async with world(tmp_path, temporal_address, working=False) as made:
        reason = {"reason": "maintenance window"}
        paused = (await made.act("adam", "POST", "/platforms/netsuite/pause", reason)).json()
        assert (paused["paused"], paused["pause_reason"], paused["paused_by"]) == (
            True,
            *reason.values(),
            "adam",
        )
        async with pausable_workers(made):
            await made.load(told)
            await made.settle(lambda: waiting_in(made, "netsuite"), "work for NetSuite waits")
            assert await made.ports["netsuite"].documents("US01") == ()
            assert (await made.act("vera", "GET", "/exceptions")).json() == []
            assert (await made.act("vera", "GET", "/contracts/C-1")).json()["status"] == "blocked"
            told_of = (await made.act("vera", "GET", "/contracts/C-1/timeline")).json()
            assert ("waits for netsuite, which is paused: maintenance window", "adam") in [
                (item["summary"], item["actor"]) for item in told_of
            ]
            resumed = await made.act("adam", "POST", "/platforms/netsuite/resume", reason)
            assert resumed.json()["paused"] is False
            await made.until_status("C-1", "active")
            assert (await made.act("vera", "GET", "/contracts/C-1")).json()["status"] == "active"
            await until_agreed(made, told)


async def test_pause_begins_and_ends_under_running_workers(tmp_path: Path, temporal_address: str) -> None:
    told = scenario(sold(seats(tax_rate_percent="8.875"), start=month(-2), every=1))
    async with world(tmp_path, temporal_address, working=False) as made, pausable_workers(made) as workers:
        await made.act("adam", "POST", "/platforms/salesforce/pause", {"reason": "the org is being moved"})
        await made.settle(lambda: stopped(workers, "salesforce"), "the worker has stopped")
        await made.load(told)
        await made.settle(lambda: waiting_in(made, "salesforce"), "the reading waits")
        await made.act("adam", "POST", "/platforms/salesforce/resume", {"reason": "it is moved"})
        await made.until_status("C-1", "active")
        await until_agreed(made, told)


async def test_pausing_is_the_admins_and_only_of_known_platforms(
    tmp_path: Path, temporal_address: str
) -> None:
    async with world(tmp_path, temporal_address, working=False) as made:
        reason = {"reason": "x"}
        assert (await made.act("fiona", "POST", "/platforms/netsuite/pause", reason)).status_code == 403
        assert (await made.act("adam", "POST", "/platforms/zuora/pause", reason)).status_code == 404
        assert (await made.act("adam", "POST", "/platforms/netsuite/resume", reason)).status_code == 409
        await made.act("adam", "POST", "/platforms/netsuite/pause", reason)
        assert (await made.act("adam", "POST", "/platforms/netsuite/pause", reason)).status_code == 409
        audit = (await made.act("adam", "GET", "/audit")).json()
        assert [entry["action"] for entry in audit if entry["object_kind"] == "platform"] == [
            "platform.pause"
        ]
