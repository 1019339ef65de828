"""Finding events again that a platform lists and that never reached us."""

import datetime as dt

from canonical.base import Noun


class SweepOrder(Noun):
    """Sweep one platform. From where the last sweep has come to, less the overlap; without one before it,
    from `first_days` ago; with `since`, from there.
    """

    platform: str
    overlap_minutes: int
    first_days: int
    since: dt.datetime | None = None


class Swept(Noun):
    """What a sweep found: events listed, of these known before, and those handed on like their webhooks.

    `unlisted_before`: what happened before that, and after the sweep before, the platform lists no more; the
    reconciliation finds its documents.
    """

    platform: str
    since: dt.datetime
    listed: int
    known: int
    handed_on: int
    reached: dt.datetime | None
    unlisted_before: dt.datetime | None = None
