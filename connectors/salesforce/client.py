"""The Salesforce REST API over HTTP: one method per call, no mapping.

Several kinds of the vendor's codes share a status, so what counts is (status, code); see `ERRORS`.
"""

from collections.abc import Callable, Sequence
from typing import Any

import httpx
from pydantic import SecretStr

from connectors.auth import JwtBearer, OAuthClientCredentials, TokenSource, utc_now
from connectors.http import ApiClient, ApiResponse, ErrorTable, Timeouts, VendorError
from connectors.salesforce.settings import SalesforceSettings
from connectors.salesforce.wire import (
    CompositeResponse,
    Described,
    Limits,
    QueryPage,
    Record,
    SubRequest,
    SubResponse,
)
from ports.errors import (
    AlreadyExists,
    AuthenticationFailed,
    Conflict,
    NotFound,
    PortError,
    RateLimited,
    Rejected,
    Transient,
    UnexpectedAnswer,
)

PLATFORM = "salesforce"
HALTED = "PROCESSING_HALTED"
"""The code of a composite's subrequest that was rolled back because of another."""


def _vendor_error(response: httpx.Response) -> VendorError:
    body = response.json()
    if isinstance(body, dict):  # OAuth, and some gateways before the API
        return VendorError(body.get("error"), None, str(body.get("error_description", "")))
    return entry_error(body)


def entry_error(body: Any) -> VendorError:
    """The first entry of an error list; ValueError, LookupError or TypeError if it is none."""
    first = body[0]
    if not isinstance(first, dict):
        raise TypeError("no error entry")
    named = first.get("fields") or [None]
    return VendorError(first["errorCode"], named[0], str(first.get("message", "")))


ERRORS = ErrorTable(
    rows={
        (300, None): Rejected,
        (400, "DUPLICATE_VALUE"): AlreadyExists,
        (400, "ENTITY_IS_DELETED"): NotFound,
        (400, "INVALID_QUERY_LOCATOR"): Transient,
        (400, "INVALID_SESSION_ID"): AuthenticationFailed,
        (400, "QUERY_TIMEOUT"): Transient,
        (400, "UNABLE_TO_LOCK_ROW"): Transient,
        (403, "API_CURRENTLY_DISABLED"): AuthenticationFailed,
        (403, "API_DISABLED_FOR_ORG"): AuthenticationFailed,
        (403, "FORBIDDEN"): AuthenticationFailed,
        (403, "REQUEST_LIMIT_EXCEEDED"): RateLimited,
        (410, None): UnexpectedAnswer,
        (412, None): Conflict,
        (503, "REQUEST_LIMIT_EXCEEDED"): RateLimited,
        (503, "SERVER_UNAVAILABLE"): Transient,
        (503, None): Transient,
    },
    parse_error=_vendor_error,
)


class SalesforceClient:
    """One org. All reads may be repeated; `composite` is the one write."""

    def __init__(
        self,
        settings: SalesforceSettings,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        now: Callable[[], Any] = utc_now,
    ) -> None:
        self.root = f"/services/data/v{settings.version_number}"
        self._http = ApiClient(
            platform=PLATFORM,
            base_url=settings.base_url,
            errors=ERRORS,
            auth=_auth(settings, now),
            headers={"Accept": "application/json"},
            ca_file=settings.ca_file,
            timeouts=Timeouts(settings.connect_timeout_seconds, settings.read_timeout_seconds),
            transport=transport,
        )

    async def aclose(self) -> None:
        await self._http.aclose()

    async def query(self, soql: str, *, operation: str) -> list[Record]:
        """All records with all their children; further pages are fetched where there are any."""
        answer = await self._http.request(
            "GET", f"{self.root}/query", params={"q": soql}, operation=operation
        )
        return await self._all(answer, answer.parse(QueryPage), operation)

    async def _all(self, answer: ApiResponse, page: QueryPage, operation: str) -> list[Record]:
        records = list(page.records)
        while not page.done:
            url = page.next_records_url
            if url is None or not url.startswith("/services/data/"):
                raise answer.call.unreadable("QueryPage.nextRecordsUrl", answer.status, "nextRecordsUrl")
            answer = await self._http.request("GET", url, operation=operation)
            page = answer.parse(QueryPage)
            records += page.records
        return [await self._with_children(answer, record, operation) for record in records]

    async def _with_children(self, answer: ApiResponse, record: Record, operation: str) -> Record:
        """The record with its children as plain lists; none of them is an empty list only to the mapping."""
        whole: Record = {}
        for name, value in record.items():
            if isinstance(value, dict) and "records" in value:
                page = answer.fit(QueryPage, value)
                whole[name] = await self._all(answer, page, operation)
            else:
                whole[name] = value
        return whole

    async def composite(self, requests: Sequence[SubRequest], *, operation: str) -> tuple[SubResponse, ...]:
        """All or none of the writes; a refused one raises its port error."""
        body = {"allOrNone": True, "compositeRequest": [each.as_json() for each in requests]}
        answer = await self._http.request(
            "POST", f"{self.root}/composite", json=body, operation=operation, write=True
        )
        responses = answer.parse(CompositeResponse).composite_response
        if [each.reference_id for each in responses] != [each.reference_id for each in requests]:
            raise answer.call.unreadable("CompositeResponse.referenceId", answer.status, "referenceId")
        failed = [each for each in responses if not 200 <= each.http_status_code < 300]
        if failed:
            raise _refused(answer, failed)
        return tuple(responses)

    async def describe(self, object_name: str) -> Described:
        answer = await self._http.request(
            "GET", self.root + "/sobjects/{object}/describe", path_values={"object": object_name}
        )
        return answer.parse(Described)

    async def limits(self) -> Limits:
        answer = await self._http.request("GET", f"{self.root}/limits")
        return answer.parse(Limits)


def _refused(answer: ApiResponse, failed: list[SubResponse]) -> PortError:
    """The failure for which the others were rolled back."""
    told = [(each.http_status_code, _entry_or_none(each.body)) for each in failed]
    status, error = next((pair for pair in told if pair[1].code != HALTED), told[0])
    return answer.error(status, error)


def _entry_or_none(body: Any) -> VendorError:
    try:
        return entry_error(body)
    except (ValueError, LookupError, TypeError):
        return VendorError()


def _auth(settings: SalesforceSettings, now: Callable[[], Any]) -> TokenSource:
    token_url = f"{settings.base_url.rstrip('/')}/services/oauth2/token"
    if settings.flow == "client_credentials":
        return OAuthClientCredentials(
            token_url=token_url,
            client_id=settings.consumer_key,
            client_secret=settings.consumer_secret or SecretStr(""),
            now=now,
        )
    return JwtBearer(
        token_url=token_url,
        consumer_key=settings.consumer_key,
        username=settings.username or "",
        audience=settings.audience,
        private_key=settings.signing_key(),
        now=now,
    )


__all__ = ["ERRORS", "HALTED", "PLATFORM", "SalesforceClient", "entry_error"]
