"""The platforms: health, credentials, versions, limits, and a stop for what would be sent."""

from fastapi import APIRouter

from gateway.access import Admin, OperatorRole, Viewer
from gateway.api.audit import record
from gateway.api.exceptions import Reason
from gateway.deps import TheOperations, TheStores
from gateway.operations import PlatformView

router = APIRouter(prefix="/platforms", tags=["platforms"])


@router.get("")
async def list_platforms(actor: Viewer, operations: TheOperations) -> list[PlatformView]:
    return list(await operations.platforms())


@router.post("/check")
async def check_platforms(actor: OperatorRole, operations: TheOperations) -> list[PlatformView]:
    """Asks each platform for its health and whether our credentials are taken."""
    return list(await operations.platforms(check=True))


@router.post("/{platform}/pause")
async def pause_platform(
    platform: str, decision: Reason, actor: Admin, stores: TheStores, operations: TheOperations
) -> PlatformView:
    """Lets nothing new be sent there; work waits."""
    view = await operations.pause_platform(platform, decision.reason, actor)
    await record(stores, actor, "platform.pause", "platform", platform, reason=decision.reason)
    return view


@router.post("/{platform}/resume")
async def resume_platform(
    platform: str, decision: Reason, actor: Admin, stores: TheStores, operations: TheOperations
) -> PlatformView:
    view = await operations.resume_platform(platform, decision.reason, actor)
    await record(stores, actor, "platform.resume", "platform", platform, reason=decision.reason)
    return view
