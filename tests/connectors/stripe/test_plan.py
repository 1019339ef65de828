"""What an order means at Stripe, without Stripe."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.stripe.plan import Plan, add_months, next_cycle, plan, priced
from ports.errors import Rejected
from tests.connectors.contract_billing_stand import NOON, phase, seats, subscription

FEBRUARY, MARCH = dt.date(2026, 2, 1), dt.date(2026, 3, 1)


@given(
    quantity=st.integers(1, 100_000) | st.decimals(0, 1000, places=3),
    cents=st.integers(0, 10**11),
)
def test_price_times_quantity_is_the_period_amount_exactly(quantity: int | Decimal, cents: int) -> None:
    line = seats(format(Decimal(cents).scaleb(-2), "f"), str(quantity))
    units, price = priced(line, "USD")
    assert Fraction(price) * units == cents
    assert len(price.partition(".")[2]) <= 12
    assert "e" not in price.lower()


@pytest.mark.parametrize(
    ("amount", "quantity", "expected"),
    [
        ("120.00", "10", (10, "1200")),
        ("0.05", "10", (10, "0.5")),
        ("100.00", "3", (1, "10000")),
        ("100.00", "2.5", (1, "10000")),
        ("0", "10", (10, "0")),
        ("5.00", "0", (1, "500")),
    ],
)
def test_quantity_is_kept_where_the_price_can_be_written(
    amount: str, quantity: str, expected: tuple[int, str]
) -> None:
    assert priced(seats(amount, quantity), "USD") == expected


def planned(*phases: object, **changes: object) -> Plan:
    return plan(subscription("cus_1", *phases, **changes), NOON)  # type: ignore[arg-type]


def test_one_kind_of_cycle_needs_no_schedule() -> None:
    made = planned(phase(FEBRUARY))
    assert (made.simple, made.boundary, made.end) == (True, FEBRUARY, None)
    assert not planned(phase(FEBRUARY, seats("1.00")), current_lines=(seats(),)).simple
    assert not planned(phase(FEBRUARY, end=MARCH), phase(MARCH, seats("1.00"))).simple


def test_phase_that_has_begun_by_the_platforms_time_is_the_current_one() -> None:
    made = planned(phase(dt.date(2026, 1, 1), seats("7.00")), current_lines=(seats(),))
    assert made.current is not None
    assert made.current.items[0].price.unit == "70"
    assert (made.boundary, made.future) == (FEBRUARY, ())


def test_contract_that_is_over_by_the_platforms_time_is_nothing() -> None:
    over = dt.date(2026, 1, 10)
    assert planned(phase(dt.date(2026, 1, 1), end=over), end_date=over).nothing


def test_equal_prices_of_one_subscription_are_told_apart() -> None:
    made = planned(phase(FEBRUARY, seats(), seats(line="L2"), seats(line="L3")))
    keys = [item.price.lookup_key for item in made.future[0].items]
    assert len(set(keys)) == 3
    assert keys[0] == "q2c/PLATFORM-SEAT/USD/1m/1200"
    assert all(len(key) <= 200 for key in keys)


def test_stub_reaches_its_anchor_with_the_cycles_own_interval_where_it_can() -> None:
    assert [stage.months for stage in planned(phase(FEBRUARY)).stages] == [1, 1]
    late = planned(phase(dt.date(2026, 6, 1)))
    assert late.current is not None
    assert late.current.months == 6


def test_cycles_of_another_length_on_a_clamped_day_are_refused() -> None:
    end = dt.date(2026, 2, 28)
    with pytest.raises(Rejected) as caught:
        planned(
            phase(dt.date(2026, 1, 31), end=end),
            phase(end, months=3),
            anchor_day=31,
            start_date=dt.date(2025, 12, 31),
        )
    assert caught.value.field == "anchor_day"


@given(start=st.dates(dt.date(2024, 1, 1), dt.date(2032, 12, 31)), months=st.integers(1, 48))
def test_months_clamp_to_their_last_day(start: dt.date, months: int) -> None:
    later = add_months(start, months, start.day)
    assert (later.year * 12 + later.month) - (start.year * 12 + start.month) == months
    assert later.day == start.day or (later + dt.timedelta(days=1)).day == 1


def test_next_cycle_counts_by_the_anchors_day() -> None:
    assert next_cycle(dt.date(2026, 2, 28), 1, 31, dt.date(2026, 2, 28)) == dt.date(2026, 3, 31)
    assert next_cycle(dt.date(2026, 1, 1), 3, 1, dt.date(2026, 7, 1)) == dt.date(2026, 10, 1)
