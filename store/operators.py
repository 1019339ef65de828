"""Who may act. A token is 256 random bits; only its SHA-256 is kept: a copied database opens nothing."""

import hashlib
import hmac
import secrets
from typing import Literal

from pydantic import BaseModel, ConfigDict
from sqlalchemy import select
from sqlmodel import col

from store.database import Database
from store.event_log import Clock, utc_now
from store.tables import Operator

Role = Literal["viewer", "operator", "finance", "approver", "admin"]


class KnownOperator(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)

    name: str
    role: Role


def new_token() -> str:
    return "q2c_" + secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


class OperatorList:
    def __init__(self, database: Database, *, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    async def put(self, name: str, role: Role, token: str) -> None:
        """Adds the operator, or gives a known one this role and token (and lets a disabled one in again)."""
        async with self._database.write() as session:
            known = await session.get(Operator, name, with_for_update=True)
            if known is None:
                known = Operator(name=name, role=role, token_hash="", created_at=self._clock())
                session.add(known)
            known.role, known.token_hash, known.disabled_at = role, token_hash(token), None

    async def disable(self, name: str) -> None:
        async with self._database.write() as session:
            known = await session.get(Operator, name, with_for_update=True)
            if known is not None:
                known.disabled_at = self._clock()

    async def by_token(self, token: str) -> KnownOperator | None:
        """The operator whose token it is; compares with each in constant time."""
        asked = token_hash(token).encode()
        statement = select(Operator).where(col(Operator.disabled_at).is_(None))
        found: KnownOperator | None = None
        async with self._database.read() as session:
            for operator in (await session.execute(statement)).scalars():
                if hmac.compare_digest(operator.token_hash.encode(), asked):
                    found = KnownOperator.model_validate(operator)
        return found

    async def by_name(self, name: str) -> KnownOperator | None:
        async with self._database.read() as session:
            operator = await session.get(Operator, name)
        if operator is None or operator.disabled_at is not None:
            return None
        return KnownOperator.model_validate(operator)

    async def list(self) -> list[KnownOperator]:
        async with self._database.read() as session:
            rows = (await session.execute(select(Operator).order_by(col(Operator.name)))).scalars()
            return [KnownOperator.model_validate(row) for row in rows if row.disabled_at is None]
