"""`ports.records.Records` on the store: every call can be repeated with the same effect."""

import datetime as dt
from decimal import Decimal

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import DBAPIError, IntegrityError

from canonical.scenario import Usage
from ports.records import ContractRecord, EventFate, PublishedEvent, Records, Resolution, SelfApproval
from store.accounting import account
from store.audit import AuditLog
from store.contracts import ContractList
from store.database import Database
from store.event_log import EventLog
from store.exceptions import ExceptionQueue, exception_id
from store.lineage import LineageLog
from store.outbox import Outbox
from store.overrides import OverrideList
from store.records import StoreRecords
from store.tables import Override, table_of
from store.usage import UsageLog
from tests.store.values import NOON, StoppedClock, exception_item, lineage_entry, new_event, override


@pytest.fixture
def records(database: Database) -> Records:
    return StoreRecords(database, clock=StoppedClock())


async def test_lineage_is_read_as_it_was_recorded(records: Records) -> None:
    entry = lineage_entry()
    await records.record_lineage((entry,))
    [found] = await records.lineage("C-1")
    assert found.model_dump(include=set(type(entry).model_fields)) == entry.model_dump()
    assert isinstance(found.reference.total, Decimal)


async def test_lineage_recorded_again_changes_nothing(records: Records, database: Database) -> None:
    entry = lineage_entry()
    await records.record_lineage((entry, entry))
    await records.record_lineage((entry.model_copy(update={"attempt": 7, "run_id": "run-2"}),))
    [found] = await records.lineage("C-1")
    assert (found.attempt, found.run_id) == (1, "run-1")


async def test_a_step_is_recorded_with_its_event_or_not_at_all(records: Records, database: Database) -> None:
    event = PublishedEvent(id="e-1", type="q2c.x", subject="C-1", time=NOON, data={})
    nameless = event.model_copy(update={"id": None})
    with pytest.raises(IntegrityError):
        await records.record_lineage((lineage_entry(),), (nameless,))
    assert await records.lineage("C-1") == ()
    await records.record_lineage((lineage_entry(),), (event,))
    assert len(await records.lineage("C-1")) == len(await Outbox(database).list()) == 1


async def test_lineage_leads_both_ways(records: Records, database: Database) -> None:
    await records.record_lineage((lineage_entry("in_1"), lineage_entry("in_2")))
    log = LineageLog(database)
    assert [each.reference.id for each in await log.of_event("evt-1")] == ["in_1", "in_2"]
    [found] = await log.of_object("stripe", "in_2")
    assert (found.origin.change, found.workflow_id) == ("CH-1", "contract/C-1/activation/C-1")


@pytest.mark.parametrize("amount", ["0.1", "1.50", "-0.01", "99999999999999999999.99", "0", "1E+3"])
async def test_decimals_are_kept_exactly(records: Records, database: Database, amount: str) -> None:
    item = exception_item(amount=Decimal(amount))
    id = await records.open_exception(item)
    found = await ExceptionQueue(database).get(id)
    assert found is not None
    assert found.amount == Decimal(amount)
    assert str(found.amount) == format(Decimal(amount), "f")


async def test_exception_is_opened_once_for_its_key(records: Records, database: Database) -> None:
    ids = {await records.open_exception(exception_item()) for _ in range(3)}
    assert ids == {exception_id("contract/C-1#erp#1")}
    assert len(await ExceptionQueue(database).list()) == 1
    assert [each.action for each in await AuditLog(database).list()] == ["exception.opened"]


def test_exception_id_is_short_and_of_its_key() -> None:
    ids = {exception_id(f"key-{n}") for n in range(10_000)}
    assert len(ids) == 10_000
    assert {len(id) for id in ids} == {13}


async def test_exception_is_escalated_once_for_each_deadline(records: Records, database: Database) -> None:
    id = await records.open_exception(exception_item())
    due = NOON + dt.timedelta(hours=48)
    for _ in range(2):
        await records.escalate_exception(id, "head-of-finance", due)
    queue = ExceptionQueue(database)
    found = await queue.get(id)
    assert found is not None
    assert (found.owner, found.due_at, found.escalations) == ("head-of-finance", due, 1)
    assert len(await queue.story(id)) == 1


async def test_note_is_told_once(records: Records, database: Database) -> None:
    id = await records.open_exception(exception_item())
    for _ in range(2):
        await records.note_exception(id, NOON, "signal refused: skip is not allowed", "fay")
    assert [line.note for line in await ExceptionQueue(database).story(id)] == [
        "signal refused: skip is not allowed"
    ]


async def test_first_resolution_counts_and_is_audited_once(records: Records, database: Database) -> None:
    id = await records.open_exception(exception_item())
    for actor in ("fay", "bob"):
        resolution = Resolution(
            exception_id=id, action="skip", actor=actor, reason="agreed", outcome="skipped", at=NOON
        )
        await records.resolve_exception(resolution)
    found = await ExceptionQueue(database).get(id)
    assert found is not None
    assert found.status == "resolved"
    assert found.resolution is not None
    assert found.resolution["actor"] == "fay"
    audited = [(each.action, each.actor) for each in await AuditLog(database).list()]
    assert audited == [("exception.opened", "system"), ("exception.skip", "fay")]


async def test_resolving_what_is_not_there_is_an_error(records: Records) -> None:
    resolution = Resolution(
        exception_id="EX-0", action="skip", actor="fay", reason="r", outcome="skipped", at=NOON
    )
    with pytest.raises(KeyError):
        await records.resolve_exception(resolution)


async def test_exception_that_comes_back_after_its_resolution_is_open_and_audited_again(
    records: Records, database: Database
) -> None:
    for hours in (0, 2):
        at = NOON + dt.timedelta(hours=hours)
        id = await records.open_exception(exception_item(opened_at=at))
        resolution = Resolution(
            exception_id=id,
            action="retry",
            actor="fay",
            reason="r",
            outcome="retried",
            at=at + dt.timedelta(hours=1),
        )
        await records.resolve_exception(resolution)
    audited = [each.action for each in await AuditLog(database).list()]
    assert audited == ["exception.opened", "exception.retry"] * 2


async def test_override_and_its_decision_are_audited_once_each(records: Records, database: Database) -> None:
    for status in ("requested", "requested", "approved", "approved", "rejected", "requested"):
        await records.record_override(override(status))
    found = await OverrideList(database).get("OV-1")
    assert found is not None
    assert (found.status, found.decided_by, found.amount) == ("approved", "ann", Decimal("100.10"))
    audited = [(each.action, each.actor) for each in await AuditLog(database).list()]
    assert audited == [("override.requested", "fay"), ("override.approved", "ann")]


async def test_database_refuses_an_approver_who_is_the_requester(
    records: Records, database: Database
) -> None:
    for name in ("fay", " Fay"):
        with pytest.raises(SelfApproval):
            await records.record_override(override("approved", decided_by=name))
        row = dict(override("approved", decided_by=name))
        with pytest.raises(DBAPIError, match="approver"):
            async with database.write() as session:
                await session.execute(insert(table_of(Override)), [row])


async def test_requests_that_nobody_has_decided_on_end_with_their_exception(
    records: Records, database: Database
) -> None:
    id = await records.open_exception(exception_item())
    waiting, rejected = override(exception_id=id), override(id="OV-2", exception_id=id)
    for each in (waiting, rejected, override(id="OV-3"), override("rejected", id="OV-2", exception_id=id)):
        await records.record_override(each)
    at = NOON + dt.timedelta(hours=2)
    resolution = Resolution(
        exception_id=id, action="retry", actor="olga", reason="r", outcome="tried again", at=at
    )
    await records.resolve_exception(resolution)
    await records.record_override(waiting)  # a repetition that comes late opens nothing again
    await records.record_override(override("approved", exception_id=id))
    found = {each.id: each for each in await OverrideList(database).list()}
    assert {id: each.status for id, each in found.items()} == {
        "OV-1": "closed",
        "OV-2": "rejected",
        "OV-3": "requested",
    }
    ended = found["OV-1"]
    assert (ended.outcome, ended.decided_by, ended.decided_at) == (
        f"{id} was resolved by olga: retry",
        None,
        at,
    )
    audited = [each for each in await AuditLog(database).list() if each.object_id == "OV-1"]
    assert [(each.action, each.actor) for each in audited] == [
        ("override.requested", "fay"),
        ("override.closed", "olga"),
    ]


async def test_usage_counts_once_by_its_id(records: Records, database: Database) -> None:
    log = UsageLog(database)
    day = dt.date(2026, 2, 10)
    named = Usage(line="U1", date=day, quantity=Decimal("1500.50"), id="u-1")
    unnamed = Usage(line="U1", date=day, quantity=Decimal(1))
    await log.record("C-1", [named, unnamed, unnamed])
    await log.record("C-1", [named.model_copy(update={"quantity": Decimal(9)})])
    await log.record("C-2", [named])
    (month,) = await records.usage("C-1")
    assert (month.line, month.month, month.units, month.events) == (
        "U1",
        "2026-02",
        {10: Decimal("1502.50")},
        3,
    )
    assert [month.events for month in await records.usage("C-2")] == [1]


async def test_published_event_is_kept_once_as_a_cloud_event(records: Records, database: Database) -> None:
    event = PublishedEvent(
        id="e-1", type="com.q2c.contract.activated", subject="C-1", time=NOON, data={"contract": "C-1"}
    )
    await records.publish((event, event))
    await records.publish((event,))
    outbox = Outbox(database)
    [envelope] = await outbox.list(subject="C-1")
    assert envelope == {
        "specversion": "1.0",
        "id": "e-1",
        "source": "/q2c",
        "type": "com.q2c.contract.activated",
        "subject": "C-1",
        "time": "2026-03-01T12:00:00+00:00",
        "datacontenttype": "application/json",
        "data": {"contract": "C-1"},
    }
    assert len(await outbox.unpublished()) == 1
    await outbox.mark_published(["e-1"])
    assert await outbox.unpublished() == []


async def test_newer_word_on_a_contract_counts(records: Records, database: Database) -> None:
    record = ContractRecord(
        id="C-1",
        account="A-1",
        legal_entity="US01",
        currency="USD",
        status="active",
        version=2,
        workflow_id="contract/C-1",
        updated_at=NOON,
    )
    await records.record_contract(record)
    old = {"status": "activating", "version": 1, "updated_at": NOON - dt.timedelta(seconds=1)}
    await records.record_contract(record.model_copy(update=old))
    assert (await ContractList(database).get("C-1")) == record


async def test_a_contract_is_listed_as_blocked_while_its_workflow_or_a_chapter_waits_for_a_person(
    records: Records, database: Database
) -> None:
    for name in ("C-1", "C-10", "C_1", "C-2", "C-3"):
        record = ContractRecord(
            id=name,
            account="A-1",
            legal_entity="US01",
            currency="USD",
            status="activating",
            version=1,
            workflow_id=f"contract/{name}",
            updated_at=NOON,
        )
        await records.record_contract(record)
    for number, (name, workflow_id) in enumerate(
        (
            ("C-10", "contract/C-10/activation/C-10"),
            ("C-2", "contract/C-2"),
            ("C-3", "invoice/stripe/in_3"),  # a document of it waits: the contract itself does not
        )
    ):
        await records.open_exception(exception_item(f"k-{number}", contract=name, workflow_id=workflow_id))
    contracts = ContractList(database)
    listed = {each.id: each.status for each in await contracts.list()}
    assert listed == {
        "C-1": "activating",
        "C-10": "blocked",
        "C_1": "activating",
        "C-2": "blocked",
        "C-3": "activating",
    }
    assert sorted(each.id for each in await contracts.list(status="blocked")) == ["C-10", "C-2"]
    assert len(await contracts.list(status="activating")) == 3


async def test_workflow_says_what_became_of_its_event(records: Records, database: Database) -> None:
    await EventLog(database).append([new_event("evt-1")])
    fate = EventFate(platform="salesforce", event_id="evt-1", fate="ignored", reason="not newer")
    for _ in range(2):
        await records.finish_event(fate)
    counted = await account(database)
    assert (counted.accepted, counted.ignored, counted.adds_up) == (1, 1, True)


async def test_a_steps_decision_is_remembered_until_it_is_asked_again(records: Records) -> None:
    workflow_id, step = "invoice/stripe/in_1", "account for the edit"
    item = exception_item("first", workflow_id=workflow_id, step=step)
    id = await records.open_exception(item)
    assert await records.decision_on(workflow_id, step) is None
    at = NOON + dt.timedelta(hours=1)
    resolution = Resolution(
        exception_id=id, action="skip", actor="ann", reason="agreed", outcome="skipped", at=at
    )
    await records.resolve_exception(resolution)
    assert await records.decision_on(workflow_id, step) == "skip"
    assert await records.decision_on(workflow_id, "another step") is None
    again = item.model_copy(update={"key": "second", "opened_at": at + dt.timedelta(hours=1)})
    await records.open_exception(again)
    assert await records.decision_on(workflow_id, step) is None
