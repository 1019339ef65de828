"""AvaTax REST v2 over HTTP: one method per call, typed models in and out."""

import datetime as dt
from collections.abc import AsyncIterator

import httpx

from connectors.auth import BasicAuth
from connectors.avatax.errors import ERRORS
from connectors.avatax.settings import AvaTaxSettings
from connectors.avatax.wire import (
    CreateOrAdjust,
    CreateTransaction,
    Ping,
    Transaction,
    TransactionHeader,
    TransactionPage,
    VoidTransaction,
)
from connectors.http import ApiClient, ApiResponse, Query, Timeouts
from ports.errors import NotFound

PLATFORM = "avatax"
_OK = frozenset((200, 201))
_ONE = "/api/v2/companies/{company}/transactions/{code}"
_DETAILS = "Lines,Details"
_EVER = "1900-01-01"
_ESCAPES = {"/": "_-ava2f-_", "+": "_-ava2b-_", "?": "_-ava3f-_", "%": "_-ava25-_", "#": "_-ava23-_"}


class AvaTaxClient:
    def __init__(self, settings: AvaTaxSettings, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._page_size = settings.page_size
        self._api = ApiClient(
            platform=PLATFORM,
            base_url=settings.base_url,
            errors=ERRORS,
            auth=BasicAuth(settings.account_id, settings.license_key),
            headers={"Accept": "application/json", "X-Avalara-Client": "q2c; 0.1.0; httpx; 1; q2c"},
            ca_file=settings.ca_file,
            timeouts=Timeouts(
                connect_seconds=settings.connect_timeout_seconds, read_seconds=settings.read_timeout_seconds
            ),
            transport=transport,
        )

    async def close(self) -> None:
        await self._api.aclose()

    async def ping(self) -> Ping:
        """Whether AvaTax answers, and knows our credentials."""
        response = await self._api.request("GET", "/api/v2/utilities/ping", operation="ping")
        return response.parse(Ping)

    async def estimate(self, document: CreateTransaction) -> Transaction:
        """An order: computed and not recorded, which is why it counts as a read."""
        response = await self._api.request(
            "POST",
            "/api/v2/transactions/create",
            params={"$include": _DETAILS},
            json=document.body(),
            expect=_OK,
            operation="estimate",
            write=False,
        )
        return response.parse(Transaction)

    async def create_or_adjust(self, document: CreateOrAdjust) -> Transaction:
        response = await self._api.request(
            "POST",
            "/api/v2/transactions/createoradjust",
            params={"$include": _DETAILS},
            json=document.body(),
            expect=_OK,
            operation="create_or_adjust",
        )
        return response.parse(Transaction)

    async def transaction(self, company: str, code: str, document_type: str) -> Transaction | None:
        """The current version of the document; None where there is none."""
        try:
            response = await self._api.request(
                "GET",
                _ONE,
                path_values=_path(company, code),
                params=_of_type(document_type),
                operation="transaction",
            )
        except NotFound:
            return None
        return response.parse(Transaction)

    async def void(self, company: str, code: str, document_type: str) -> Transaction:
        response = await self._api.request(
            "POST",
            f"{_ONE}/void",
            path_values=_path(company, code),
            params=_of_type(document_type),
            json=VoidTransaction().body(),
            operation="void",
        )
        return response.parse(Transaction)

    async def transactions(
        self, company: str, types: frozenset[str], since: dt.date | None = None
    ) -> AsyncIterator[Transaction]:
        """Recorded documents of the types, whatever their status, page after page; with `since`, those dated
        on that day or later. AvaTax lists 30 days where the filter names no date."""
        response = await self._api.request(
            "GET",
            "/api/v2/companies/{company}/transactions",
            path_values={"company": escaped(company)},
            params={
                "$filter": f"date ge '{_EVER if since is None else since.isoformat()}'",
                "$include": _DETAILS,
                "$orderBy": "id ASC",
                "$top": self._page_size,
            },
            operation="transactions",
        )
        while True:
            page = response.parse(TransactionPage)
            for document in page.value:
                if response.fit(TransactionHeader, document).type in types:
                    yield response.fit(Transaction, document)
            if page.next_link is None or not page.value:
                return
            response = await self._following(page.next_link)

    async def _following(self, link: str) -> ApiResponse:
        return await self._api.request("GET", link, operation="transactions")


def escaped(text: str) -> str:
    """Characters that AvaTax can't take in a path, by its own escapes (the rest is quoted as usual)."""
    for character, escape in _ESCAPES.items():
        text = text.replace(character, escape)
    return text


def _path(company: str, code: str) -> dict[str, str]:
    return {"company": escaped(company), "code": escaped(code)}


def _of_type(document_type: str) -> Query:
    return {"documentType": document_type, "$include": _DETAILS}
