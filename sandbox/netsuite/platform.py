"""The simulated account: its routes, its credentials and what every request passes first."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox.kit.clock import Clock
from sandbox.kit.platform import ExceptionHandler, Platform, PlatformConfig
from sandbox.kit.state import State
from sandbox.netsuite.auth import TOKEN_PATH, Credentials, Gate
from sandbox.netsuite.bodies import RECORD_PATH
from sandbox.netsuite.errors import NsError, by_status
from sandbox.netsuite.fields import RECORDS
from sandbox.netsuite.records_api import RecordsApi
from sandbox.netsuite.seeding import Seeding
from sandbox.netsuite.store import Store
from sandbox.netsuite.suiteql import SuiteQl
from sandbox.netsuite.writes import Writes

Endpoint = Callable[[Request], Awaitable[Response]]
_ACCOUNT_ID = "TSTDRV1234567"
_JOB_PATH = "/services/rest/async/v1/job"


class NetSuite(Platform):
    name = "netsuite"
    read_only_posts = ("/services/rest/query/*",)
    fault_exempt = ("/services/rest/auth/*",)
    enum_fields = ("status", "type", "acctType", "approvalStatus")
    body_limit_bytes = 104 * 1024 * 1024
    concurrency_limit = 15
    """Requests under way at once, account-wide, over all of REST."""

    def __init__(self, state: State, *, config: PlatformConfig, clock: Clock | None = None) -> None:
        super().__init__(state, config=config, clock=clock)
        self.keys = Credentials(self.secrets, _ACCOUNT_ID)
        self.gate = Gate(state, self.keys, f"{config.base_url}{TOKEN_PATH}")
        self.store = Store(state, self.clock, lambda record, id_: self.suiteql.note(record, id_))
        self.suiteql = SuiteQl(self.store)
        self.writer = Writes(self.store)
        self.seeding = Seeding(self.store, self.writer)
        self._api = RecordsApi(self)
        self._under_way = 0
        self._contended: set[tuple[str, str]] = set()

    def contend(self, record: str, id_: str) -> None:
        """Somebody else saves this record just before the next PATCH of it."""
        self._contended.add((record, id_))

    def refuse_contended(self, record: str, id_: str) -> None:
        if (record, id_) in self._contended:
            self._contended.discard((record, id_))
            raise NsError("RCRD_HAS_BEEN_CHANGED", "Record has been changed.", status=409)

    def routes(self) -> Sequence[BaseRoute]:
        api, catalog = self._api, f"{RECORD_PATH}/metadata-catalog"
        one, transform = f"{RECORD_PATH}/{{record}}/{{id}}", f"{RECORD_PATH}/{{record}}/{{id}}/!transform"
        guarded: list[tuple[str, str, Endpoint]] = [
            ("GET", catalog, api.catalog),
            ("GET", f"{catalog}/{{record}}", api.catalog_entry),
            ("POST", f"{transform}/{{target}}", api.transform),
            ("GET", f"{RECORD_PATH}/{{record}}", api.collection),
            ("POST", f"{RECORD_PATH}/{{record}}", api.create),
            ("GET", one, api.read),
            ("PATCH", one, api.change),
            ("PUT", one, api.upsert),
            ("DELETE", one, api.delete),
            ("POST", "/services/rest/query/v1/suiteql", api.query),
            ("GET", f"{_JOB_PATH}/{{id}}", api.job),
            ("GET", f"{_JOB_PATH}/{{id}}/task", api.job_tasks),
            ("GET", f"{_JOB_PATH}/{{id}}/task/{{task}}", api.job_task),
            ("GET", f"{_JOB_PATH}/{{id}}/task/{{task}}/result", api.job_result),
        ]
        routes = [Route(path, self._guarded(end), methods=[method]) for method, path, end in guarded]
        return [Route(TOKEN_PATH, self.gate.token, methods=["POST"]), *routes]

    def credentials(self) -> dict[str, str]:
        return self.keys.shown()

    def error_response(self, status: int, request: Request) -> Response:
        return by_status(status)

    def exception_handlers(self) -> dict[Any, ExceptionHandler]:
        async def refused(_request: Request, error: Exception) -> Response:
            return error.response() if isinstance(error, NsError) else by_status(500)

        return {**super().exception_handlers(), NsError: refused}

    async def expire_token(self, request: Request) -> Response | None:
        """The bearer token is forgotten; those of token-based authentication don't expire."""
        self.gate.revoke(request)
        return None

    def seed_defaults(self) -> None:
        self.seeding.defaults()

    async def load(self, document: dict[str, Any]) -> dict[str, Any]:
        """{"scenario": a scenario file, "bare": bool}, and any of {"closed": [months], "open": [months],
        "preferences": {…}, "department" | "classification" | "location": [names]}."""
        made: dict[str, Any] = {}
        with self.state.transaction():
            if "scenario" in document:
                made |= self.seeding.scenario(document["scenario"], bare=bool(document.get("bare")))
            for month in document.get("closed", []):
                self.seeding.close(month)
            for month in document.get("open", []):
                self.seeding.close(month, closed=False)
            self.seeding.prefer(document.get("preferences", {}))
            for kind in ("department", "classification", "location"):
                made |= {kind: self.seeding.segments(kind, document[kind])} if kind in document else {}
        return made

    def dump(self) -> dict[str, list[dict[str, Any]]]:
        """The records by type."""
        return {kind: self.state.all(kind) for kind in RECORDS if self.state.count(kind)}

    def reset(self) -> None:
        self.suiteql.forget()
        super().reset()

    def _guarded(self, endpoint: Endpoint) -> Endpoint:
        async def checked(request: Request) -> Response:
            self.gate.check(request)
            async with self._place():
                return await endpoint(request)

        return checked

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        """One of the account's places for requests; 429 where all are taken."""
        if self._under_way >= self.concurrency_limit:
            raise NsError(
                "CONCURRENCY_LIMIT_EXCEEDED",
                "Concurrent request limit exceeded. Request blocked.",
                status=429,
            )
        self._under_way += 1
        try:
            await asyncio.sleep(0)  # lets requests of the same moment meet
            yield
        finally:
            self._under_way -= 1


def create(state: State, *, config: PlatformConfig) -> NetSuite:
    return NetSuite(state, config=config)
