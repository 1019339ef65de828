"""Closing a legal entity's period: what is asked, and how it ended."""

import datetime as dt
from typing import Literal

from canonical.base import Noun


class CloseOrder(Noun):
    """Close this period; `role` is the requester's."""

    tenant: str
    entity: str
    period: str
    requested_by: str
    role: str
    reason: str
    correlation_id: str


class CloseResult(Noun):
    """`closed` now, `already_closed` before, or `refused` for these `reasons`, in words. `blocking` are the
    ids of the breaks that hold it up. `note` says what is left to do in the ERP, if anything.
    """

    entity: str
    period: str
    status: Literal["closed", "already_closed", "refused"]
    reasons: tuple[str, ...] = ()
    blocking: tuple[str, ...] = ()
    closed_at: dt.datetime | None = None
    closed_by: str | None = None
    digest: str | None = None
    note: str | None = None
