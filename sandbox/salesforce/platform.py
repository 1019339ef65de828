"""The simulated org: its API over HTTP, its users and secrets, its approvals and what they send out."""

import base64
import secrets
import uuid
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.kit.clock import Clock
from sandbox.kit.platform import ExceptionHandler, Platform, PlatformConfig
from sandbox.kit.state import State
from sandbox.salesforce import ids, json_text, notifications
from sandbox.salesforce.calls import VERSIONS, Call, Reply, located
from sandbox.salesforce.composite import Composite
from sandbox.salesforce.errors import BY_STATUS, ApiError
from sandbox.salesforce.oauth import Sessions, TokenEndpoint
from sandbox.salesforce.records import Records
from sandbox.salesforce.rest import Rest, count_request, daily_requests, set_daily_requests
from sandbox.salesforce.scenario import STANDARD_PRICE_BOOK, Entry
from sandbox.salesforce.values import stamp

ORGANIZATION_ID = ids.new_id("00D", 1)
USERNAME = "integration@q2c.example.sandbox"
_APPROVER = "deal.desk@q2c.example.sandbox"
_OUTBOUND_ACTION = ids.new_id("04k", 1)
_EVENT = "_approval_event"
_EVENT_TYPES = {
    "New": "contract.approved",
    "Amendment": "amendment.approved",
    "Renewal": "renewal.approved",
    "Cancellation": "cancellation.approved",
    "Transfer": "amendment.approved",
    "Merge": "amendment.approved",
}
_LOAD_KEYS = {"scenario", "approve", "bare", "times", "notify"}
_SETUP_KEYS = {"hide_fields", "lock_rows", "daily_requests"}
_NOTIFY = ("json", "outbound-message", "both", "none")
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
_JSON = "application/json;charset=UTF-8"


class Salesforce(Platform):
    name = "salesforce"
    fault_exempt = ("/services/oauth2/token",)
    enum_fields = ("Billing_Frequency__c", "Status", "Type")

    def __init__(self, state: State, *, config: PlatformConfig, clock: Clock | None = None) -> None:
        super().__init__(state, config=config, clock=clock)
        self.records = Records(state, self.clock)
        self._api = Composite(self.records, Rest(self.records))
        self._sessions = Sessions(state, ORGANIZATION_ID)
        self.outbox.sign = notifications.standard_webhook(self._webhook_secret())
        self.outbox.accepted = notifications.accepted

    # Secrets and credentials

    def _webhook_secret(self) -> str:
        return self.secrets.text(
            "webhook-secret", lambda: "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
        )

    def _session_id(self) -> str:
        return self.secrets.text("session-id", lambda: f"{ORGANIZATION_ID[:15]}!{secrets.token_urlsafe(60)}")

    def credentials(self) -> dict[str, str]:
        return {
            "username": USERNAME,
            "consumer_key": self.secrets.text("consumer-key"),
            "consumer_secret": self.secrets.text("consumer-secret"),
            "private_key_file": str(self.secrets.private_key_file("private-key.pem")),
            "session_id": self._session_id(),
            "instance_url": self.config.base_url,
            "organization_id": ORGANIZATION_ID,
            "webhook_secret": self._webhook_secret(),
            "outbound_message_path": f"/webhooks/{self.name}{notifications.OUTBOUND_MESSAGES}",
        }

    def seed_defaults(self) -> None:
        admin = ids.new_id("005", 1)
        org = {
            "Name": "Q2C Sandbox",
            "IsSandbox": True,
            "OrganizationType": "Enterprise Edition",
            "InstanceName": "LOOP",
        }
        self.records.create("Organization", org, admin, system=True)
        for username, last, first in ((USERNAME, "Integration", "Q2C"), (_APPROVER, "Moreau", "Dana")):
            user = {
                "Username": username,
                "LastName": last,
                "FirstName": first,
                "Email": username,
                "Alias": last[:8].lower(),
                "IsActive": True,
            }
            self.records.create("User", user, admin, system=True)
        book = {"Name": STANDARD_PRICE_BOOK, "IsActive": True, "IsStandard": True}
        self.records.create("Pricebook2", book, admin, system=True)
        self._sessions.keep(self._session_id(), self._user(USERNAME), lasting=True)

    def _user(self, username: str) -> str:
        return str(self.records.where("User", "Username", username)[0]["Id"])

    # HTTP

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route("/services/oauth2/token", self._token, methods=["POST"]),
            Route("/services/data", self._versions, methods=["GET"]),
            Route("/services/data/", self._versions, methods=["GET"]),
            Route("/services/data/{rest:path}", self._data, methods=_METHODS),
        ]

    def exception_handlers(self) -> Mapping[Any, ExceptionHandler]:
        async def refused(_request: Request, error: Exception) -> Response:
            if not isinstance(error, ApiError):
                raise error
            return _response(Reply(error.status, [error.entry()]))

        return {**super().exception_handlers(), ApiError: refused}

    def error_response(self, status: int, request: Request) -> Response:
        if request.url.path == "/services/oauth2/token":
            return JSONResponse({"error": "unknown_error", "error_description": "retry your request"}, status)
        code, message = BY_STATUS.get(status, ("UNKNOWN_EXCEPTION", "An unexpected error occurred."))
        return _response(Reply(status, [{"message": message, "errorCode": code}]))

    async def expire_token(self, request: Request) -> Response | None:
        revoked = self._sessions.revoke(_bearer(request))
        return None if revoked else self.error_response(401, request)

    async def _token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode(errors="replace"), keep_blank_values=True))
        endpoint = TokenEndpoint(
            sessions=self._sessions,
            base_url=self.config.base_url,
            consumer_key=self.secrets.text("consumer-key"),
            consumer_secret=self.secrets.text("consumer-secret"),
            public_key=self.secrets.public_key("private-key.pem"),
            organization_id=ORGANIZATION_ID,
            find_user=lambda name: self._user(USERNAME) if name == USERNAME else None,
            run_as=lambda: self._user(USERNAME),
        )
        return endpoint.answer(form, request.headers.get("authorization"))

    async def _versions(self, _request: Request) -> Response:
        listed = [
            {"label": f"v{each}", "url": f"/services/data/v{each}", "version": each} for each in VERSIONS
        ]
        return JSONResponse(listed)

    async def _data(self, request: Request) -> Response:
        body = await request.body()
        user = self._sessions.user(_bearer(request))
        if user is None:
            raise ApiError(401, "INVALID_SESSION_ID", "Session expired or invalid")
        used = count_request(self.records)
        raw = request.scope["raw_path"].decode()
        version, segments, _ = located(raw)
        call = Call(
            request.method,
            version,
            segments,
            dict(request.query_params),
            {name.lower(): value for name, value in request.headers.items()},
            _parsed(request, body),
            user,
        )
        with self.state.transaction():
            reply = self._api.answer(call)
        usage = f"api-usage={used}/{daily_requests(self.records)}"
        reply.headers["Sforce-Limit-Info"] = usage
        return _response(reply)

    # Scenario data

    async def load(self, document: dict[str, Any]) -> dict[str, Any]:
        """{"scenario", "approve": null | "contract" | change id, "bare", "times", "notify"}, or one of the
        org's set-up: {"hide_fields": {object: [field]}}, {"lock_rows": {object: {external id: times}}},
        {"daily_requests": n}."""
        unknown = sorted(document.keys() - _LOAD_KEYS - _SETUP_KEYS)
        if unknown:
            raise ValueError(f"unknown: {', '.join(unknown)}")
        with self.state.transaction():
            if "scenario" not in document:
                return self._set_up(document)
            return self._enter(document)

    def _enter(self, document: dict[str, Any]) -> dict[str, Any]:
        scenario, approve = document["scenario"], document.get("approve")
        notify, times = document.get("notify", "json"), document.get("times", 1)
        if notify not in _NOTIFY:
            raise ValueError(f"notify: {notify!r} is none of {', '.join(_NOTIFY)}")
        if not isinstance(times, int) or isinstance(times, bool) or times < 0:
            raise ValueError("times: must be a whole number from 0 on")
        contract, changes = scenario["contract"], list(scenario.get("changes") or ())
        entry = Entry(
            self.records, self._user(USERNAME), self._user(_APPROVER), bare=bool(document.get("bare"))
        )
        order_id = entry.contract(contract)
        if approve is None:
            for position in range(len(changes)):
                entry.change(contract, changes, position)
            return self._made(order_id)
        self._approve(entry, order_id)
        if approve != "contract":
            position = _position(changes, str(approve))
            order_id = entry.change(contract, changes, position)
            self._approve(entry, order_id)
        for merged in _merged(changes, str(approve)):
            first = entry.contract(merged)
            self._approve(entry, first)
            self._notify(first, notify, times)
        self._notify(order_id, notify, times)
        return self._made(order_id)

    def _made(self, order_id: str) -> dict[str, Any]:
        order = self.records.by_id("Order", order_id) or {}
        event = self.state.get(_EVENT, order_id)
        return {
            "contract": order["ContractId"],
            "order": order_id,
            "account": order["AccountId"],
            "version": int(Decimal(order["Version__c"])),
            "event_id": event["event_id"] if event else None,
        }

    def _set_up(self, document: dict[str, Any]) -> dict[str, Any]:
        for object_name, names in document.get("hide_fields", {}).items():
            for name in names:
                self.records.hide(object_name, name)
        for object_name, keys in document.get("lock_rows", {}).items():
            for key, times in keys.items():
                for row in self.records.by_external_id(self.records.object(object_name), "Q2C_Id__c", key):
                    self.records.lock_row(row["Id"], int(times))
        if "daily_requests" in document:
            set_daily_requests(self.records, int(document["daily_requests"]))
        return {name: document[name] for name in document}

    def reset(self) -> None:
        self.records.forget()
        super().reset()

    def dump(self) -> dict[str, list[dict[str, Any]]]:
        return {
            name: [_plain(self.records.shown(made, row, None, VERSIONS[-1])) for row in rows]
            for name, made in self.records.schema.objects.items()
            if (rows := self.records.all(name))
        }

    # Approvals and what they send out

    def _approve(self, entry: Entry, order_id: str) -> None:
        entry.approve(order_id)
        if self.state.get(_EVENT, order_id) is not None:
            return
        order = self.records.by_id("Order", order_id) or {}
        contract = self.records.by_id("Contract", order["ContractId"]) or {}
        event = {
            "event_id": str(uuid.uuid4()),
            "event_type": _EVENT_TYPES[order["Type"]],
            "occurred_at": stamp(self.clock.now()).replace("+0000", "Z"),
            "contract_id": contract["Q2C_Id__c"],
            "version": int(Decimal(order["Version__c"])),
            "notification_id": ids.new_id("04l", self.state.next_number("_notification")),
        }
        self.state.put(_EVENT, order_id, event)

    def _notify(self, order_id: str, notify: str, times: int) -> None:
        event = self.state.get(_EVENT, order_id)
        if event is None or self.config.webhook_url is None:
            return
        root = self.config.webhook_url.removesuffix("/").removesuffix(notifications.APPROVALS)
        for _ in range(times):
            if notify in ("json", "both"):
                self.outbox.enqueue(
                    root + notifications.APPROVALS,
                    notifications.callout(event),
                    event_id=event["event_id"],
                    topic=event["event_type"],
                )
            if notify in ("outbound-message", "both"):
                self.outbox.enqueue(
                    root + notifications.OUTBOUND_MESSAGES,
                    self._outbound_message(order_id, event),
                    event_id=event["notification_id"],
                    topic=event["event_type"],
                    content_type="text/xml; charset=UTF-8",
                    headers={"SOAPAction": '""'},
                )

    def _outbound_message(self, order_id: str, event: Mapping[str, Any]) -> bytes:
        order = self.records.by_id("Order", order_id) or {}
        fields = {
            "Id": order_id,
            "Contract_Key__c": event["contract_id"],
            "LastModifiedDate": order["LastModifiedDate"].replace("+0000", "Z"),
            "Type": order["Type"],
            "Version__c": f"{Decimal(order['Version__c']):.1f}",
        }
        return notifications.outbound_message(
            organization_id=ORGANIZATION_ID,
            action_id=_OUTBOUND_ACTION,
            notification_id=event["notification_id"],
            base_url=self.config.base_url,
            order=fields,
        )


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() in ("bearer", "oauth") else ""


def _parsed(request: Request, body: bytes) -> Any:
    if not body or request.method in ("GET", "HEAD", "DELETE"):
        return None
    if not request.headers.get("content-type", "").lower().startswith("application/json"):
        raise ApiError(415, "UNSUPPORTED_MEDIA_TYPE", "Content type of the request must be application/json")
    try:
        return json_text.parse(body)
    except ValueError:
        raise ApiError(400, "JSON_PARSER_ERROR", "The HTTP entity body is not valid JSON.") from None


def _response(reply: Reply) -> Response:
    if reply.body is None:
        return Response(status_code=reply.status, headers=reply.headers)
    body = json_text.write(reply.body).encode()
    return Response(body, reply.status, {**reply.headers, "content-type": _JSON})


def _position(changes: list[Mapping[str, Any]], wanted: str) -> int:
    for position, change in enumerate(changes):
        if change["id"] == wanted:
            return position
    raise ValueError(f"approve: the scenario has no change {wanted}")


def _merged(changes: list[Mapping[str, Any]], approve: str) -> Iterator[Mapping[str, Any]]:
    """The contracts that are merged into the file's own: contracts of their own, approved when it is, and
    before the merge that names them.
    """
    for change in changes:
        if change["type"] == "merge" and approve in ("contract", change["id"]):
            yield from change["contracts"]


def _plain(value: Any) -> Any:
    """Decimals as JSON's numbers; as text where a binary number would be another one."""
    if isinstance(value, Decimal):
        binary = float(value)
        return binary if Decimal(repr(binary)) == value else format(value, "f")
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return value


def create(state: State, *, config: PlatformConfig) -> Platform:
    return Salesforce(state, config=config)
