"""Query results in pages: the first at once, the others by the URL that the answer gives."""

from typing import Any

from sandbox.kit.state import State
from sandbox.salesforce import json_text
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.ids import new_id

SMALLEST_BATCH, LARGEST_BATCH = 200, 2000
_KIND = "_cursor"


def batch_size(options: str | None) -> int:
    """`Sforce-Query-Options: batchSize=500`; what is outside the limits is moved to them."""
    for option in (options or "").split(","):
        name, _, value = option.partition("=")
        if name.strip().lower() == "batchsize" and value.strip().isdigit():
            return min(max(int(value), SMALLEST_BATCH), LARGEST_BATCH)
    return LARGEST_BATCH


class Cursors:
    def __init__(self, state: State) -> None:
        self._state = state

    def first(self, rows: list[Any], version: str, batch: int, *, total: int | None = None) -> dict[str, Any]:
        """The first page; children of a record are paged likewise."""
        for row in rows:
            for name, value in row.items():
                if isinstance(value, dict) and "records" in value:
                    row[name] = self.first(value["records"], version, batch)
        size = len(rows) if total is None else total
        if len(rows) <= batch:
            return {"totalSize": size, "done": True, "records": rows}
        locator = new_id("01g", self._state.next_number(_KIND))
        self._state.put(_KIND, locator, {"rows": json_text.write(rows), "batch": batch, "size": size})
        return self._page(rows, version, locator, 0, batch)

    def next(self, text: str, version: str) -> dict[str, Any]:
        locator, _, start = text.rpartition("-")
        kept = self._state.get(_KIND, locator)
        if kept is None or not start.isdigit():
            raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._page(json_text.parse(kept["rows"]), version, locator, int(start), kept["batch"])

    def _page(self, rows: list[Any], version: str, locator: str, start: int, batch: int) -> dict[str, Any]:
        end = start + batch
        page: dict[str, Any] = {"totalSize": len(rows), "done": end >= len(rows)}
        if not page["done"]:
            page["nextRecordsUrl"] = f"/services/data/v{version}/query/{locator}-{end}"
        return page | {"records": rows[start:end]}
