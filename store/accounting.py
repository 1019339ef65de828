"""Invariant I2: every accepted event is in exactly one state, and the six add up."""

from pydantic import BaseModel, ConfigDict
from sqlalchemy import func, select
from sqlmodel import col

from store.database import Database
from store.tables import ExceptionRow, InboundEvent


class Accounting(BaseModel):
    """`accepted` are the events that were answered with success; the other six say where each one is."""

    model_config = ConfigDict(frozen=True)

    accepted: int
    waiting: int
    applied: int
    ignored: int
    workflow: int
    exception: int
    dead: int

    @property
    def adds_up(self) -> bool:
        parts = (self.waiting, self.applied, self.ignored, self.workflow, self.exception, self.dead)
        return sum(parts) == self.accepted


async def account(database: Database) -> Accounting:
    """Counts in one consistent read. An event that was handed on is in an exception where an open one came
    of it (same correlation id), else in its workflow."""
    open_exception = (
        select(col(ExceptionRow.id))
        .where(
            col(ExceptionRow.status) == "open",
            col(ExceptionRow.correlation_id) == col(InboundEvent.correlation_id),
        )
        .exists()
    )
    by_state = select(col(InboundEvent.state), open_exception, func.count()).group_by(
        col(InboundEvent.state), open_exception
    )
    found = dict.fromkeys(("waiting", "applied", "ignored", "workflow", "exception", "dead"), 0)
    async with database.read() as session:
        connection = await session.connection()
        if not database.is_sqlite:
            await connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        accepted = (await session.execute(select(func.count()).select_from(InboundEvent))).scalar_one()
        for state, in_exception, count in await session.execute(by_state):
            if state == "handed_on":
                state = "exception" if in_exception else "workflow"
            found[state] += count
    return Accounting(accepted=accepted, **found)
