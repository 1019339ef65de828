"""Where platforms say that something happened: verify, store, answer. Nothing is processed here."""

import datetime as dt
import json
import time
from dataclasses import dataclass
from typing import Any, Literal

import structlog
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError

from connectors.webhooks import NotAnEvent, SignatureInvalid
from gateway.deps import GatewayDeps
from gateway.intake import EventIntake, check_storable
from gateway.limits import is_too_deep
from gateway.metrics import GatewayMetrics
from gateway.problems import ErrorBody, Problem
from store.database import StoreUnavailable
from store.new_events import NewEvent, letter, new_event

_log = structlog.get_logger("gateway.webhooks")

SOAP_ACK = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
    '<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack>'
    "</notificationsResponse></soapenv:Body></soapenv:Envelope>"
)
OUTBOUND_MESSAGES = "salesforce/outbound-messages"
UNSTORABLE = (SQLAlchemyError, ValueError, TypeError, ArithmeticError)
"""What database and driver say of data that they can't hold."""


class Accepted(BaseModel):
    """The success answer. `event_id` is the sender's; null for a body that holds no event for us."""

    status: Literal["accepted"]
    event_id: str | None


@dataclass(frozen=True)
class Delivery:
    """One request to a webhook: `source` is its path after `/webhooks/`."""

    source: str
    body: bytes
    headers: dict[str, str]

    @property
    def platform(self) -> str:
        return self.source.partition("/")[0]


class WebhookDesk:
    """Takes deliveries in by the rules of INTERFACES: 202, 401, 404, 422 or 503."""

    def __init__(self, deps: GatewayDeps, intake: EventIntake, metrics: GatewayMetrics) -> None:
        self._deps = deps
        self._intake = intake
        self._metrics = metrics

    async def take(self, delivery: Delivery) -> Response:
        """The platform's success answer, once its events are durably stored. Raises Problem otherwise."""
        if delivery.source not in self._deps.receivers:
            raise Problem(404, "unknown_webhook", "no platform sends its events here")
        started = time.perf_counter()
        try:
            response = await self._take_known(delivery)
        except Problem as problem:
            self._metrics.webhooks.labels(delivery.platform, problem.status).inc()
            raise
        finally:
            self._metrics.webhook_seconds.observe(time.perf_counter() - started)
        self._metrics.webhooks.labels(delivery.platform, response.status_code).inc()
        return response

    async def _take_known(self, delivery: Delivery) -> Response:
        now = self._deps.clock()
        try:
            events = self.read(delivery, now)
        except SignatureInvalid as error:
            raise Problem(401, "signature_invalid", str(error)) from error
        except NotAnEvent as error:
            await self._keep(self._letter(delivery, now, str(error), error.event_id))
            raise Problem(422, "not_an_event", str(error)) from error
        try:
            await self._store(events or [self._letter(delivery, now, None)])
        except UNSTORABLE as error:  # data that the database refuses, for whatever reason: never lost
            reason = f"the event could not be stored ({type(error).__name__})"
            await self._keep(self._letter(delivery, now, reason))
            raise Problem(422, "not_an_event", reason) from error
        return _answer(delivery.source, events)

    def read(self, delivery: Delivery, now: dt.datetime) -> list[NewEvent]:
        """What the delivery says, checked as of `now`. Raises SignatureInvalid or NotAnEvent."""
        try:
            events = self._deps.receivers[delivery.source].verify(delivery.headers, delivery.body, now)
        except RecursionError as error:
            raise NotAnEvent("the body nests too deep") from error
        looks_like_json = delivery.body.lstrip()[:1] in (b"{", b"[")
        if looks_like_json and is_too_deep(delivery.body, self._deps.settings.max_json_depth):
            raise NotAnEvent("the body nests too deep")
        for event in events:
            check_storable(event)
        kept = self._kept(delivery)
        return [new_event(event, delivery.platform, delivery.body, kept, now) for event in events]

    def read_again(
        self, platform: str, body: bytes, headers: dict[str, str], received_at: dt.datetime
    ) -> list[NewEvent]:
        """A dead letter's events, if it can be read by now. Raises SignatureInvalid or NotAnEvent, of the two
        what the receiver says that knows the signature.
        """
        failure: ValueError | None = None
        for source in self._deps.receivers:
            delivery = Delivery(source=source, body=body, headers=headers)
            if delivery.platform == platform:
                try:
                    return self.read(delivery, received_at)
                except NotAnEvent as error:
                    failure = error
                except SignatureInvalid as error:
                    failure = failure or error
        raise failure or NotAnEvent(f"nothing listens to {platform} any more")

    def wake(self) -> None:
        """Tells the relay that something waits."""
        self._intake.wake()

    def _letter(
        self, delivery: Delivery, now: dt.datetime, dead_because: str | None, named: str | None = None
    ) -> NewEvent:
        kept = self._kept(delivery)
        return letter(delivery.platform, delivery.body, kept, now, dead_because=dead_because, named=named)

    def _kept(self, delivery: Delivery) -> dict[str, str]:
        kept = self._deps.settings.kept_headers
        return {name: value for name, value in delivery.headers.items() if name in kept}

    async def _keep(self, dead_letter: NewEvent) -> None:
        """A letter that can't be stored either says that the store, not the data, is at fault."""
        try:
            await self._store([dead_letter])
        except UNSTORABLE as error:
            raise self._send_again() from error

    async def _store(self, events: list[NewEvent]) -> None:
        try:
            await self._intake.accept(events)
        except StoreUnavailable as error:
            raise self._send_again() from error

    def _send_again(self) -> Problem:
        _log.warning("an event could not be stored; its sender was told to try again")
        headers = {"Retry-After": str(self._deps.settings.retry_after_seconds)}
        message = "the event could not be stored; send it again"
        return Problem(503, "store_unavailable", message, headers=headers)


def _answer(source: str, events: list[NewEvent]) -> Response:
    if source == OUTBOUND_MESSAGES:
        return Response(SOAP_ACK, status_code=200, media_type="text/xml")
    body = {"status": "accepted", "event_id": events[0].event_id if events else None}
    return Response(json.dumps(body), status_code=202, media_type="application/json")


router = APIRouter(prefix="/webhooks", tags=["webhooks"])

_RESPONSES: dict[int | str, dict[str, Any]] = {
    202: {"description": "Durably stored; the same for a duplicate", "model": Accepted},
    401: {"description": "Signature missing, wrong or older than five minutes", "model": ErrorBody},
    404: {"description": "No such webhook", "model": ErrorBody},
    408: {"description": "The body took too long", "model": ErrorBody},
    413: {"description": "Over 1 MiB", "model": ErrorBody},
    422: {"description": "Signed, but not the event; kept as a dead letter", "model": ErrorBody},
    429: {"description": "Too many requests from this source", "model": ErrorBody},
    503: {"description": "Could not be stored; send it again", "model": ErrorBody},
}
_SOAP: dict[int | str, dict[str, Any]] = {
    **{status: answer for status, answer in _RESPONSES.items() if status != 202},
    200: {"description": "Durably stored: the Ack", "content": {"text/xml": {}}},
}


@router.post("/salesforce/approvals", status_code=202, responses=_RESPONSES)
async def salesforce_approvals(request: Request) -> Response:
    """An approval from a Flow or Apex callout, signed after Standard Webhooks."""
    return await _take(request, "salesforce/approvals")


@router.post("/salesforce/outbound-messages", status_code=200, responses=_SOAP)
async def salesforce_outbound_messages(request: Request) -> Response:
    """A Salesforce Outbound Message (SOAP), answered with its Ack."""
    return await _take(request, OUTBOUND_MESSAGES)


@router.post("/{source:path}", status_code=202, responses=_RESPONSES)
async def platform_webhook(request: Request, source: str) -> Response:
    """A platform's own events with its own signature scheme; the path's first part names the platform."""
    return await _take(request, source)


async def _take(request: Request, source: str) -> Response:
    desk: WebhookDesk = request.app.state.webhooks
    return await desk.take(Delivery(source, await request.body(), dict(request.headers)))
