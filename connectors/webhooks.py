"""What every vendor's webhook check says: this is the event; or the signature is wrong; or it is no event.

    ValueError
    ├── SignatureInvalid   missing, wrong, too old, or of an unknown sender: answer 401, keep nothing
    └── NotAnEvent         the sender is known, the body is not the event described: answer 422, dead letter

Messages name the rule that failed; they never carry the body, a secret or a signature.
"""

from ports.events import ObjectKind, PlatformEvent

__all__ = ["NotAnEvent", "ObjectKind", "PlatformEvent", "SignatureInvalid"]


class SignatureInvalid(ValueError):
    """The sender did not prove who it is, or proved it more than five minutes ago."""


class NotAnEvent(ValueError):
    """The sender is known, the body is not the event; `event_id` where the envelope named one."""

    def __init__(self, message: str, *, event_id: str | None = None) -> None:
        super().__init__(message)
        self.event_id = event_id
