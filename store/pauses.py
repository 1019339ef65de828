"""Platforms to which nothing new is sent, until somebody says otherwise."""

import datetime as dt

from pydantic import BaseModel, ConfigDict
from sqlalchemy import delete, select
from sqlmodel import col

from store.database import Database
from store.event_log import Clock, utc_now
from store.tables import PlatformPause, table_of


class Pause(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)

    platform: str
    reason: str
    paused_by: str
    paused_at: dt.datetime


class PauseList:
    """Kept in the store, so that it holds for all workers, those that start later too."""

    def __init__(self, database: Database, *, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    async def pause(self, platform: str, reason: str, by: str) -> bool:
        """False where it is paused already; then the first reason stays."""
        row = {"platform": platform, "reason": reason, "paused_by": by, "paused_at": self._clock()}
        async with self._database.write() as session:
            table = table_of(PlatformPause)
            return bool(await self._database.insert_new(session, table, [row], ("platform",)))

    async def resume(self, platform: str) -> bool:
        """False where it is not paused."""
        async with self._database.write() as session:
            statement = delete(PlatformPause).where(col(PlatformPause.platform) == platform)
            gone = await session.execute(statement.returning(col(PlatformPause.platform)))
            return gone.first() is not None

    async def paused(self) -> dict[str, Pause]:
        """Those that are paused now, by name."""
        async with self._database.read() as session:
            rows = (await session.execute(select(PlatformPause))).scalars()
            return {row.platform: Pause.model_validate(row) for row in rows}
