"""A platform's clock: real time plus an offset that only grows and survives a restart."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from sandbox.kit.state import State

_KIND, _ID = "_clock", "offset"


def real_now() -> datetime:
    return datetime.now(UTC)


class Clock:
    def __init__(self, state: State, *, real: Callable[[], datetime] = real_now) -> None:
        self._state = state
        self._real = real

    def now(self) -> datetime:
        return self._real() + self._offset()

    def today(self) -> date:
        return self.now().date()

    def advance_to(self, moment: datetime) -> None:
        """Set the clock forward; ValueError if `moment` lies in its past or has no time zone."""
        if moment.tzinfo is None:
            raise ValueError("the clock takes an aware datetime")
        ahead = moment - self.now()
        if ahead < timedelta(0):
            raise ValueError(f"the clock only goes forward: it is {self.now().isoformat()} already")
        offset = self._offset() + ahead
        self._state.put(
            _KIND, _ID, {"days": offset.days, "seconds": offset.seconds, "micros": offset.microseconds}
        )

    def _offset(self) -> timedelta:
        kept = self._state.get(_KIND, _ID)
        if kept is None:
            return timedelta(0)
        return timedelta(days=kept["days"], seconds=kept["seconds"], microseconds=kept["micros"])
