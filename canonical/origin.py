"""Where a platform object comes from, and where it is: the two ends of lineage."""

import datetime as dt
from typing import Literal

from canonical.base import Dec, Noun

ObjectKind = Literal[
    "customer",
    "product",
    "price",
    "subscription",
    "invoice",
    "credit_memo",
    "payment",
    "refund",
    "write_off",
    "journal_entry",
    "tax_document",
    "contract",
]


class Origin(Noun):
    """The contract, change and step that an object comes from. Business ids only: no run id, no attempt."""

    tenant: str
    contract: str
    change: str
    """The change's id; the contract's own id for its activation."""
    step: str
    revision: int = 0
    """Raised when a person fixes a step's data, so that the fixed request is another request."""
    correlation_id: str
    event_id: str | None = None


NOT_NEEDED = "not_needed"
"""The status of a reference to nothing: the platform has no such object and needs none."""


class Reference(Noun):
    """An object as one platform holds it; found again by `business_key`."""

    platform: str
    kind: ObjectKind
    id: str
    business_key: str
    number: str | None = None
    url: str | None = None
    date: dt.date | None = None
    total: Dec | None = None
    status: str | None = None
