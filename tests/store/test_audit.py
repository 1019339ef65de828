"""The audit chain shows every change, reorder, hole and cut tail."""

import asyncio

import pytest
from sqlalchemy import text

from store.audit import AuditAnchor, AuditEntry, AuditLog
from store.database import Database
from tests.store.values import NOON


def _entry(n: int, **changed: object) -> AuditEntry:
    values = {
        "key": f"key-{n}",
        "at": NOON,
        "actor": "fay",
        "action": "exception.retry",
        "object_kind": "exception",
        "object_id": f"EX-{n}",
        "reason": "because",
        "details": {"amount": "1.10 USD"},
    }
    return AuditEntry.model_validate(values | changed)


@pytest.fixture
async def audit(database: Database) -> AuditLog:
    audit = AuditLog(database)
    for n in range(5):
        await audit.append(_entry(n))
    return audit


async def test_untouched_chain_is_intact(audit: AuditLog) -> None:
    verified = await audit.verify()
    assert (verified.intact, verified.entries) == (True, 5)
    assert verified.head == await audit.head()


async def test_empty_chain_is_intact(database: Database) -> None:
    assert (await AuditLog(database).verify()).intact


async def test_the_same_key_is_one_entry(audit: AuditLog) -> None:
    await audit.append(_entry(3, reason="another"))
    assert (await audit.verify()).entries == 5


async def test_entries_of_many_at_once_make_one_chain(database: Database) -> None:
    audit = AuditLog(database)
    await asyncio.gather(*(audit.append(_entry(n)) for n in range(20)))
    verified = await audit.verify()
    assert (verified.intact, verified.entries) == (True, 20)


TAMPERING = {
    "reason changed": ["UPDATE audit_entry SET reason = 'other' WHERE sequence = 3"],
    "time changed": ["UPDATE audit_entry SET at = '2026-03-02 12:00:00' WHERE sequence = 3"],
    "actor changed": ["UPDATE audit_entry SET actor = 'mallory' WHERE sequence = 1"],
    "details changed": ["UPDATE audit_entry SET details = '{}' WHERE sequence = 5"],
    "entry taken out": ["DELETE FROM audit_entry WHERE sequence = 2"],
    "first taken out": ["DELETE FROM audit_entry WHERE sequence = 1"],
    "tail cut": ["DELETE FROM audit_entry WHERE sequence >= 4"],
    "all taken out": ["DELETE FROM audit_entry"],
    "order changed": [
        "UPDATE audit_entry SET sequence = 99 WHERE sequence = 2",
        "UPDATE audit_entry SET sequence = 2 WHERE sequence = 3",
        "UPDATE audit_entry SET sequence = 3 WHERE sequence = 99",
    ],
    "head set back": ["UPDATE audit_head SET sequence = 4"],
}


async def _tamper(database: Database, statements: list[str]) -> None:
    """As somebody with all rights in the database would."""
    if database.is_sqlite:
        drops = [f"DROP TRIGGER audit_entry_no_{verb}" for verb in ("update", "delete")]
    else:
        drops = ["DROP TRIGGER audit_entry_append_only ON audit_entry"]
    async with database.write() as session:
        for statement in [*drops, *statements]:
            await session.execute(text(statement))


@pytest.mark.parametrize("kind", sorted(TAMPERING))
async def test_tampering_is_found(audit: AuditLog, database: Database, kind: str) -> None:
    await _tamper(database, TAMPERING[kind])
    verified = await audit.verify()
    assert not verified.intact
    assert verified.problems


async def test_chain_cut_together_with_its_head_is_found_by_an_anchor(
    audit: AuditLog, database: Database
) -> None:
    anchor = await audit.head()
    await _tamper(
        database,
        [
            "DELETE FROM audit_entry WHERE sequence = 5",
            "UPDATE audit_head SET sequence = 4, hash = (SELECT hash FROM audit_entry WHERE sequence = 4)",
        ],
    )
    assert (await audit.verify()).intact
    assert not (await audit.verify(anchor)).intact


async def test_chain_that_was_rewritten_differs_from_its_anchor(audit: AuditLog) -> None:
    assert not (await audit.verify(AuditAnchor(sequence=3, hash="0" * 64))).intact
    await audit.append(_entry(9))
    assert (await audit.verify(await audit.head())).intact
