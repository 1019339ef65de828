"""What we need from our own store to sweep: how far we have come, and the log into which events are put."""

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from ports.events import ListedEvent


class SweepRecords(Protocol):
    """Every call can be repeated with the same effect."""

    async def reached(self, platform: str) -> dt.datetime | None:
        """Up to when the platform's events have been swept; None before the first sweep."""
        ...

    async def reach(self, platform: str, moment: dt.datetime) -> None:
        """Never goes back."""
        ...

    async def take_in(self, platform: str, listed: Sequence[ListedEvent]) -> int:
        """Puts into the event log what is not in it, to be handed on as if its webhook had come; how many.

        An event is known by its id, or by the contract and version that another one has told of.
        """
        ...
