"""Finance overrides as the workflows decided on them; the store too refuses requester = approver."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from ports.records import OverrideRecord, Resolution, SelfApproval
from rules.approval import is_same_person
from store.audit import AuditEntry, append_audit
from store.database import Database
from store.tables import Override, table_of


class OverrideList:
    """The first decision counts; each step is audited in the same transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(self, override: OverrideRecord) -> None:
        """Raises SelfApproval where the requester has decided."""
        decided_by = override.decided_by
        if decided_by is not None and is_same_person(decided_by, override.requested_by):
            raise SelfApproval(f"{override.id} is not decided on by {decided_by}, who has asked for it")
        async with self._database.write() as session:
            await self._database.insert_new(session, table_of(Override), [dict(override)], ("id",))
            row = await session.get(Override, override.id, with_for_update=True, populate_existing=True)
            if row is not None and row.status == "requested" and override.status != "requested":
                row.sqlmodel_update(dict(override))
            if row is not None and (override.status == "requested" or row.status == override.status):
                await append_audit(session, _audit(override))

    async def get(self, id: str) -> OverrideRecord | None:
        async with self._database.read() as session:
            row = await session.get(Override, id)
            return None if row is None else OverrideRecord.model_validate(row.model_dump())

    async def list(
        self, *, status: str | None = None, contract: str | None = None, limit: int = 1000
    ) -> list[OverrideRecord]:
        """Oldest first."""
        statement = select(Override).order_by(col(Override.requested_at), col(Override.id)).limit(limit)
        if status is not None:
            statement = statement.where(col(Override.status) == status)
        if contract is not None:
            statement = statement.where(col(Override.contract) == contract)
        async with self._database.read() as session:
            rows = (await session.execute(statement)).scalars()
            return [OverrideRecord.model_validate(row.model_dump()) for row in rows]


async def close_requests(session: AsyncSession, resolution: Resolution) -> None:
    """Of an exception that is resolved: what nobody has decided on is over, and says what has ended it."""
    statement = (
        select(Override)
        .where(col(Override.exception_id) == resolution.exception_id, col(Override.status) == "requested")
        .order_by(col(Override.id))
        .with_for_update()
    )
    for row in (await session.execute(statement)).scalars().all():
        row.status, row.decided_at = "closed", resolution.at
        row.outcome = f"{resolution.exception_id} was resolved by {resolution.actor}: {resolution.action}"
        closed = _audit(OverrideRecord.model_validate(row.model_dump()))
        changed = {"actor": resolution.actor, "at": resolution.at, "reason": row.outcome}
        await append_audit(session, closed.model_copy(update=changed))


def _audit(override: OverrideRecord) -> AuditEntry:
    decided = override.decided_by is not None and override.decided_at is not None
    details = {"exception": override.exception_id, "action": override.action, "digest": override.digest}
    if override.amount is not None:
        details["amount"] = f"{override.amount:f} {override.currency}"
    return AuditEntry(
        key=f"override/{override.id}/{override.status}",
        at=override.decided_at if decided and override.decided_at else override.requested_at,
        actor=override.decided_by if decided and override.decided_by else override.requested_by,
        action=f"override.{override.status}",
        object_kind="override",
        object_id=override.id,
        contract=override.contract,
        reason=override.reason,
        details=details,
    )
