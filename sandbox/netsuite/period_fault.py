"""The fault `period-closed`: accounting closes the period that a write is about to post to.

The period is closed for good (as SuiteQL shows), until `load({"open": [month]})` opens it again, or, for a
fault with `seconds`, until these are over.
"""

import time
from typing import TYPE_CHECKING, Any

from starlette.requests import Request

from sandbox.netsuite.periods import close, period_of

if TYPE_CHECKING:
    from sandbox.netsuite.platform import NetSuite

_KIND = "_closed_by_fault"


def close_by_fault(platform: "NetSuite", request: Request, body: Any) -> None:
    store = platform.store
    for held in store.state.all(_KIND):
        if held["until"] is not None and time.time() >= held["until"]:
            close(store, store.must("accountingPeriod", held["id"]), closed=False)
            store.state.delete(_KIND, held["id"])
    fault = platform.faults.consume("period-closed", request.method, request.url.path)
    if fault is None:
        return
    period = _meant(platform, body)
    close(store, period, closed=True)
    store.state.put(_KIND, period["id"], {"id": period["id"], "until": fault.ends_at})


def _meant(platform: "NetSuite", body: Any) -> dict[str, Any]:
    named = body.get("postingPeriod") if isinstance(body, dict) else None
    if isinstance(named, dict) and "id" in named:
        return platform.store.must("accountingPeriod", str(named["id"]))
    day = body.get("tranDate") if isinstance(body, dict) else None
    return period_of(platform.store, str(day or platform.clock.today().isoformat()))
