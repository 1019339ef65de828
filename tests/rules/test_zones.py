"""Days are the legal entity's, not UTC's, and begin when its clocks say so."""

import datetime as dt

import pytest

from rules.zones import day_of, start_of


@pytest.mark.parametrize(
    ("moment", "zone", "day"),
    [
        ("2026-07-01T06:59:59+00:00", "America/Los_Angeles", "2026-06-30"),
        ("2026-07-01T07:00:00+00:00", "America/Los_Angeles", "2026-07-01"),
        ("2026-06-30T15:00:00+00:00", "Asia/Tokyo", "2026-07-01"),
        ("2026-06-30T23:30:00+02:00", "Europe/Berlin", "2026-06-30"),
        ("2026-06-30T23:30:00+02:00", "UTC", "2026-06-30"),
        ("2026-06-30T22:30:00+00:00", "Europe/Berlin", "2026-07-01"),
    ],
)
def test_day_of_a_moment_is_the_zones(moment: str, zone: str, day: str) -> None:
    assert day_of(dt.datetime.fromisoformat(moment), zone) == dt.date.fromisoformat(day)


@pytest.mark.parametrize(
    ("day", "zone", "start"),
    [
        ("2026-07-01", "America/Los_Angeles", "2026-07-01T07:00:00+00:00"),
        ("2026-12-01", "America/Los_Angeles", "2026-12-01T08:00:00+00:00"),
        ("2026-07-01", "Asia/Tokyo", "2026-06-30T15:00:00+00:00"),
        ("2026-03-08", "America/New_York", "2026-03-08T05:00:00+00:00"),  # the clocks change later that day
        ("2026-03-09", "America/New_York", "2026-03-09T04:00:00+00:00"),
    ],
)
def test_day_begins_at_the_zones_midnight(day: str, zone: str, start: str) -> None:
    assert start_of(dt.date.fromisoformat(day), zone).astimezone(dt.UTC).isoformat() == start
