"""What every vendor's webhook check says: this is the event; or the signature is wrong; or it is no event.

    ValueError
    ├── SignatureInvalid   missing, wrong, too old, or of an unknown sender: answer 401, keep nothing
    └── NotAnEvent         the sender is known, the body is not the event described: answer 422, dead letter

Messages name the rule that failed; they never carry the body, a secret or a signature.
"""

import datetime as dt
from typing import Literal

from canonical.base import Noun


class SignatureInvalid(ValueError):
    """The sender did not prove who it is, or proved it more than five minutes ago."""


class NotAnEvent(ValueError):
    """The sender is known, the body is not the event; `event_id` where the envelope named one."""

    def __init__(self, message: str, *, event_id: str | None = None) -> None:
        super().__init__(message)
        self.event_id = event_id


ObjectKind = Literal[
    "contract",
    "customer",
    "subscription",
    "invoice",
    "credit_memo",
    "payment",
    "refund",
    "dispute",
    "payout",
    "other",
]


class PlatformEvent(Noun):
    """One event of a platform: that something happened to an object, which is read again before it counts.

    `id` is the sender's own, the same at each delivery of the same event. `type` is the sender's word
    ("contract.approved", "invoice.paid"). `contract` is our contract id where the event says it, else None
    (it is then found from the object). `version` is the contract's version where the sender counts them.
    """

    id: str
    platform: str
    type: str
    occurred_at: dt.datetime
    contract: str | None = None
    object_kind: ObjectKind
    object_id: str
    version: int | None = None
