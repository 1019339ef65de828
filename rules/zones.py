"""The legal entity's days: which day a moment falls on, and when a day begins."""

import datetime as dt
from zoneinfo import ZoneInfo


def day_of(moment: dt.datetime, zone: str) -> dt.date:
    """The calendar day of an aware moment in an IANA zone."""
    return moment.astimezone(ZoneInfo(zone)).date()


def start_of(day: dt.date, zone: str) -> dt.datetime:
    """The moment at which the day begins in the zone; where a clock change skips midnight, right after it."""
    return dt.datetime.combine(day, dt.time(), tzinfo=ZoneInfo(zone))
