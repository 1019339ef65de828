from datetime import UTC, date, datetime, timedelta

import pytest

from sandbox.kit.clock import Clock
from sandbox.kit.state import State
from tests.sandbox.petshop import PetShop

REAL = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_clock_is_real_time_plus_an_offset_that_survives() -> None:
    state, real = State(":memory:"), [REAL]
    clock = Clock(state, real=lambda: real[0])
    assert clock.now() == REAL
    clock.advance_to(datetime(2027, 1, 31, 8, 0, 0, 7, tzinfo=UTC))
    real[0] += timedelta(hours=20)
    later = Clock(state, real=lambda: real[0])
    assert later.now() == datetime(2027, 2, 1, 4, 0, 0, 7, tzinfo=UTC)
    assert later.today() == date(2027, 2, 1)


def test_clock_never_goes_back() -> None:
    clock = Clock(State(":memory:"), real=lambda: REAL)
    with pytest.raises(ValueError, match="only goes forward"):
        clock.advance_to(REAL - timedelta(seconds=1))
    with pytest.raises(ValueError, match="aware"):
        clock.advance_to(datetime(2030, 1, 1))  # noqa: DTZ001 - the point of the test


async def test_platform_bills_what_falls_due(petshop: PetShop) -> None:
    seen: list[tuple[datetime, datetime]] = []

    async def bill(old: datetime, new: datetime) -> None:
        seen.append((old, new))
        assert petshop.clock.now() >= new

    petshop.on_clock(bill)
    until = datetime(2090, 1, 1, tzinfo=UTC)
    await petshop.advance_clock(until)
    assert [new for _, new in seen] == [until]
    assert seen[0][0] < until
