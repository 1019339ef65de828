"""The endpoints: records, SuiteQL, metadata and asynchronous jobs."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response

from sandbox.netsuite import jobs, metadata
from sandbox.netsuite.bodies import RECORD_PATH, Reader, shown
from sandbox.netsuite.errors import NsError
from sandbox.netsuite.fields import RECORDS, TRANSACTIONS, RecordType
from sandbox.netsuite.filters import matching
from sandbox.netsuite.period_fault import close_by_fault
from sandbox.netsuite.store import Doc
from sandbox.netsuite.wire_numbers import dumps, loads

if TYPE_CHECKING:
    from sandbox.netsuite.platform import NetSuite

_SINGULAR = "application/vnd.oracle.resource+json; type=singular"
_COLLECTION = "application/vnd.oracle.resource+json; type=collection"
_MOST = 1000
_LEVELS = ("Error", "Warning", "Ignore")

Done = tuple[RecordType, Doc]


class RecordsApi:
    def __init__(self, platform: "NetSuite") -> None:
        self._platform = platform
        self._store, self._writer = platform.store, platform.writer

    async def create(self, request: Request) -> Response:
        type_, body = _type(request), await _body(request)
        return self._write(
            request, body, lambda: (type_, self._writer.create(type_, self._read(request, body)))
        )

    async def upsert(self, request: Request) -> Response:
        type_, body = _type(request), await _body(request)
        external_id = _external_id(request)
        if external_id is None:
            raise NsError("INVALID_ID", "PUT takes an external ID: eid:<external id>.", path="id")

        def act() -> Done:
            read = {**self._read(request, body), "externalId": external_id}
            held = self._store.by_external_id(type_, external_id)
            if held is None:
                return type_, self._writer.create(type_, read)
            return type_, self._writer.change(type_, held, read, _replaced(request))

        return self._write(request, body, act)

    async def change(self, request: Request) -> Response:
        type_, body = _type(request), await _body(request)

        def act() -> Done:
            held = self._held(request, type_)
            self._platform.refuse_contended(type_.name, held["id"])
            return type_, self._writer.change(type_, held, self._read(request, body), _replaced(request))

        return self._write(request, body, act)

    async def transform(self, request: Request) -> Response:
        source, body = _type(request), await _body(request)
        target = _known(request.path_params["target"])

        def act() -> Done:
            read = self._reader(request).record(target, body)
            made = self._writer.transform(source.name, target.name, self._held(request, source), read)
            return target, self._writer.create(target, made)

        return self._write(request, body, act)

    async def delete(self, request: Request) -> Response:
        """The integration's role may delete nothing: what is posted is reversed, lists are inactivated."""
        self._held(request, _type(request))
        raise NsError(
            "INSUFFICIENT_PERMISSION",
            "Permission Violation: you need a higher level of this permission to delete this record.",
            status=403,
        )

    async def read(self, request: Request) -> Response:
        type_ = _type(request)
        expand = request.query_params.get("expandSubResources", "false").lower() == "true"
        view = shown(self._store, self._base_url, type_, self._held(request, type_), expand=expand)
        wanted = request.query_params.get("fields")
        if wanted:
            names = {name.strip() for name in wanted.split(",")}
            view = {name: value for name, value in view.items() if name in names or name in ("links", "id")}
        return Response(dumps(view), media_type=_SINGULAR)

    async def collection(self, request: Request) -> Response:
        type_ = _type(request)
        limit, offset = _window(request)
        found = matching(type_, self._store.state.all(type_.name), request.query_params.get("q"))
        page = found[offset : offset + limit]
        url = f"{self._base_url}{RECORD_PATH}/{type_.name}"
        items = [{"links": [{"rel": "self", "href": f"{url}/{doc['id']}"}], "id": doc["id"]} for doc in page]
        return _page(items, offset, len(found), f"{url}")

    async def query(self, request: Request) -> Response:
        if "transient" not in request.headers.get("prefer", ""):
            raise NsError(
                "INVALID_HEADER", "The required request header 'Prefer' is missing or wrong: transient."
            )
        body = await _body(request)
        if not isinstance(body, dict) or not isinstance(body.get("q"), str):
            raise NsError("INVALID_CONTENT", "The request body must have a property q.", path="q")
        limit, offset = _window(request)
        rows, total = self._platform.suiteql.query(body["q"], limit=limit, offset=offset)
        return _page(rows, offset, total, f"{self._base_url}/services/rest/query/v1/suiteql")

    async def catalog(self, request: Request) -> Response:
        base_url = f"{self._base_url}{RECORD_PATH}"
        names = request.query_params.get("select")
        if names is None:
            return Response(dumps(metadata.listed(base_url)), media_type="application/json")
        described = metadata.described(base_url, [name.strip() for name in names.split(",")])
        return Response(dumps(described), media_type="application/swagger+json")

    async def catalog_entry(self, request: Request) -> Response:
        type_ = _type(request)
        if "swagger" in request.headers.get("accept", ""):
            described = metadata.described(f"{self._base_url}{RECORD_PATH}", [type_.name])
            return Response(dumps(described), media_type="application/swagger+json")
        return Response(dumps(metadata.json_schema(type_.name)), media_type="application/schema+json")

    async def job(self, request: Request) -> Response:
        return Response(dumps(jobs.shown(self._job(request), self._base_url)), media_type=_SINGULAR)

    async def job_tasks(self, request: Request) -> Response:
        job = self._job(request)
        url = f"{self._base_url}{jobs.PATH}/{job['id']}/task"
        items = [{"links": [{"rel": "self", "href": f"{url}/1"}], "id": "1"}]
        return _page(items, 0, 1, url)

    async def job_task(self, request: Request) -> Response:
        return Response(dumps(jobs.task_shown(self._job(request), self._base_url)), media_type=_SINGULAR)

    async def job_result(self, request: Request) -> Response:
        """What the request would have answered synchronously."""
        result = self._job(request)["result"]
        return Response(
            result["body"], result["status"], media_type=result["type"], headers=result["headers"]
        )

    @property
    def _base_url(self) -> str:
        return self._platform.config.base_url

    def _write(self, request: Request, body: Any, act: Callable[[], Done]) -> Response:
        if "respond-async" in request.headers.get("prefer", ""):
            return jobs.start(
                self._store.state, request, self._base_url, lambda: self._done(request, body, act)
            )
        return self._done(request, body, act)

    def _done(self, request: Request, body: Any, act: Callable[[], Done]) -> Response:
        """The write in one transaction; 204 and where the record is."""
        record = request.path_params.get("target", request.path_params["record"])
        if record in TRANSACTIONS and request.method != "PATCH":
            close_by_fault(self._platform, request, body)
        with self._store.state.transaction():
            type_, doc = act()
        location = f"{self._base_url}{RECORD_PATH}/{type_.name}/{doc['id']}"
        return Response(status_code=204, headers={"Location": location})

    def _read(self, request: Request, body: Any) -> Doc:
        return self._reader(request).record(_type(request), body)

    def _reader(self, request: Request) -> Reader:
        level = request.headers.get("x-netsuite-propertynamevalidation", "Warning")
        if level not in _LEVELS:
            raise NsError("INVALID_HEADER", "X-NetSuite-PropertyNameValidation is Error, Warning or Ignore.")
        return Reader(self._store, name_validation=level)

    def _held(self, request: Request, type_: RecordType) -> Doc:
        external_id, id_ = _external_id(request), request.path_params["id"]
        if external_id is not None:
            found = self._store.by_external_id(type_, external_id)
        else:
            found = self._store.get(type_.name, id_)
        if found is None:
            raise NsError(
                "NONEXISTENT_ID",
                "The record instance does not exist. Provide a valid record instance ID.",
                status=404,
                path="id",
            )
        return found

    def _job(self, request: Request) -> Doc:
        found = self._store.state.get(jobs.KIND, request.path_params["id"])
        if found is None:
            raise NsError("NONEXISTENT_ID", "The job does not exist.", status=404)
        return found


async def _body(request: Request) -> Any:
    raw = await request.body()
    if "json" not in request.headers.get("content-type", ""):
        if raw:
            raise NsError("INVALID_HEADER", "The content type must be application/json.", status=415)
        return {}
    try:
        return loads(raw) if raw else {}
    except ValueError:
        pass
    raise NsError("INVALID_CONTENT", "Invalid content in the request body: it is not JSON.")


def _type(request: Request) -> RecordType:
    return _known(request.path_params["record"])


def _known(name: str) -> RecordType:
    if name not in RECORDS:
        raise NsError("NONEXISTENT_ID", f"Record type '{name}' does not exist.", status=404)
    return RECORDS[name]


def _external_id(request: Request) -> str | None:
    id_ = unquote(request.path_params["id"])
    return id_.removeprefix("eid:") if id_.startswith("eid:") else None


def _replaced(request: Request) -> frozenset[str]:
    return frozenset(name.strip() for name in request.query_params.get("replace", "").split(",") if name)


def _window(request: Request) -> tuple[int, int]:
    limit, offset = _whole(request, "limit", _MOST), _whole(request, "offset", 0)
    if not 1 <= limit <= _MOST:
        raise NsError("INVALID_PARAMETER", f"limit is from 1 to {_MOST}.", query="limit")
    if offset % limit:
        raise NsError("INVALID_PARAMETER", "offset must be divisible by limit.", query="offset")
    return limit, offset


def _whole(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, str(default))
    if not text.isdigit():
        raise NsError("INVALID_PARAMETER", f"{name} must be a whole number.", query=name)
    return int(text)


def _page(items: list[Any], offset: int, total: int, url: str) -> Response:
    more = offset + len(items) < total
    page = {
        "links": [{"rel": "self", "href": url}],
        "count": len(items),
        "hasMore": more,
        "items": items,
        "offset": offset,
        "totalResults": total,
    }
    return Response(dumps(page), media_type=_COLLECTION)
