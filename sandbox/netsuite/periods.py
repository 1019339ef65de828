"""Accounting periods: which one a transaction posts to, and whether it may."""

from sandbox.netsuite.errors import NsError, user_error
from sandbox.netsuite.fields import RECORDS
from sandbox.netsuite.store import Doc, Store

OUTSIDE_PREFERENCE = "allowTransactionDateOutsideOfPostingPeriod"


def period_of(store: Store, day: str) -> Doc:
    for period in store.state.all("accountingPeriod"):
        if _posting(period) and period["startDate"] <= day <= period["endDate"]:
            return period
    raise user_error(
        "The transaction date you specified is not within the date range of any period.", "tranDate"
    )


def closed_for(period: Doc, *, receivables: bool) -> bool:
    locked = period.get("allLocked") or (receivables and period.get("arLocked"))
    return bool(period.get("closed") or locked)


def settle_period(store: Store, doc: Doc, *, receivables: bool) -> None:
    """Give the transaction the period it posts to; 400 USER_ERROR where that is closed or locked."""
    if doc.get("postingPeriod") is None:
        period = period_of(store, doc["tranDate"])
        doc["postingPeriod"] = {"id": period["id"]}
        where = "tranDate"
    else:
        period = store.must("accountingPeriod", doc["postingPeriod"]["id"])
        where = "postingPeriod"
    if not _posting(period):
        raise user_error("Invalid posting period: quarters and years can't be posted to.", "postingPeriod")
    if closed_for(period, receivables=receivables):
        raise user_error(
            f"This transaction cannot be saved: the period {period['periodName']} is closed or locked.", where
        )
    _check_date(store, doc["tranDate"], period)


def refuse_edit(store: Store, doc: Doc, *, receivables: bool) -> None:
    """What has an effect on the ledger can't be changed in a closed period."""
    if closed_for(store.must("accountingPeriod", doc["postingPeriod"]["id"]), receivables=receivables):
        raise user_error("You cannot edit this transaction: its period is closed or locked.", "postingPeriod")


def close(store: Store, period: Doc, *, closed: bool) -> None:
    if not _posting(period):
        raise NsError("INVALID_VALUE", "Only posting periods are closed.", path="closed")
    day = store.clock.today().isoformat() if closed else None
    store.change(RECORDS["accountingPeriod"], {**period, "closed": closed, "closedOnDate": day})


def _check_date(store: Store, day: str, period: Doc) -> None:
    if period["startDate"] <= day <= period["endDate"]:
        return
    if store.preference(OUTSIDE_PREFERENCE, "ALLOW") == "DISALLOW":
        raise user_error(
            "The transaction date you specified is not within the date range of your accounting period.",
            "tranDate",
        )


def _posting(period: Doc) -> bool:
    return bool(period.get("isPosting")) and not period.get("isInactive")
