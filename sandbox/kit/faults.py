"""Faults on demand: what a platform does wrong when it is told to.

A fault belongs to a route ("POST /v1/invoices", "/v1/*", or none: every API request), lets `after` matching
requests pass, then happens `times` times, or for `seconds` if given (`down`, `slow`, `stale-read`).
Without a route, authentication is spared (except by `down`), and what needs a write happens to writes only.
"""

import random
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any

from sandbox.kit.state import State

WRITE_OUTCOMES = (
    "not-applied-then-timeout",
    "applied-then-timeout",
    "applied-then-cut",
    "applied-then-500",
    "twice",
)
STATUS_OUTCOMES = ("429", "500", "502", "503", "504")
DRIFT_OUTCOMES = ("field-added", "field-removed", "field-renamed", "field-retyped", "enum-added")
WEBHOOK_OUTCOMES = ("webhook-duplicate", "webhook-reorder", "webhook-late", "webhook-lost")
LASTING_OUTCOMES = ("down", "slow", "stale-read", "period-closed")
OUTCOMES = (
    "refused",
    *WRITE_OUTCOMES,
    *STATUS_OUTCOMES,
    "slow",
    "token-expired",
    *DRIFT_OUTCOMES,
    "stale-read",
    *WEBHOOK_OUTCOMES,
    "period-closed",
    "down",
)
SEEDED_OUTCOMES = (
    "refused",
    *WRITE_OUTCOMES,
    *STATUS_OUTCOMES,
    "token-expired",
    "webhook-duplicate",
    "webhook-reorder",
)
_ASKED_FOR_BY_NAME = (*WEBHOOK_OUTCOMES, "stale-read", "period-closed")

_FAULTS, _SEED = "_fault", "_fault_seed"


@dataclass
class Fault:
    outcome: str
    route: str | None = None
    times: int = 1
    after: int = 0
    seconds: float | None = None
    field: str | None = None  # of a drift outcome: which field; none: the platform's first
    id: int = 0
    passed: int = 0  # matching requests that `after` let pass
    happened: int = 0
    ends_at: float | None = None  # Unix time, once a fault with `seconds` has begun

    def __post_init__(self) -> None:
        if self.outcome not in OUTCOMES:
            raise ValueError(f"outcome: {self.outcome!r} is none of {', '.join(OUTCOMES)}")
        if self.times < 1:
            raise ValueError("times: must be at least 1")
        if self.after < 0:
            raise ValueError("after: must not be negative")
        if self.seconds is not None and self.seconds < 0:
            raise ValueError("seconds: must not be negative")

    @property
    def lasts(self) -> bool:
        return self.outcome in LASTING_OUTCOMES and self.seconds is not None

    def matches(self, method: str, path: str, *, write: bool, exempt: bool) -> bool:
        """Whether this is about the request; does not look at times, after or seconds."""
        if self.route is None:
            spared = exempt and self.outcome != "down"
            return not spared and (write or self.outcome not in WRITE_OUTCOMES)
        if fnmatchcase(f"{method} {path}", self.route):
            return True
        return fnmatchcase(path, self.route) and (write or self.outcome not in WRITE_OUTCOMES)


FaultList = list[Fault]


class Faults:
    """The faults that are set, kept in the platform's state so that they survive a restart."""

    def __init__(self, state: State, *, real: Callable[[], float] = time.time) -> None:
        self._state = state
        self._real = real
        self._set: FaultList = [Fault(**doc) for doc in state.all(_FAULTS)]

    def add(self, fault: Fault) -> Fault:
        fault.id = self._state.next_number(_FAULTS)
        if fault.lasts and fault.after == 0 and fault.outcome != "stale-read":
            self._begin(fault)
        self._set.append(fault)
        self._keep(fault)
        return fault

    def list(self) -> FaultList:
        """Those that can still happen."""
        return [fault for fault in self._set if not self._over(fault)]

    def clear(self) -> None:
        """Drop all, the seeded mode too."""
        for fault in self._set:
            self._state.delete(_FAULTS, str(fault.id))
        self._set.clear()
        self._state.delete(_SEED, _SEED)

    def reload(self) -> None:
        """Read anew after the state was reset."""
        self._set = [Fault(**doc) for doc in self._state.all(_FAULTS)]

    def seed(self, seed: int, rate: float, outcomes: "FaultNames | None" = None) -> None:
        """From now on draw faults at `rate` (0 to 1), the same ones for the same seed and request number."""
        if not 0 <= rate <= 1:
            raise ValueError("rate: must be between 0 and 1")
        for outcome in outcomes or ():
            Fault(outcome)
        names = [*(outcomes or SEEDED_OUTCOMES)]
        self._state.put(_SEED, _SEED, {"seed": seed, "rate": rate, "outcomes": names, "drawn": 0})

    def for_request(self, method: str, path: str, *, write: bool, exempt: bool = False) -> Fault | None:
        """The fault that happens to this request, if any; counts it as happened."""
        for fault in self._set:
            if fault.outcome not in _ASKED_FOR_BY_NAME and self._due(fault, method, path, write, exempt):
                return fault
        return None if exempt else self._drawn(lambda outcome: _drawable(outcome, write))

    def consume(
        self, outcome: str, method: str = "POST", path: str = "/", *, write: bool = True
    ) -> Fault | None:
        """The set fault of this outcome that happens now, if any; counts it as happened."""
        for fault in self._set:
            if fault.outcome == outcome and self._due(fault, method, path, write, False):
                return fault
        return None

    def active(self, outcome: str) -> bool:
        """Whether a fault of this outcome is set and can still happen (its `after` included)."""
        return any(fault.outcome == outcome for fault in self.list())

    def for_webhook(self, topic: str) -> Fault | None:
        """The webhook fault that happens to the next webhook of this topic."""
        for outcome in WEBHOOK_OUTCOMES:
            fault = self.consume(outcome, "WEBHOOK", topic)
            if fault is not None:
                return fault
        return self._drawn(lambda outcome: outcome in WEBHOOK_OUTCOMES)

    def give_back(self, fault: Fault) -> None:
        """Undo the counting of a fault that could not happen (a drift of an answer without a body)."""
        if fault.id:
            fault.happened -= 1
            if fault not in self._set:
                self._set.append(fault)
            self._keep(fault)

    def begin(self, fault: Fault) -> None:
        """Start the `seconds` of a fault that begins on an occasion of its own (stale reads)."""
        self._begin(fault)
        self._keep(fault)

    def _due(self, fault: Fault, method: str, path: str, write: bool, exempt: bool) -> bool:
        if self._over(fault) or not fault.matches(method, path, write=write, exempt=exempt):
            return False
        if fault.passed < fault.after:
            fault.passed += 1
            self._keep(fault)
            return False
        if fault.lasts and fault.ends_at is None:
            self._begin(fault)
        fault.happened += 1
        self._keep(fault)
        return True

    def _begin(self, fault: Fault) -> None:
        fault.ends_at = self._real() + (fault.seconds or 0)

    def _over(self, fault: Fault) -> bool:
        if fault.lasts:
            return fault.ends_at is not None and self._real() >= fault.ends_at
        return fault.happened >= fault.times

    def _keep(self, fault: Fault) -> None:
        if self._over(fault):
            self._state.delete(_FAULTS, str(fault.id))
            self._set = [other for other in self._set if other is not fault]
        else:
            self._state.put(_FAULTS, str(fault.id), asdict(fault))

    def _drawn(self, suits: Callable[[str], bool]) -> Fault | None:
        seeded = self._state.get(_SEED, _SEED)
        if seeded is None:
            return None
        seeded["drawn"] += 1
        self._state.put(_SEED, _SEED, seeded)
        dice = random.Random(f"{seeded['seed']}:{seeded['drawn']}")  # noqa: S311 - repeatable, no secret
        outcomes = [outcome for outcome in seeded["outcomes"] if suits(outcome)]
        if dice.random() >= seeded["rate"] or not outcomes:
            return None
        return Fault(dice.choice(outcomes))

    def describe(self) -> dict[str, Any]:
        """What is set, for the control API."""
        return {"faults": [asdict(fault) for fault in self.list()], "seeded": self._state.get(_SEED, _SEED)}


FaultNames = list[str]


def _drawable(outcome: str, write: bool) -> bool:
    if outcome in _ASKED_FOR_BY_NAME or outcome in LASTING_OUTCOMES:
        return outcome == "slow"
    return write or outcome not in WRITE_OUTCOMES
