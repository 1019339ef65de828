"""Runs, breaks and closes as the store keeps them, on SQLite and PostgreSQL."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from canonical.reconciliation import SIDES, Reconciliation
from ports.periods import CloseRecord, ReconciliationRun
from rules.reconciliation import reconcile
from store.audit import AuditLog
from store.database import Database
from store.periods import PeriodStore
from tests.rules.listings import PERIOD, TERMS, document, listings, lost_in_ledger, manual_journal
from tests.store.values import NOON

HOUR = dt.timedelta(hours=1)
KEY = "C-1/invoice/2026-03-10"


def results(*mutations: Any) -> tuple[Reconciliation, ...]:
    entries = document(KEY, 10000, 888)
    for mutation in mutations:
        entries = mutation(entries, KEY).entries
    return reconcile(listings(entries), TERMS)


def run(name: str, found: tuple[Reconciliation, ...], at: dt.datetime = NOON) -> ReconciliationRun:
    return ReconciliationRun(
        run=name,
        entity="US01",
        period=PERIOD,
        at=at,
        as_of=at.date(),
        requested_by="fiona",
        digest="d",
        results=found,
    )


def close(**more: Any) -> CloseRecord:
    said: dict[str, Any] = {
        "entity": "US01",
        "period": PERIOD,
        "closed_at": NOON,
        "closed_by": "fiona",
        "reason": "month end",
        "run": "r1",
        "digest": "d",
        "sides": {"USD": {"billings": Decimal("1.00")}},
        "explained": ("BR-1",),
        "closed_in_erp": False,
        "note": "",
    }
    return CloseRecord.model_validate(said | more)


@pytest.fixture
def periods(database: Database) -> PeriodStore:
    return PeriodStore(database)


async def test_a_break_that_is_found_again_is_one_break(periods: PeriodStore) -> None:
    await periods.record_reconciliation(run("r1", results(lost_in_ledger)))
    await periods.record_reconciliation(run("r2", results(lost_in_ledger), NOON + HOUR))
    (found,) = await periods.breaks("US01", PERIOD)
    assert (found.status, found.first_seen_at, found.last_seen_at) == ("open", NOON, NOON + HOUR)


async def test_a_break_that_has_gone_is_resolved_and_open_again_when_it_comes_back(
    periods: PeriodStore,
) -> None:
    await periods.record_reconciliation(run("r1", results(lost_in_ledger)))
    await periods.record_reconciliation(run("r2", results(), NOON + HOUR))
    (gone,) = await periods.breaks("US01", PERIOD)
    assert (gone.status, gone.resolved_at) == ("resolved", NOON + HOUR)
    await periods.record_reconciliation(run("r3", results(lost_in_ledger), NOON + 2 * HOUR))
    (back,) = await periods.breaks("US01", PERIOD, ("open",))
    assert (back.resolved_at, back.blocks) == (None, True)


@pytest.mark.parametrize(("status", "then"), [("explained", "explained"), ("repaired", "open")])
async def test_an_explained_break_stays_so_and_a_repair_that_did_not_help_is_open(
    periods: PeriodStore, status: Any, then: str
) -> None:
    await periods.record_reconciliation(run("r1", results(manual_journal)))
    (found,) = await periods.breaks("US01", PERIOD)
    await periods.mark_break(found.found.id, status, "because")
    await periods.record_reconciliation(run("r2", results(manual_journal), NOON + HOUR))
    (after,) = await periods.breaks("US01", PERIOD)
    assert (after.status, after.blocks) == (then, then == "open")


async def test_the_newest_run_has_the_sides_to_the_cent(periods: PeriodStore) -> None:
    await periods.record_reconciliation(run("r1", results()))
    await periods.record_reconciliation(run("r2", results(manual_journal), NOON + HOUR))
    newest = await periods.newest_run("US01", PERIOD)
    assert newest is not None
    assert newest.run == "r2"
    assert newest.sides["USD"]["ledger"] == Decimal("121.22")
    assert [each.run for each in await periods.runs_of(PERIOD)] == ["r2"]
    assert await periods.runs_of(PERIOD, "DE01") == []


async def test_a_listing_is_kept_whole_until_its_run_is_recorded(periods: PeriodStore) -> None:
    many = [
        entry.model_copy(update={"id": f"{entry.id}-{number}"})
        for number in range(300)
        for entry in document(KEY, 100, 1)
    ]
    await periods.keep_listing("r1", 1, "billings", many)
    await periods.keep_listing("r1", 1, "tax", [])
    await periods.keep_listing("r1", 1, "billings", many)
    sides, entries = await periods.listing("r1", 1)
    assert (set(sides), list(entries)) == ({"billings", "tax"}, many)
    await periods.record_reconciliation(run("r1", results()))
    assert await periods.listing("r1", 1) == ((), ())
    assert set(sides) <= set(SIDES)


async def test_the_first_close_counts_and_the_erp_may_follow(
    periods: PeriodStore, database: Database
) -> None:
    await periods.record_close(close())
    await periods.record_close(close(closed_by="anna", closed_in_erp=True, note="Mar 2026 is closed"))
    found = await periods.close_of("US01", PERIOD)
    assert found == close(closed_in_erp=True, note="Mar 2026 is closed")
    entries = await AuditLog(database).list(object_id=f"US01/{PERIOD}")
    assert [(entry.action, entry.actor) for entry in entries] == [("period.close", "fiona")]
