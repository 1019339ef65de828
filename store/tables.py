"""The tables. What they mean is said by the repositories; a change here needs a migration (`migrations/`)."""

import datetime as dt
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary, MetaData, Table, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from store.columns import DecimalText, Json, Sequence64, UtcDateTime

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(SQLModel):
    """The tables of this project, apart from whatever else uses SQLModel in the process."""

    metadata: ClassVar[MetaData] = MetaData(naming_convention=NAMES)


def table_of(model: type[Base]) -> Table:
    """The table behind a model, for statements over many rows."""
    return Base.metadata.tables[str(model.__tablename__)]


class InboundEvent(Base, table=True):
    """A webhook that was answered 2xx, or was signed and unreadable (dead). `stream` is what keeps order."""

    __tablename__ = "inbound_event"
    __table_args__ = (
        UniqueConstraint("platform", "event_id"),
        CheckConstraint("state IN ('waiting', 'handed_on', 'applied', 'ignored', 'dead')", name="state"),
        Index("ix_inbound_event_stream_state_id", "stream", "state", "id"),
        Index("ix_inbound_event_state_next_attempt_at", "state", "next_attempt_at"),
        {"sqlite_autoincrement": True},
    )
    id: int | None = Field(default=None, sa_column=Column("id", Sequence64, primary_key=True))
    platform: str = Field(sa_type=Text)
    event_id: str = Field(sa_type=Text)
    type: str = Field(sa_type=Text)
    received_at: dt.datetime = Field(sa_type=UtcDateTime)
    occurred_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)
    stream: str = Field(sa_type=Text)
    contract: str | None = Field(default=None, sa_type=Text, index=True)
    object_kind: str = Field(sa_type=Text)
    object_id: str = Field(sa_type=Text)
    version: int | None = Field(default=None, sa_column=Column("version", Sequence64, nullable=True))
    body: bytes = Field(sa_column=Column("body", LargeBinary, nullable=False))
    headers: dict[str, str] = Field(sa_column=Column("headers", Json, nullable=False))
    correlation_id: str = Field(sa_type=Text, index=True)
    state: str = Field(sa_type=Text)
    reason: str | None = Field(default=None, sa_type=Text)
    attempts: int = 0
    next_attempt_at: dt.datetime = Field(sa_type=UtcDateTime)
    lease_owner: str | None = Field(default=None, sa_type=Text)
    lease_until: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)
    workflow_id: str | None = Field(default=None, sa_type=Text)
    applied_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)


class OutboundEvent(Base, table=True):
    """An event that we publish, as a CloudEvents envelope in JSON."""

    __tablename__ = "outbound_event"
    __table_args__ = (UniqueConstraint("event_id"), {"sqlite_autoincrement": True})
    id: int | None = Field(default=None, sa_column=Column("id", Sequence64, primary_key=True))
    event_id: str = Field(sa_type=Text)
    type: str = Field(sa_type=Text)
    subject: str = Field(sa_type=Text, index=True)
    time: dt.datetime = Field(sa_type=UtcDateTime)
    envelope: dict[str, Any] = Field(sa_column=Column("envelope", Json, nullable=False))
    published_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)


class Lineage(Base, table=True):
    """One platform object and the event, change, workflow and activity attempt that it comes from."""

    __tablename__ = "lineage"
    __table_args__ = (
        UniqueConstraint("platform", "kind", "object_id", "contract", "change", "step"),
        {"sqlite_autoincrement": True},
    )
    id: int | None = Field(default=None, sa_column=Column("id", Sequence64, primary_key=True))
    tenant: str = Field(sa_type=Text)
    contract: str = Field(sa_type=Text, index=True)
    change: str = Field(sa_type=Text)
    step: str = Field(sa_type=Text)
    revision: int
    workflow_id: str = Field(sa_type=Text)
    run_id: str = Field(sa_type=Text)
    activity: str = Field(sa_type=Text)
    attempt: int
    platform: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    object_id: str = Field(sa_type=Text)
    business_key: str = Field(sa_type=Text, index=True)
    number: str | None = Field(default=None, sa_type=Text)
    date: dt.date | None = None
    total: Decimal | None = Field(default=None, sa_type=DecimalText)
    currency: str | None = Field(default=None, sa_type=Text)
    url: str | None = Field(default=None, sa_type=Text)
    status: str | None = Field(default=None, sa_type=Text)
    event_id: str | None = Field(default=None, sa_type=Text, index=True)
    correlation_id: str = Field(sa_type=Text)
    recorded_at: dt.datetime = Field(sa_type=UtcDateTime)


class ExceptionRow(Base, table=True):
    """Something that a person must decide, and how it ended."""

    __tablename__ = "exception_item"
    __table_args__ = (
        UniqueConstraint("key"),
        CheckConstraint("status IN ('open', 'resolved')", name="status"),
        Index("ix_exception_item_status_due_at", "status", "due_at"),
    )
    id: str = Field(sa_column=Column("id", Text, primary_key=True))
    key: str = Field(sa_type=Text)
    workflow_id: str = Field(sa_type=Text)
    contract: str = Field(sa_type=Text, index=True)
    change: str | None = Field(default=None, sa_type=Text)
    step: str = Field(sa_type=Text)
    platform: str | None = Field(default=None, sa_type=Text)
    code: str = Field(sa_type=Text)
    summary: str = Field(sa_type=Text)
    field: str | None = Field(default=None, sa_type=Text)
    amount: Decimal | None = Field(default=None, sa_type=DecimalText)
    currency: str | None = Field(default=None, sa_type=Text)
    legal_entity: str | None = Field(default=None, sa_type=Text)
    owner: str = Field(sa_type=Text)
    opened_at: dt.datetime = Field(sa_type=UtcDateTime)
    due_at: dt.datetime = Field(sa_type=UtcDateTime)
    actions: list[str] = Field(sa_column=Column("actions", Json, nullable=False))
    correlation_id: str = Field(sa_type=Text, index=True)
    status: str = Field(sa_type=Text)
    escalations: int = 0
    resolution: dict[str, str] | None = Field(default=None, sa_column=Column("resolution", Json))
    resolved_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)


class ExceptionNote(Base, table=True):
    """A line of an exception's story."""

    __tablename__ = "exception_note"
    __table_args__ = (
        UniqueConstraint("exception_id", "at", "actor", "note"),
        {"sqlite_autoincrement": True},
    )
    id: int | None = Field(default=None, sa_column=Column("id", Sequence64, primary_key=True))
    exception_id: str = Field(sa_type=Text, foreign_key="exception_item.id")
    at: dt.datetime = Field(sa_type=UtcDateTime)
    actor: str = Field(sa_type=Text)
    note: str = Field(sa_type=Text)


class Override(Base, table=True):
    """A finance override; `digest` is the hash of what was approved."""

    __tablename__ = "override"
    __table_args__ = (
        CheckConstraint("status IN ('requested', 'approved', 'rejected', 'closed')", name="status"),
        CheckConstraint(
            "decided_by IS NULL OR lower(trim(decided_by)) <> lower(trim(requested_by))", name="approver"
        ),
    )
    id: str = Field(sa_column=Column("id", Text, primary_key=True))
    exception_id: str = Field(sa_type=Text, index=True)
    contract: str = Field(sa_type=Text, index=True)
    action: str = Field(sa_type=Text)
    amount: Decimal | None = Field(default=None, sa_type=DecimalText)
    currency: str | None = Field(default=None, sa_type=Text)
    reason: str = Field(sa_type=Text)
    requested_by: str = Field(sa_type=Text)
    requested_at: dt.datetime = Field(sa_type=UtcDateTime)
    status: str = Field(sa_type=Text)
    decided_by: str | None = Field(default=None, sa_type=Text)
    decided_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)
    digest: str = Field(sa_type=Text)
    outcome: str | None = Field(default=None, sa_type=Text)


class AuditRow(Base, table=True):
    """One entry of the audit chain; the database refuses to change or delete it (by triggers)."""

    __tablename__ = "audit_entry"
    __table_args__ = (UniqueConstraint("key"),)
    sequence: int = Field(sa_column=Column("sequence", Sequence64, primary_key=True, autoincrement=False))
    key: str = Field(sa_type=Text)
    at: dt.datetime = Field(sa_type=UtcDateTime)
    actor: str = Field(sa_type=Text)
    role: str | None = Field(default=None, sa_type=Text)
    action: str = Field(sa_type=Text)
    object_kind: str = Field(sa_type=Text)
    object_id: str = Field(sa_type=Text)
    contract: str | None = Field(default=None, sa_type=Text, index=True)
    reason: str | None = Field(default=None, sa_type=Text)
    details: dict[str, str] = Field(sa_column=Column("details", Json, nullable=False))
    correlation_id: str | None = Field(default=None, sa_type=Text)
    previous_hash: str = Field(sa_type=Text)
    hash: str = Field(sa_type=Text)


class AuditHead(Base, table=True):
    """How long the audit chain is and how it ends: one row, so that a tail cut off is noticed."""

    __tablename__ = "audit_head"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)
    id: int = Field(sa_column=Column("id", Sequence64, primary_key=True, autoincrement=False))
    sequence: int = Field(sa_column=Column("sequence", Sequence64, nullable=False))
    hash: str = Field(sa_type=Text)


class UsageEvent(Base, table=True):
    """Units used on a day. `usage_id` is unique in the contract; without one each report counts."""

    __tablename__ = "usage_event"
    __table_args__ = (UniqueConstraint("contract", "usage_id"), {"sqlite_autoincrement": True})
    id: int | None = Field(default=None, sa_column=Column("id", Sequence64, primary_key=True))
    contract: str = Field(sa_type=Text)
    usage_id: str | None = Field(default=None, sa_type=Text)
    line: str = Field(sa_type=Text)
    date: dt.date
    quantity: Decimal = Field(sa_type=DecimalText)
    recorded_at: dt.datetime = Field(sa_type=UtcDateTime)


class UsageDay(Base, table=True):
    """What the events of a contract's line come to on a day, kept with each event that is new: reading a
    contract's usage must not cost more the more events there are.
    """

    __tablename__ = "usage_day"
    contract: str = Field(sa_column=Column("contract", Text, primary_key=True))
    line: str = Field(sa_column=Column("line", Text, primary_key=True))
    date: dt.date = Field(primary_key=True)
    units: Decimal = Field(sa_type=DecimalText)
    events: int = Field(sa_column=Column("events", Sequence64, nullable=False))


class ContractRow(Base, table=True):
    """What lists show of a contract; the workflow has the truth."""

    __tablename__ = "contract"
    id: str = Field(sa_column=Column("id", Text, primary_key=True))
    account: str = Field(sa_type=Text, index=True)
    legal_entity: str = Field(sa_type=Text, index=True)
    currency: str = Field(sa_type=Text)
    status: str = Field(sa_type=Text, index=True)
    version: int = Field(sa_column=Column("version", Sequence64, nullable=False))
    workflow_id: str = Field(sa_type=Text)
    updated_at: dt.datetime = Field(sa_type=UtcDateTime)


class PlatformPause(Base, table=True):
    """A platform to which nothing new is sent: there while it lasts. Audited by the gateway."""

    __tablename__ = "platform_pause"
    platform: str = Field(sa_column=Column("platform", Text, primary_key=True))
    reason: str = Field(sa_type=Text)
    paused_by: str = Field(sa_type=Text)
    paused_at: dt.datetime = Field(sa_type=UtcDateTime)


class Operator(Base, table=True):
    """Who may act through the gateway. Only the token's SHA-256 is kept."""

    __tablename__ = "operator"
    __table_args__ = (
        UniqueConstraint("token_hash"),
        CheckConstraint("role IN ('viewer', 'operator', 'finance', 'approver', 'admin')", name="role"),
    )
    name: str = Field(sa_column=Column("name", Text, primary_key=True))
    role: str = Field(sa_type=Text)
    token_hash: str = Field(sa_type=Text)
    created_at: dt.datetime = Field(sa_type=UtcDateTime)
    disabled_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)


class ReconciliationRow(Base, table=True):
    """One run over a legal entity's period: the sides' totals by currency, and the digest of the whole."""

    __tablename__ = "reconciliation_run"
    __table_args__ = (Index("ix_reconciliation_run_entity_period_at", "entity", "period", "at"),)
    run: str = Field(sa_column=Column("run", Text, primary_key=True))
    entity: str = Field(sa_type=Text)
    period: str = Field(sa_type=Text)
    at: dt.datetime = Field(sa_type=UtcDateTime)
    as_of: dt.date
    requested_by: str = Field(sa_type=Text)
    sides: dict[str, dict[str, str]] = Field(sa_column=Column("sides", Json, nullable=False))
    digest: str = Field(sa_type=Text)


class BreakRow(Base, table=True):
    """Where two sides differ. The id is made from the content, so that a run again finds the same row."""

    __tablename__ = "reconciliation_break"
    __table_args__ = (
        CheckConstraint("status IN ('open', 'explained', 'repaired', 'resolved')", name="status"),
        Index("ix_reconciliation_break_entity_period_status", "entity", "period", "status"),
    )
    id: str = Field(sa_column=Column("id", Text, primary_key=True))
    entity: str = Field(sa_type=Text)
    period: str = Field(sa_type=Text)
    currency: str = Field(sa_type=Text)
    type: str = Field(sa_type=Text)
    document: str = Field(sa_type=Text)
    contract: str | None = Field(default=None, sa_type=Text, index=True)
    effect: Decimal = Field(sa_type=DecimalText)
    owner: str = Field(sa_type=Text)
    blocks_close: bool
    found: dict[str, Any] = Field(sa_column=Column("found", Json, nullable=False))
    status: str = Field(sa_type=Text)
    note: str | None = Field(default=None, sa_type=Text)
    first_seen_at: dt.datetime = Field(sa_type=UtcDateTime)
    last_seen_at: dt.datetime = Field(sa_type=UtcDateTime)
    run: str = Field(sa_type=Text)
    resolved_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)


class ListingRow(Base, table=True):
    """A part of a side's listing while a run compares it: too large for a workflow's payload."""

    __tablename__ = "reconciliation_listing"
    run: str = Field(sa_column=Column("run", Text, primary_key=True))
    look: int = Field(sa_column=Column("look", Sequence64, primary_key=True, autoincrement=False))
    side: str = Field(sa_column=Column("side", Text, primary_key=True))
    part: int = Field(sa_column=Column("part", Sequence64, primary_key=True, autoincrement=False))
    entries: list[Any] = Field(sa_column=Column("entries", Json, nullable=False))
    kept_at: dt.datetime = Field(sa_type=UtcDateTime)


class PeriodCloseRow(Base, table=True):
    """A closed period of a legal entity, with the evidence on which it was closed."""

    __tablename__ = "period_close"
    entity: str = Field(sa_column=Column("entity", Text, primary_key=True))
    period: str = Field(sa_column=Column("period", Text, primary_key=True))
    closed_at: dt.datetime = Field(sa_type=UtcDateTime)
    closed_by: str = Field(sa_type=Text)
    reason: str = Field(sa_type=Text)
    run: str = Field(sa_type=Text)
    digest: str = Field(sa_type=Text)
    sides: dict[str, dict[str, str]] = Field(sa_column=Column("sides", Json, nullable=False))
    explained: list[str] = Field(sa_column=Column("explained", Json, nullable=False))
    closed_in_erp: bool
    note: str = Field(sa_type=Text)


class RateRow(Base, table=True):
    """An exchange rate of a day: so many units of `currency` for one of `base`. `reason`: of a correction."""

    __tablename__ = "exchange_rate"
    base: str = Field(sa_column=Column("base", Text, primary_key=True))
    currency: str = Field(sa_column=Column("currency", Text, primary_key=True))
    date: dt.date = Field(primary_key=True)
    rate: Decimal = Field(sa_type=DecimalText)
    source: str = Field(sa_type=Text)
    recorded_by: str = Field(sa_type=Text)
    recorded_at: dt.datetime = Field(sa_type=UtcDateTime)
    reason: str | None = Field(default=None, sa_type=Text)


class EventCursor(Base, table=True):
    """Up to when a platform's own list of events has been compared with the event log."""

    __tablename__ = "event_cursor"
    platform: str = Field(sa_column=Column("platform", Text, primary_key=True))
    reached: dt.datetime = Field(sa_type=UtcDateTime)
    swept_at: dt.datetime = Field(sa_type=UtcDateTime)


class BankReceiptRow(Base, table=True):
    """An entry of a bank's statement, and what became of it."""

    __tablename__ = "bank_receipt"
    __table_args__ = (
        CheckConstraint("status IN ('received', 'waiting', 'applied', 'left', 'booked')", name="status"),
        Index("ix_bank_receipt_entity_status", "entity", "status"),
    )
    bank: str = Field(sa_column=Column("bank", Text, primary_key=True))
    ref: str = Field(sa_column=Column("ref", Text, primary_key=True))
    entity: str = Field(sa_type=Text)
    value_date: dt.date
    amount: Decimal = Field(sa_type=DecimalText)
    currency: str = Field(sa_type=Text)
    receipt: dict[str, Any] = Field(sa_column=Column("receipt", Json, nullable=False))
    status: str = Field(sa_type=Text)
    note: str | None = Field(default=None, sa_type=Text)
    suggestions: list[Any] = Field(sa_column=Column("suggestions", Json, nullable=False))
    document: str | None = Field(default=None, sa_type=Text)
    imported_by: str = Field(sa_type=Text)
    imported_at: dt.datetime = Field(sa_type=UtcDateTime)
    updated_at: dt.datetime = Field(sa_type=UtcDateTime)
