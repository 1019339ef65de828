"""What the gateway needs of a platform's webhook: a check that gives the events or says why not."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from connectors.webhooks import NotAnEvent, PlatformEvent, SignatureInvalid

__all__ = ["FunctionReceiver", "NotAnEvent", "PlatformEvent", "SignatureInvalid", "WebhookReceiver"]


class WebhookReceiver(Protocol):
    """One endpoint's check. The gateway knows it by its path after `/webhooks/`: "stripe",
    "salesforce/approvals". The path's first part names the platform.
    """

    def verify(self, headers: Mapping[str, str], body: bytes, now: dt.datetime) -> Sequence[PlatformEvent]:
        """The events in the body; header names are in lower case.

        Raises SignatureInvalid (answered 401, nothing is kept) before anything of the body is understood,
        and NotAnEvent (422, kept as a dead letter) for a body of a known sender that is not the event.
        Does not store, and asks nobody.
        """
        ...


@dataclass(frozen=True)
class FunctionReceiver:
    """A receiver made of one function, its secrets bound beforehand."""

    function: Callable[[Mapping[str, str], bytes, dt.datetime], Sequence[PlatformEvent]]

    def verify(self, headers: Mapping[str, str], body: bytes, now: dt.datetime) -> Sequence[PlatformEvent]:
        return self.function(headers, body, now)
