"""SuiteTalk REST, one method per call; our part of the account's concurrency is kept here."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from urllib.parse import urlsplit

from connectors.http import ApiClient, ApiResponse
from connectors.netsuite.wire import QueryPage, Wire
from ports.errors import NotFound

Row = TypeVar("Row", bound=Wire)

_RECORD = "/services/rest/record/v1"
_QUERY = "/services/rest/query/v1/suiteql"
_STRICT = {"X-NetSuite-PropertyNameValidation": "Error", "X-NetSuite-PropertyValueValidation": "Error"}


class NetSuiteClient:
    def __init__(self, api: ApiClient, *, concurrent_requests: int, page_rows: int) -> None:
        self._api = api
        self._places = asyncio.Semaphore(concurrent_requests)
        self._page_rows = page_rows

    async def aclose(self) -> None:
        await self._api.aclose()

    async def query(self, operation: str, statement: str, model: type[Row]) -> tuple[Row, ...]:
        """All rows of a SuiteQL statement, which must say their order."""
        rows: list[Row] = []
        offset = 0
        while True:
            params = {"limit": self._page_rows, "offset": offset}
            async with self._place():
                answer = await self._api.request(
                    "POST",
                    _QUERY,
                    params=params,
                    json={"q": statement},
                    headers={"Prefer": "transient"},
                    operation=operation,
                    write=False,
                )
            page = answer.parse(QueryPage)
            rows += [answer.fit(model, item) for item in page.items]
            if not page.has_more:
                return tuple(rows)
            offset += self._page_rows

    async def read(self, operation: str, record: str, id_: str, model: type[Row]) -> Row | None:
        """The record with its sublists, by internal id or `eid:<external id>`; None where there is none."""
        try:
            async with self._place():
                answer = await self._api.request(
                    "GET",
                    f"{_RECORD}/{record}/{{id}}",
                    path_values={"id": id_},
                    params={"expandSubResources": "true"},
                    operation=operation,
                )
        except NotFound:
            return None
        return answer.parse(model)

    async def create(self, operation: str, record: str, body: Mapping[str, Any]) -> str:
        """POST; the new record's internal id."""
        return await self._written(operation, "POST", record, None, body, ())

    async def upsert(
        self,
        operation: str,
        record: str,
        external_id: str,
        body: Mapping[str, Any],
        replace: Sequence[str] = (),
    ) -> str:
        """PUT by external id: creates the record or changes the fields of the one that has the id."""
        return await self._written(operation, "PUT", record, f"eid:{external_id}", body, replace)

    async def change(
        self, operation: str, record: str, id_: str, body: Mapping[str, Any], replace: Sequence[str] = ()
    ) -> str:
        return await self._written(operation, "PATCH", record, id_, body, replace)

    async def _written(
        self,
        operation: str,
        method: str,
        record: str,
        id_: str | None,
        body: Mapping[str, Any],
        replace: Sequence[str],
    ) -> str:
        path = f"{_RECORD}/{record}" if id_ is None else f"{_RECORD}/{record}/{{id}}"
        async with self._place():
            answer = await self._api.request(
                method,
                path,
                path_values={} if id_ is None else {"id": id_},
                params={"replace": ",".join(replace)} if replace else None,
                json=body,
                headers=_STRICT,
                expect={204},
                operation=operation,
            )
        return _located(answer)

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        async with self._places:
            yield


def _located(answer: ApiResponse) -> str:
    """The internal id at the end of the Location header."""
    location: str = answer.headers.get("location", "")
    id_ = urlsplit(location).path.rpartition("/")[2]
    if not id_.isdigit():
        raise answer.call.unreadable("the answer does not say where the record is", answer.status, "Location")
    return id_
