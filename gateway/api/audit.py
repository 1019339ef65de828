"""The audit chain, and who asks."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from gateway.access import Finance, Viewer
from gateway.deps import Stores, TheStores
from gateway.operations import Actor
from store.audit import AuditAnchor, AuditEntry, AuditRecord, AuditVerification

router = APIRouter(tags=["audit"])


async def record(
    stores: Stores,
    actor: Actor,
    action: str,
    object_kind: str,
    object_id: str,
    *,
    contract: str | None = None,
    reason: str | None = None,
    details: dict[str, str] | None = None,
) -> None:
    """One entry for what an operator has done; the same request sent again leaves one."""
    await stores.audit.append(entry(stores, actor, action, object_kind, object_id, contract, reason, details))


def entry(
    stores: Stores,
    actor: Actor,
    action: str,
    object_kind: str,
    object_id: str,
    contract: str | None,
    reason: str | None,
    details: dict[str, str] | None = None,
) -> AuditEntry:
    return AuditEntry(
        key=f"{action}/{object_id}/{actor.name}/{actor.request_id}",
        at=stores.audit.clock(),
        actor=actor.name,
        role=actor.role,
        action=action,
        object_kind=object_kind,
        object_id=object_id,
        contract=contract,
        reason=reason,
        details=details or {},
        correlation_id=actor.request_id,
    )


class WhoAmI(BaseModel):
    name: str
    role: str


@router.get("/whoami")
async def whoami(actor: Viewer) -> WhoAmI:
    """The operator whose token was sent."""
    return WhoAmI(name=actor.name, role=actor.role)


@router.get("/audit")
async def list_entries(
    actor: Finance,
    stores: TheStores,
    contract: str | None = None,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
) -> list[AuditRecord]:
    """The newest entries, oldest first."""
    return await stores.audit.list(contract=contract, limit=limit)


@router.get("/audit/verify")
async def verify(
    actor: Finance,
    stores: TheStores,
    anchor_sequence: Annotated[int | None, Query(ge=0, le=2**63 - 1)] = None,
    anchor_hash: str | None = None,
) -> AuditVerification:
    """Walks the chain; `anchor_…` is an earlier answer's `head`, kept elsewhere."""
    anchor = None
    if anchor_sequence is not None and anchor_hash is not None:
        anchor = AuditAnchor(sequence=anchor_sequence, hash=anchor_hash)
    return await stores.audit.verify(anchor)
