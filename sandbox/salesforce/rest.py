"""The resources of the REST API below `/services/data/vXX.0/`."""

from datetime import UTC
from typing import Any

from sandbox.salesforce import describe
from sandbox.salesforce.calls import Call, Reply, check_preconditions, http_date
from sandbox.salesforce.cursors import Cursors, batch_size
from sandbox.salesforce.errors import ApiError, not_found
from sandbox.salesforce.records import Records, Row, SeveralMatch
from sandbox.salesforce.schema import SObject
from sandbox.salesforce.soql import Runner
from sandbox.salesforce.soql_syntax import parsed
from sandbox.salesforce.values import read_stamp

_LONGEST_QUERY = 100_000
DAILY_REQUESTS = 100_000


class Rest:
    """Each call's reply; what is refused is an ApiError."""

    def __init__(self, records: Records) -> None:
        self.records = records
        self._cursors = Cursors(records.state)

    def answer(self, call: Call) -> Reply:
        match call.segments:
            case ():
                return self._resources(call)
            case ("limits",):
                return self._limits(call)
            case ("query",) | ("queryAll",):
                return self._query(call)
            case ("query" | "queryAll", locator):
                _allow(call, "GET")
                return Reply(200, self._cursors.next(locator, call.version))
            case ("sobjects",):
                _allow(call, "GET")
                return Reply(200, describe.describe_global(self.records, call.version))
            case ("sobjects", name):
                return self._object(call, self.records.object(name))
            case ("sobjects", name, "describe"):
                _allow(call, "GET")
                return Reply(200, describe.describe(self.records.object(name), self.records, call.version))
            case ("sobjects", name, record_id):
                return self._record(call, self.records.object(name), record_id)
            case ("sobjects", name, field, value):
                return self._by_external_id(call, self.records.object(name), field, value)
            case _:
                raise not_found()

    def _resources(self, call: Call) -> Reply:
        _allow(call, "GET")
        root = f"/services/data/v{call.version}"
        names = ("composite", "limits", "query", "queryAll", "sobjects")
        return Reply(200, {name: f"{root}/{name}" for name in names})

    def _limits(self, call: Call) -> Reply:
        _allow(call, "GET")
        used = used_requests(self.records)
        most = daily_requests(self.records)
        return Reply(200, {"DailyApiRequests": {"Max": most, "Remaining": max(most - used, 0)}})

    def _query(self, call: Call) -> Reply:
        _allow(call, "GET")
        text = call.query.get("q")
        if text is None:
            raise ApiError(400, "MALFORMED_QUERY", "The query parameter q is required")
        if len(text) > _LONGEST_QUERY:
            raise ApiError(400, "QUERY_TOO_COMPLICATED", "SOQL statements have at most 100,000 characters")
        runner = Runner(self.records, call.version, deleted=call.segments[0] == "queryAll")
        total, rows = runner.run(parsed(text, self.records.clock.today()))
        batch = batch_size(call.headers.get("sforce-query-options"))
        return Reply(200, self._cursors.first(rows, call.version, batch, total=total))

    def _object(self, call: Call, made: SObject) -> Reply:
        _allow(call, "GET", "POST")
        if call.method == "GET":
            return Reply(200, {"objectDescribe": describe.basic(made, call.version), "recentItems": []})
        record_id = self.records.create(made.name, call.fields(), call.user)
        location = {"Location": f"/services/data/v{call.version}/sobjects/{made.name}/{record_id}"}
        return Reply(201, {"id": record_id, "success": True, "errors": []}, location)

    def _record(self, call: Call, made: SObject, record_id: str) -> Reply:
        _allow(call, "GET", "PATCH", "DELETE")
        row = self.records.require(made, record_id)
        if call.method == "GET":
            return self._shown(call, made, row)
        check_preconditions(call, row, read_stamp(row["LastModifiedDate"]))
        if call.method == "DELETE":
            self.records.delete(made, row["Id"], call.user)
        else:
            self.records.update(made, row["Id"], call.fields(), call.user)
        return Reply(204)

    def _by_external_id(self, call: Call, made: SObject, field: str, value: str) -> Reply:
        _allow(call, "GET", "PATCH", "DELETE")
        if call.method == "PATCH":
            return self._upsert(call, made, field, value)
        matches = self.records.by_external_id(made, field, value)
        if len(matches) > 1:
            return self._several(call, SeveralMatch(made, [row["Id"] for row in matches]))
        if not matches:
            raise not_found()
        if call.method == "GET":
            return self._shown(call, made, matches[0])
        self.records.delete(made, matches[0]["Id"], call.user)
        return Reply(204)

    def _upsert(self, call: Call, made: SObject, field: str, value: str) -> Reply:
        update_only = call.query.get("updateOnly", "false").lower() == "true"
        for row in self.records.by_external_id(made, field, value):
            check_preconditions(call, row, read_stamp(row["LastModifiedDate"]))
        try:
            record_id, created = self.records.upsert(
                made, field, value, call.fields(), call.user, update_only=update_only
            )
        except SeveralMatch as several:
            return self._several(call, several)
        body = {"id": record_id, "success": True, "errors": [], "created": created}
        return Reply(201 if created else 200, body)

    def _several(self, call: Call, several: SeveralMatch) -> Reply:
        root = f"/services/data/v{call.version}/sobjects/{several.made.name}"
        return Reply(300, [f"{root}/{record_id}" for record_id in several.record_ids])

    def _shown(self, call: Call, made: SObject, row: Row) -> Reply:
        modified = read_stamp(row["LastModifiedDate"])
        headers = {"Last-Modified": http_date(modified.astimezone(UTC))}
        if check_preconditions(call, row, modified):
            return Reply(304, None, headers)
        wanted = call.query.get("fields")
        names = [name.strip() for name in wanted.split(",")] if wanted else None
        return Reply(200, self.records.shown(made, row, names, call.version), headers)


def _allow(call: Call, *methods: str) -> None:
    if call.method not in methods:
        raise ApiError(
            405,
            "METHOD_NOT_ALLOWED",
            f"HTTP Method '{call.method}' not allowed. Allowed are {','.join(methods)}",
        )


# The daily allotment of API requests

_USAGE, _ALLOTMENT = "_api_usage", "_api_allotment"


def daily_requests(records: Records) -> int:
    kept = records.state.get(_ALLOTMENT, _ALLOTMENT)
    return int(kept["requests"]) if kept else DAILY_REQUESTS


def set_daily_requests(records: Records, requests: int) -> None:
    records.state.put(_ALLOTMENT, _ALLOTMENT, {"requests": requests})


def used_requests(records: Records) -> int:
    kept = records.state.get(_USAGE, records.clock.today().isoformat())
    return int(kept["requests"]) if kept else 0


def count_request(records: Records) -> int:
    """One more of today's requests; ApiError if there are none left."""
    used, most = used_requests(records), daily_requests(records)
    if used >= most:
        raise ApiError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
    count: dict[str, Any] = {"requests": used + 1}
    records.state.put(_USAGE, records.clock.today().isoformat(), count)
    return used + 1
