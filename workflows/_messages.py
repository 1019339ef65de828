"""What people say to a workflow that waits for them, and what is answered."""

import datetime as dt

from pydantic import Field

from canonical.base import Dec, Noun
from ports.records import OverrideRecord, ResolveAction


class Resolve(Noun):
    """`resolve`, as update and as signal. `exception` may be left out where only one is open.

    `set` holds corrections for `fix`: `items.<product>` names the ERP's item, `account.<field>` corrects the
    customer's master data for this change.
    """

    action: ResolveAction
    reason: str = Field(min_length=1)
    actor: str = Field(min_length=1)
    role: str = "operator"
    exception: str | None = None
    set: dict[str, str] = Field(default_factory=dict)


class Resolved(Noun):
    exception: str
    action: ResolveAction


class OverrideRequest(Noun):
    """Asks a second person for an action that one may not decide alone."""

    exception: str
    action: ResolveAction
    reason: str = Field(min_length=1)
    actor: str = Field(min_length=1)
    role: str


class OverrideDecision(Noun):
    override: str
    approve: bool
    reason: str = Field(min_length=1)
    actor: str = Field(min_length=1)
    role: str


class OverrideView(Noun):
    id: str
    exception: str
    action: ResolveAction
    amount: Dec | None
    currency: str | None
    reason: str
    requested_by: str
    requested_at: dt.datetime
    status: str
    decided_by: str | None = None
    decided_at: dt.datetime | None = None
    digest: str

    @classmethod
    def of(cls, record: OverrideRecord) -> "OverrideView":
        """The record as it is answered to whoever asked."""
        return cls(
            id=record.id,
            exception=record.exception_id,
            action=record.action,
            amount=record.amount,
            currency=record.currency,
            reason=record.reason,
            requested_by=record.requested_by,
            requested_at=record.requested_at,
            status=record.status,
            decided_at=record.decided_at,
            decided_by=record.decided_by,
            digest=record.digest,
        )


class Waiting(Noun):
    """Sent by a worker when a call has been failing for a while: what waits on which platform."""

    platform: str
    activity: str
    attempts: int
    code: str
