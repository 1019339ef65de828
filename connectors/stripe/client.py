"""Stripe's REST API over HTTP: forms in, typed objects out, lists page by page, and what time Stripe has."""

import datetime as dt
import re
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Generic, TypeVar

import httpx

from connectors.auth import BearerToken
from connectors.http import ApiClient, ApiResponse, Timeouts
from connectors.stripe.errors import ERRORS
from connectors.stripe.forms import form
from connectors.stripe.settings import StripeSettings
from connectors.stripe.wire import Wire
from ports.errors import NotFound

PLATFORM = "stripe"
Model = TypeVar("Model", bound=Wire)
_PAGE = 100
_NAME = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Posted(Generic[Model]):
    """The answer to a POST; `replayed` where it is the kept answer to an earlier request with the key."""

    value: Model
    replayed: bool


class StripeClient:
    def __init__(
        self,
        settings: StripeSettings,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], dt.datetime],
    ) -> None:
        self.version = settings.api_version
        self._clock = clock
        self._ahead = dt.timedelta(0)
        self._api = ApiClient(
            platform=PLATFORM,
            base_url=settings.base_url,
            errors=ERRORS,
            auth=BearerToken(settings.api_key),
            headers={"Stripe-Version": settings.api_version},
            ca_file=settings.ca_file,
            timeouts=Timeouts(
                connect_seconds=settings.connect_timeout_seconds, read_seconds=settings.read_timeout_seconds
            ),
            transport=transport,
        )

    async def aclose(self) -> None:
        await self._api.aclose()

    def now(self) -> dt.datetime:
        """The time that Stripe has, by the Date of its latest answer (a sandbox may be ahead of us)."""
        return self._clock() + self._ahead

    async def get(
        self, model: type[Model], path: str, *ids: str, params: Mapping[str, Any] | None = None
    ) -> Model:
        response = await self._sent("GET", path, ids, params=params)
        return response.parse(model)

    async def find(self, model: type[Model], path: str, *ids: str) -> Model | None:
        """The object, None where there is none."""
        try:
            return await self.get(model, path, *ids)
        except NotFound:
            return None

    async def post(
        self, model: type[Model], path: str, *ids: str, body: Mapping[str, Any], key: str | None = None
    ) -> Posted[Model]:
        """`key` is the Idempotency-Key of what must not happen twice; changes to a state need none."""
        response = await self._sent("POST", path, ids, body=body, key=key)
        return Posted(response.parse(model), response.headers.get("idempotent-replayed") == "true")

    async def delete(self, path: str, *ids: str, params: Mapping[str, Any] | None = None) -> None:
        """Afterwards it is not there; that it was not there before is no error."""
        try:
            await self._sent("DELETE", path, ids, params=params)
        except NotFound:
            return

    async def list(
        self,
        model: type[Model],
        path: str,
        *ids: str,
        params: Mapping[str, Any] | None = None,
        pages: int = 10_000,
    ) -> AsyncIterator[Model]:
        """All of a list in its own order, at most so many pages of a hundred."""
        after: str | None = None
        for _ in range(pages):
            asked = {**(params or {}), "limit": _PAGE, "starting_after": after}
            response = await self._sent("GET", path, ids, params=asked)
            answer = response.json()
            data, more = _page(response, answer)
            for one in data:
                yield response.fit(model, one)
            if not more or not data:
                return
            after = str(data[-1]["id"])

    async def search(self, model: type[Model], path: str, query: str) -> AsyncIterator[Model]:
        """What the search index shows; objects of the last minute may be missing."""
        page: str | None = None
        while True:
            asked = {"query": query, "limit": _PAGE, "page": page}
            response = await self._sent("GET", path, (), params=asked)
            answer = response.json()
            data, more = _page(response, answer)
            for one in data:
                yield response.fit(model, one)
            page = answer.get("next_page")
            if not more or page is None:
                return

    async def _sent(
        self,
        method: str,
        path: str,
        ids: tuple[str, ...],
        *,
        params: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        key: str | None = None,
    ) -> ApiResponse:
        response = await self._api.request(
            method,
            path,
            path_values=dict(zip(_NAME.findall(path), ids, strict=True)),
            params=form(params) if params else None,
            form=form(body) if body is not None else None,
            headers={"Idempotency-Key": key} if key else None,
        )
        self._learn_time(response)
        return response

    def _learn_time(self, response: ApiResponse) -> None:
        """The last Date header is the origin's; servers in front of it may add one of theirs."""
        dates = response.headers.get_list("date")
        if not dates:
            return
        try:
            self._ahead = parsedate_to_datetime(dates[-1]) - self._clock()
        except ValueError:
            return


def _page(response: ApiResponse, answer: Any) -> tuple[list[Any], bool]:
    if not isinstance(answer, dict) or not isinstance(answer.get("data"), list) or "has_more" not in answer:
        raise response.call.unreadable("the answer is not a list", response.status, field="data")
    return answer["data"], bool(answer["has_more"])
