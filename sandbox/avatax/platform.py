"""Avalara AvaTax REST v2 over HTTP: log-on, routes, what goes in and comes out."""

import base64
import binascii
import hmac
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox.avatax import json_text, listing, models
from sandbox.avatax.addresses import resolved
from sandbox.avatax.companies import Companies, Document
from sandbox.avatax.errors import ApiError, by_status, locked
from sandbox.avatax.rates import Rates
from sandbox.avatax.scenario import Scenarios
from sandbox.avatax.transactions import Transactions
from sandbox.kit.clock import Clock
from sandbox.kit.platform import ExceptionHandler, Platform, PlatformConfig
from sandbox.kit.state import State
from sandbox.kit.wire import wire_of

_FORCED_TIMEOUT_SECONDS = 30.0
_DEFAULT_COMPANY = "DEFAULT"
_ESCAPES = {"_-ava2f-_": "/", "_-ava2b-_": "+", "_-ava3f-_": "?", "_-ava25-_": "%", "_-ava23-_": "#"}
_ONE = "/api/v2/companies/{company_code}/transactions/{code}"
_ALL_DETAILS = frozenset(("lines", "details", "summary", "addresses"))

Endpoint = Callable[[Request], Awaitable[Response]]
Parsed = TypeVar("Parsed", bound=models.Model)


class AvaTax(Platform):
    name = "avatax"
    read_only_posts = ("/api/v2/addresses/resolve",)
    fault_exempt = ("/api/v2/utilities/ping",)

    def __init__(self, state: State, *, config: PlatformConfig, clock: Clock | None = None) -> None:
        super().__init__(state, config=config, clock=clock)
        self._account_id = self.secrets.text(
            "account-id", lambda: str(2_000_000_000 + secrets.randbelow(10**8))
        )
        self._license_key = self.secrets.text("license-key", lambda: secrets.token_hex(8).upper())
        self._rates = Rates(state)
        self._companies = Companies(state, self.clock, int(self._account_id))
        self._scenarios = Scenarios(state, self._companies, self._rates)
        self._transactions = Transactions(
            state, self.clock, self._companies, self._rates, self._scenarios.check_commit
        )

    def seed_defaults(self) -> None:
        self._companies.ensure(_DEFAULT_COMPANY, "Default Company", "US")

    def credentials(self) -> dict[str, str]:
        return {
            "account_id": self._account_id,
            "license_key": self._license_key,
            "company_code": _DEFAULT_COMPANY,
        }

    def error_response(self, status: int, request: Request) -> Response:
        return _answer(by_status(status).body(), status)

    def exception_handlers(self) -> Mapping[Any, ExceptionHandler]:
        async def told(_request: Request, error: Exception) -> Response:
            assert isinstance(error, ApiError)
            return _answer(error.body(), error.status)

        return {**super().exception_handlers(), ApiError: told}

    async def load(self, document: dict[str, Any]) -> dict[str, Any]:
        with self.state.transaction():
            return self._scenarios.load(document)

    def dump(self) -> dict[str, list[dict[str, Any]]]:
        return {kind: json_text.floated(json_text.numbered(found)) for kind, found in super().dump().items()}

    def routes(self) -> Sequence[BaseRoute]:
        actions: list[tuple[str, Callable[[Document, Document], Document], int]] = [
            ("commit", self._commit, 200),
            ("void", self._void, 200),
            ("unvoid", lambda document, _: self._transactions.unvoid(document), 200),
            ("uncommit", lambda document, _: self._transactions.uncommit(document), 200),
            ("lock", self._lock, 200),
            ("verify", self._verify, 200),
            ("settle", self._settle, 200),
            ("changecode", self._change_code, 200),
            ("adjust", self._adjust, 200),
            ("refund", self._refund, 201),
        ]
        return [
            Route("/api/v2/utilities/ping", self._ping, methods=["GET"]),
            _route("POST", "/api/v2/transactions/create", self._create, self._guarded),
            _route("POST", "/api/v2/transactions/createoradjust", self._create_or_adjust, self._guarded),
            _route("GET", _ONE.removesuffix("/{code}"), self._list_transactions, self._guarded),
            _route("GET", _ONE, self._read_transaction, self._guarded),
            _route("GET", f"{_ONE}/types/{{document_type}}", self._read_transaction, self._guarded),
            *(
                _route("POST", f"{_ONE}/{name}", self._action(act, status), self._guarded)
                for name, act, status in actions
            ),
            _route("GET", "/api/v2/addresses/resolve", self._resolve, self._guarded),
            _route("POST", "/api/v2/addresses/resolve", self._resolve, self._guarded),
            *self._company_routes(),
        ]

    def _company_routes(self) -> list[Route]:
        one = "/api/v2/companies/{company_id}"
        customer = f"{one}/customers/{{customer}}"
        table: list[tuple[str, str, Endpoint]] = [
            ("GET", "/api/v2/companies", self._list_companies),
            ("POST", "/api/v2/companies", self._create_companies),
            ("GET", one, self._read_company),
            ("GET", f"{one}/nexus", self._list_nexus),
            ("POST", f"{one}/nexus", self._declare_nexus),
            ("GET", f"{one}/customers", self._list_customers),
            ("POST", f"{one}/customers", self._create_customers),
            ("GET", customer, self._read_customer),
            ("PUT", customer, self._update_customer),
            ("POST", f"{one}/certificates", self._create_certificates),
            ("GET", f"{customer}/certificates", self._list_certificates),
            ("POST", f"{customer}/certificates/link", self._link_certificates),
            ("POST", f"{customer}/certificates/unlink", self._link_certificates),
        ]
        return [_route(method, path, endpoint, self._guarded) for method, path, endpoint in table]

    # Log-on

    def _guarded(self, endpoint: Endpoint) -> Endpoint:
        async def guarded(request: Request) -> Response:
            if not self._authenticated(request):
                raise ApiError(
                    "AuthenticationException",
                    "Authentication failed.",
                    "Unable to authenticate the user or the account.",
                )
            return await endpoint(request)

        return guarded

    def _authenticated(self, request: Request) -> bool:
        """ApiError for a header that can't be read; whether the two are those of the account."""
        header = request.headers.get("authorization")
        if header is None:
            raise ApiError("AuthenticationIncomplete", "Authentication Incomplete.", "You must authenticate.")
        scheme, _, value = header.partition(" ")
        try:
            account_id, _, key = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise ApiError("BasicAuthIncorrect", "The Basic authorization header is malformed.") from None
        wanted = f"{self._account_id}:{self._license_key}"
        return scheme.lower() == "basic" and hmac.compare_digest(
            f"{account_id}:{key}".encode(), wanted.encode()
        )

    async def _ping(self, request: Request) -> Response:
        authenticated = "authorization" in request.headers and self._authenticated(request)
        body: Document = {
            "version": "26.10.0",
            "authenticated": authenticated,
            "authenticationType": "AccountIdLicenseKey" if authenticated else "None",
        }
        if authenticated:
            body["authenticatedAccountId"] = int(self._account_id)
        return _answer(body)

    # Transactions

    async def _create(self, request: Request) -> Response:
        model = await _parsed(request, models.CreateTransaction)
        await self._force_timeout(request)
        with self.state.transaction():
            made = self._transactions.create(model)
        return _answer(_shown(made, request, _ALL_DETAILS), 201)

    async def _create_or_adjust(self, request: Request) -> Response:
        model = await _parsed(request, models.CreateOrAdjust)
        await self._force_timeout(request)
        self._refuse_closed(request, model.createTransactionModel.code or "")
        with self.state.transaction():
            made = self._transactions.create_or_adjust(
                model.createTransactionModel, model.adjustmentReason, model.adjustmentDescription
            )
        return _answer(_shown(made, request, _ALL_DETAILS), 201)

    async def _force_timeout(self, request: Request) -> None:
        """The vendor's own test of a client: 30 seconds of waiting, then an error; nothing is recorded."""
        if "forcetimeout" in _include(request):
            await wire_of(request.scope).delay(_FORCED_TIMEOUT_SECONDS)
            raise ApiError("TimeoutRequested", "You requested a timeout.")

    def _refuse_closed(self, request: Request, code: str) -> None:
        """The fault `period-closed`: the document is in a tax return that was filed."""
        if self.faults.consume("period-closed", request.method, request.url.path):
            raise locked(code)

    async def _read_transaction(self, request: Request) -> Response:
        return _answer(_shown(self._found(request), request, frozenset(("summary", "addresses"))))

    def _found(self, request: Request, default_type: str | None = None) -> Document:
        document_type = request.path_params.get("document_type") or request.query_params.get("documentType")
        return self._transactions.find(
            _unescaped(request.path_params["company_code"]),
            _unescaped(request.path_params["code"]),
            document_type or default_type,
        )

    async def _list_transactions(self, request: Request) -> Response:
        company = self._companies.by_code(_unescaped(request.path_params["company_code"]))
        documents = json_text.numbered(self._transactions.listed(company))
        if not listing.names_field(request.query_params, "date"):
            since = (self.clock.today() - timedelta(days=30)).isoformat()
            documents = [document for document in documents if document["date"] >= since]
        page = self._page(documents, request)
        page["value"] = [_shown(document, request, frozenset()) for document in page["value"]]
        return _answer(page)

    def _action(self, act: Callable[[Document, Document], Document], status: int) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            body = await _json(request)
            self._refuse_closed(request, _unescaped(request.path_params["code"]))
            with self.state.transaction():
                changed = act(self._found(request, "SalesInvoice"), body)
            return _answer(_shown(changed, request, frozenset(("summary", "addresses"))), status)

        return endpoint

    def _commit(self, document: Document, body: Document) -> Document:
        wanted = models.parsed(models.Commit, body).commit
        return self._transactions.commit(document) if wanted else document

    def _void(self, document: Document, body: Document) -> Document:
        models.parsed(models.Void, body)
        return self._transactions.void(document)

    def _lock(self, document: Document, body: Document) -> Document:
        return self._transactions.lock(document, is_locked=models.parsed(models.Lock, body).isLocked)

    def _verify(self, document: Document, body: Document) -> Document:
        return self._transactions.verify(document, models.parsed(models.Verify, body))

    def _settle(self, document: Document, body: Document) -> Document:
        return self._transactions.settle(document, models.parsed(models.Settle, body))

    def _change_code(self, document: Document, body: Document) -> Document:
        return self._transactions.change_code(document, models.parsed(models.ChangeCode, body))

    def _adjust(self, document: Document, body: Document) -> Document:
        model = models.parsed(models.Adjust, body)
        return self._transactions.adjust(
            document, model.newTransaction, model.adjustmentReason, model.adjustmentDescription
        )

    def _refund(self, document: Document, body: Document) -> Document:
        return self._transactions.refund(document, models.parsed(models.Refund, body))

    # Addresses, companies, customers

    async def _resolve(self, request: Request) -> Response:
        given = await _json(request) if request.method == "POST" else dict(request.query_params)
        return _answer(resolved(models.parsed(models.AddressToResolve, given)))

    async def _list_companies(self, request: Request) -> Response:
        return _answer(self._page(self.state.all("company"), request))

    async def _create_companies(self, request: Request) -> Response:
        given = await _objects(request)
        with self.state.transaction():
            return _answer([self._companies.create(company) for company in given], 201)

    async def _read_company(self, request: Request) -> Response:
        return _answer(self._company(request))

    def _company(self, request: Request) -> Document:
        return self._companies.by_id(request.path_params["company_id"])

    async def _list_nexus(self, request: Request) -> Response:
        return _answer(
            self._page(json_text.numbered(self._companies.nexus_of(self._company(request))), request)
        )

    async def _declare_nexus(self, request: Request) -> Response:
        company = self._company(request)
        for nexus in await _objects(request):
            region = nexus["region"] if nexus["region"] != nexus["country"] else None
            self._companies.declare_nexus(company["companyCode"], nexus["country"], region)
        return _answer(json_text.numbered(self._companies.nexus_of(company)), 201)

    async def _list_customers(self, request: Request) -> Response:
        return _answer(self._page(self._companies.customers(self._company(request)), request))

    async def _create_customers(self, request: Request) -> Response:
        company, given = self._company(request), await _objects(request)
        with self.state.transaction():
            return _answer([self._companies.create_customer(company, each) for each in given], 201)

    async def _read_customer(self, request: Request) -> Response:
        customer = _unescaped(request.path_params["customer"])
        return _answer(self._companies.customer(self._company(request), customer))

    async def _update_customer(self, request: Request) -> Response:
        customer, given = _unescaped(request.path_params["customer"]), await _json(request)
        return _answer(self._companies.update_customer(self._company(request), customer, given))

    async def _create_certificates(self, request: Request) -> Response:
        company, given = self._company(request), await _objects(request)
        with self.state.transaction():
            made = [self._companies.create_certificate(company, each) for each in given]
        return _answer(json_text.numbered(made), 201)

    async def _list_certificates(self, request: Request) -> Response:
        customer = _unescaped(request.path_params["customer"])
        found = self._companies.certificates(self._company(request), customer)
        return _answer(self._page(json_text.numbered(found), request))

    async def _link_certificates(self, request: Request) -> Response:
        company, customer = self._company(request), _unescaped(request.path_params["customer"])
        numbers = (await _json(request)).get("certificates", [])
        link = request.url.path.endswith("/link")
        with self.state.transaction():
            self._companies.link_certificates(company, customer, numbers, link=link)
        return await self._list_certificates(request)

    def _page(self, documents: list[Document], request: Request) -> Document:
        url = f"{self.config.base_url}{request.scope['raw_path'].decode()}"
        return listing.page(documents, dict(request.query_params), url)


def _route(method: str, path: str, endpoint: Endpoint, guard: Callable[[Endpoint], Endpoint]) -> Route:
    return Route(path, guard(endpoint), methods=[method])


def _unescaped(text: str) -> str:
    """Codes with characters that a path can't carry come escaped by the vendor's own rule."""
    for escape, character in _ESCAPES.items():
        text = text.replace(escape, character)
    return text


def _include(request: Request) -> frozenset[str]:
    return frozenset(
        part.strip().lower() for part in request.query_params.get("$include", "").split(",") if part
    )


def _shown(document: Document, request: Request, default: frozenset[str]) -> Document:
    """The document with the nested parts that `$include` asks for; details imply lines, a summary both."""
    asked = _include(request) or default
    wanted = set(asked)
    if "summary" in asked:
        wanted.add("details")
    if "details" in wanted:
        wanted.add("lines")
    if "summaryonly" in asked:
        wanted = (wanted | {"summary"}) - {"lines", "details"}
    if "linesonly" in asked:
        wanted = (wanted | {"lines"}) - {"details"}
    shown: Document = json_text.numbered(document)
    for part in ("lines", "summary", "addresses"):
        if part not in wanted:
            shown.pop(part, None)
    if "details" not in wanted and "lines" in shown:
        shown["lines"] = [{**line, "details": []} for line in shown["lines"]]
    return shown


async def _json(request: Request) -> Any:
    """The body; an empty one is an empty object."""
    body = await request.body()
    if not body:
        return {}
    try:
        return json_text.read(body)
    except ValueError:
        raise ApiError("JsonFormatError", "The JSON you sent was invalid.") from None


async def _objects(request: Request) -> list[Document]:
    """One object or an array of them."""
    given = await _json(request)
    return list(given) if isinstance(given, list) else [given]


async def _parsed(request: Request, model: type[Parsed]) -> Parsed:
    return models.parsed(model, await _json(request))


def _answer(body: Any, status: int = 200) -> Response:
    return Response(json_text.write(body), status, media_type="application/json")
