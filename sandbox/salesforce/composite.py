"""Several calls in one: composite requests with references, collections of records, trees."""

import re
from collections.abc import Callable
from typing import Any

from sandbox.salesforce import ids
from sandbox.salesforce.calls import Call, Reply, located
from sandbox.salesforce.errors import ApiError, not_found
from sandbox.salesforce.records import Records, SeveralMatch
from sandbox.salesforce.rest import Rest

_MOST_SUBREQUESTS = 25
_MOST_QUERIES = 5
_MOST_RECORDS = 200
_REFERENCE = re.compile(r"@\{([A-Za-z0-9_]+)([^}]*)\}")
_STEP = re.compile(r"\.([A-Za-z0-9_]+)|\[(\d+)\]")
_REFERENCE_ID = re.compile(r"[A-Za-z0-9_]+")
_INHERITED = ("accept", "authorization", "content-type")


class Composite:
    def __init__(self, records: Records, rest: Rest) -> None:
        self._records, self._rest = records, rest

    def answer(self, call: Call) -> Reply:
        match call.segments:
            case ("composite",) if call.method == "GET":
                root = f"/services/data/v{call.version}/composite"
                return Reply(200, {"sobjects": f"{root}/sobjects", "tree": f"{root}/tree"})
            case ("composite",) if call.method == "POST":
                return self._composite(call)
            case ("composite", "sobjects"):
                return self._collection(call)
            case ("composite", "sobjects", name, field) if call.method == "PATCH":
                return self._upserts(call, name, field)
            case ("composite", "tree", name) if call.method == "POST":
                return self._tree(call, name)
            case ("composite", *_):
                raise ApiError(405, "METHOD_NOT_ALLOWED", f"HTTP Method '{call.method}' not allowed.")
            case _:
                return self._rest.answer(call)

    # Composite

    def _composite(self, call: Call) -> Reply:
        body = call.fields()
        requests = body.get("compositeRequest")
        if not isinstance(requests, list) or not requests:
            raise ApiError(400, "JSON_PARSER_ERROR", "compositeRequest is required")
        _check_composite(requests)
        replies: dict[str, dict[str, Any]] = {}
        try:
            with self._records.state.transaction():
                for request in requests:
                    reply = self._subrequest(call, request, replies)
                    replies[request["referenceId"]] = reply
                    if body.get("allOrNone") is True and reply["httpStatusCode"] >= 400:
                        raise _Halted(request["referenceId"])
        except _Halted as halted:
            replies = _rolled_back(requests, replies, halted.reference_id)
        return Reply(200, {"compositeResponse": [replies[each["referenceId"]] for each in requests]})

    def _subrequest(
        self, call: Call, request: dict[str, Any], replies: dict[str, dict[str, Any]]
    ) -> dict[str, Any]:
        try:
            with self._records.state.transaction():
                reply = self.answer(_inner_call(call, request, replies))
        except ApiError as error:
            reply = Reply(error.status, [error.entry()])
        return {
            "body": reply.body,
            "httpHeaders": reply.headers,
            "httpStatusCode": reply.status,
            "referenceId": request["referenceId"],
        }

    # Collections

    def _collection(self, call: Call) -> Reply:
        if call.method == "DELETE":
            wanted = [each for each in call.query.get("ids", "").split(",") if each]
            each_or_all = call.query.get("allOrNone", "false").lower() == "true"
            return self._results(wanted, each_or_all, lambda record_id: self._delete(record_id, call.user))
        records, each_or_all = _records_of(call)
        if call.method == "POST":
            return self._results(records, each_or_all, lambda record: self._create(record, call.user))
        if call.method == "PATCH":
            return self._results(records, each_or_all, lambda record: self._update(record, call.user))
        raise ApiError(405, "METHOD_NOT_ALLOWED", f"HTTP Method '{call.method}' not allowed.")

    def _upserts(self, call: Call, name: str, field: str) -> Reply:
        made = self._records.object(name)
        records, all_or_none = _records_of(call)

        def upsert(record: dict[str, Any]) -> dict[str, Any]:
            value = record.get(field)
            if value is None:
                raise ApiError(400, "MISSING_ARGUMENT", f"{field} not specified")
            rest = {key: each for key, each in record.items() if key != field}
            record_id, created = self._records.upsert(made, field, str(value), rest, call.user)
            return {"id": record_id, "success": True, "errors": [], "created": created}

        return self._results(records, all_or_none, upsert)

    def _results(self, items: list[Any], all_or_none: bool, act: Callable[[Any], dict[str, Any]]) -> Reply:
        if len(items) > _MOST_RECORDS:
            raise ApiError(
                400, "EXCEEDED_ID_LIMIT", f"record limit reached. cannot submit more than {_MOST_RECORDS}"
            )
        results: list[dict[str, Any]] = []
        try:
            with self._records.state.transaction():
                for item in items:
                    results.append(self._result(item, act))
                if all_or_none and not all(result["success"] for result in results):
                    raise _Halted("")
        except _Halted:
            message = "Record rolled back because not all records were valid and allOrNone was set"
            rolled_back = ApiError(400, "ALL_OR_NONE_OPERATION_ROLLED_BACK", message)
            results = [_failed(rolled_back) if result["success"] else result for result in results]
        return Reply(200, results)

    def _result(self, item: Any, act: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        try:
            with self._records.state.transaction():
                return act(item)
        except SeveralMatch:
            return _failed(
                ApiError(400, "DUPLICATE_EXTERNAL_ID", "more than one record found for the external id")
            )
        except ApiError as error:
            return _failed(error)

    def _create(self, record: dict[str, Any], user: str) -> dict[str, Any]:
        record_id = self._records.create(_type_of(record), record, user)
        return {"id": record_id, "success": True, "errors": []}

    def _update(self, record: dict[str, Any], user: str) -> dict[str, Any]:
        record_id = record.get("id") or record.get("Id")
        if not isinstance(record_id, str):
            raise ApiError(400, "MISSING_ARGUMENT", "Id not specified in an update call")
        fields = {key: value for key, value in record.items() if key.lower() != "id"}
        self._records.update(self._records.object(_type_of(record)), record_id, fields, user)
        return {"id": ids.canonical(record_id), "success": True, "errors": []}

    def _delete(self, record_id: str, user: str) -> dict[str, Any]:
        made = self._records.schema.by_prefix(record_id)
        if made is None:
            raise ApiError(400, "MALFORMED_ID", f"malformed id {record_id}")
        self._records.delete(made, record_id, user)
        return {"id": ids.canonical(record_id), "success": True, "errors": []}

    # Trees

    def _tree(self, call: Call, name: str) -> Reply:
        """Records with their children, all of them or none."""
        records = call.fields().get("records")
        if not isinstance(records, list) or not 0 < _size(records) <= _MOST_RECORDS:
            raise ApiError(400, "INVALID_INPUT", f"records: between 1 and {_MOST_RECORDS} are required")
        results: list[dict[str, Any]] = []
        try:
            with self._records.state.transaction():
                for record in records:
                    self._plant(record, name, {}, call.user, results)
        except _Refused as refused:
            errors = [refused.error.collection_entry()]
            return Reply(
                400, {"hasErrors": True, "results": [{"referenceId": refused.reference, "errors": errors}]}
            )
        return Reply(201, {"hasErrors": False, "results": results})

    def _plant(
        self,
        record: dict[str, Any],
        name: str,
        parent: dict[str, str],
        user: str,
        results: list[dict[str, Any]],
    ) -> None:
        reference = str(record.get("attributes", {}).get("referenceId", ""))
        own = {
            key: value
            for key, value in record.items()
            if not (isinstance(value, dict) and "records" in value)
        }
        made = self._records.object(name)
        try:
            record_id = self._records.create(name, {**own, **parent}, user)
        except ApiError as error:
            raise _Refused(reference, error) from error
        results.append({"referenceId": reference, "id": record_id})
        for relationship, nested in record.items():
            if not (isinstance(nested, dict) and "records" in nested):
                continue
            relation = next(
                (
                    each
                    for each in self._records.schema.children(made.name)
                    if each.relationship == relationship
                ),
                None,
            )
            if relation is None:
                raise _Refused(
                    reference, ApiError(400, "INVALID_FIELD", f"No such relationship '{relationship}'")
                )
            for child in nested["records"]:
                self._plant(child, relation.object_name, {relation.field_name: record_id}, user, results)


class _Halted(Exception):
    """A failure for which everything is rolled back."""

    def __init__(self, reference_id: str) -> None:
        self.reference_id = reference_id


class _Refused(Exception):
    def __init__(self, reference: str, error: ApiError) -> None:
        self.reference, self.error = reference, error


def _check_composite(requests: list[Any]) -> None:
    if len(requests) > _MOST_SUBREQUESTS:
        raise ApiError(
            400, "LIMIT_EXCEEDED", f"A composite request has at most {_MOST_SUBREQUESTS} subrequests"
        )
    references = []
    for request in requests:
        if not isinstance(request, dict) or not {"method", "url", "referenceId"} <= request.keys():
            raise ApiError(400, "JSON_PARSER_ERROR", "method, url and referenceId are required")
        if not _REFERENCE_ID.fullmatch(str(request["referenceId"])):
            raise ApiError(
                400, "INVALID_INPUT", "referenceId has other characters than letters, digits and _"
            )
        if any(name.lower() in _INHERITED for name in request.get("httpHeaders") or {}):
            raise ApiError(400, "INVALID_INPUT", "Accept, Authorization and Content-Type are inherited")
        references.append(request["referenceId"])
    if len(set(references)) != len(references):
        raise ApiError(400, "INVALID_INPUT", "Duplicate referenceId")
    costly = [
        each for each in requests if re.search(r"/(query|queryAll|composite/sobjects)\b", str(each["url"]))
    ]
    if len(costly) > _MOST_QUERIES:
        raise ApiError(
            400,
            "LIMIT_EXCEEDED",
            f"At most {_MOST_QUERIES} subrequests can be queries or sObject collections",
        )


def _inner_call(call: Call, request: dict[str, Any], replies: dict[str, dict[str, Any]]) -> Call:
    url = _resolved(request["url"], replies, whole=False)
    version, segments, query = located(url)
    if version != call.version and segments[:1] == ("composite",):
        raise not_found()
    headers = {name.lower(): str(value) for name, value in (request.get("httpHeaders") or {}).items()}
    body = _resolved(request.get("body"), replies, whole=True)
    return Call(request["method"], version, segments, query, headers, body, call.user)


def _resolved(value: Any, replies: dict[str, dict[str, Any]], *, whole: bool) -> Any:
    """The value with its `@{reference.field}`s replaced; one that is all of a string keeps its type."""
    if isinstance(value, dict):
        return {key: _resolved(each, replies, whole=whole) for key, each in value.items()}
    if isinstance(value, list):
        return [_resolved(each, replies, whole=whole) for each in value]
    if not isinstance(value, str):
        return value
    alone = _REFERENCE.fullmatch(value)
    if alone and whole:
        return _referenced(alone, replies)
    return _REFERENCE.sub(lambda found: str(_referenced(found, replies)), value)


def _referenced(found: re.Match[str], replies: dict[str, dict[str, Any]]) -> Any:
    reference, path = found[1], found[2]
    reply = replies.get(reference)
    missing = ApiError(
        400,
        "PROCESSING_HALTED",
        f"Invalid reference specified. No value for {reference}{path} found in {reference}.",
    )
    if reply is None or reply["httpStatusCode"] >= 300:
        raise missing
    value = reply["body"]
    for step in _STEP.finditer(path):
        if step[1] is not None and isinstance(value, dict) and step[1] in value:
            value = value[step[1]]
        elif step[2] is not None and isinstance(value, list) and int(step[2]) < len(value):
            value = value[int(step[2])]
        else:
            raise missing
    return value


def _rolled_back(
    requests: list[dict[str, Any]], replies: dict[str, dict[str, Any]], failed: str
) -> dict[str, dict[str, Any]]:
    halted = ApiError(
        400,
        "PROCESSING_HALTED",
        "The transaction was rolled back since another operation in the same transaction failed.",
    )
    return {
        request["referenceId"]: replies[failed]
        if request["referenceId"] == failed
        else {
            "body": [halted.entry()],
            "httpHeaders": {},
            "httpStatusCode": 400,
            "referenceId": request["referenceId"],
        }
        for request in requests
    }


def _records_of(call: Call) -> tuple[list[dict[str, Any]], bool]:
    body = call.fields()
    records = body.get("records")
    if not isinstance(records, list) or not all(isinstance(each, dict) for each in records):
        raise ApiError(400, "JSON_PARSER_ERROR", "records is required")
    return records, body.get("allOrNone") is True


def _type_of(record: dict[str, Any]) -> str:
    name = record.get("attributes", {}).get("type")
    if not isinstance(name, str):
        raise ApiError(400, "INVALID_INPUT", "attributes.type is required")
    return name


def _failed(error: ApiError) -> dict[str, Any]:
    return {"success": False, "errors": [error.collection_entry()]}


def _size(records: list[Any]) -> int:
    nested = (
        value["records"]
        for each in records
        for value in each.values()
        if isinstance(value, dict) and "records" in value
    )
    return len(records) + sum(_size(each) for each in nested)
