"""What two contracts' workflows say to each other when one is merged into the other.

`key` names the merge-cancellation at the contract that ends: the leading contract and the merge's id, and
from the second asking on a number.
"""

import datetime as dt
from typing import Literal

from canonical.base import Noun
from canonical.change import JoinedContract


class MergeRequest(Noun):
    """Asks `contract` to end on `day`, because it is merged into another. `business_date` is today there."""

    contract: str
    key: str
    into: str
    day: dt.date
    business_date: dt.date
    correlation_id: str


class MergeWord(Noun):
    """How the merge has ended: it stands, or it is undone, and the contract goes on as it was."""

    contract: str
    key: str
    stands: bool
    reason: str


class PlannedMerge(Noun):
    """A merge that `contract` has yet to carry out, by its change, and the contracts that it takes in."""

    contract: str
    change: str
    day: dt.date
    others: tuple[str, ...]


class MergeStanding(Noun):
    """How far a contract is with ending for a merge.

    `unknown`: it has not been asked; `waiting`: not there yet; `prepared`: done, and can still be undone;
    `done`: for good; `refused`: it goes on. `joined` says what it was, where it is prepared or done.
    """

    status: Literal["unknown", "waiting", "prepared", "done", "refused"]
    reason: str = ""
    running: str | None = None
    """The workflow id of the chapter at work on it, which knows more."""
    today: dt.date | None = None
    """The day at the contract asked."""
    joined: JoinedContract | None = None
    merging: tuple[PlannedMerge, ...] = ()
    """What the contract asked is to merge itself."""
    circle: str = ""
    """Where it can't end before the one that asks has ended: why, in words."""
    told: bool = False
    """Whether the chapter knows how the merge has ended."""
