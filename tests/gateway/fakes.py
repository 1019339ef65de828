"""What a gateway needs and a test can watch: receivers, operations, a codec."""

import base64
import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import httpx
from fastapi import FastAPI
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec

from canonical.change import ContractChange
from canonical.document import DocumentLine, UnassignedLine
from canonical.lifecycle import ContractState
from canonical.scenario import Scenario
from connectors.webhooks import NotAnEvent, PlatformEvent, SignatureInvalid
from gateway.deps import GatewayDeps, Stores
from gateway.operations import (
    Actor,
    ChangePreview,
    ChangeView,
    ContractOrExceptionNotFound,
    ContractView,
    PlatformView,
    ResolveResult,
    Started,
    TimelineItem,
)
from gateway.relay import Handoff
from gateway.settings import GatewaySettings
from ports.records import OverrideRecord, ResolveAction
from store.database import Database
from store.exceptions import RecordedException
from tests.gateway.fake_cash import FakeCash
from tests.gateway.fake_periods import FakePeriods
from tests.gateway.fake_revaluations import FakeRevaluations
from tests.gateway.fake_revenue import FakeRevenue
from tests.gateway.fake_sweeps import FakeSweeps
from tests.store.values import StoppedClock, override

UNASSIGNED = UnassignedLine(
    change="CH-1",
    invoice_key="C-1/invoice/2026-01-01",
    line=DocumentLine(
        line="L1",
        kind="recurring",
        amount=Decimal("73.00"),
        tax=Decimal(0),
        period_start=dt.date(2026, 1, 1),
        period_end=dt.date(2027, 1, 1),
        product="SEAT",
        charge="recurring",
        timing="advance",
        tax_rate_percent=Decimal(0),
        quantity=Decimal(1),
    ),
    unused=Decimal("36.60"),
)
SECRET = b"a secret that only sender and gateway know"


def signed(body: bytes, at: dt.datetime, id: str = "msg-1") -> dict[str, str]:
    """Headers after Standard Webhooks."""
    stamp = str(int(at.timestamp()))
    content = f"{id}.{stamp}.".encode() + body
    signature = base64.b64encode(hmac.new(SECRET, content, hashlib.sha256).digest()).decode()
    return {
        "content-type": "application/json",
        "webhook-id": id,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{signature}",
    }


class SignedJson:
    """A receiver after Standard Webhooks whose body is one event."""

    platform = "salesforce"

    def verify(self, headers: Mapping[str, str], body: bytes, now: dt.datetime) -> Sequence[PlatformEvent]:
        stamp = headers.get("webhook-timestamp", "")
        if not stamp.isdigit() or abs(int(stamp) - now.timestamp()) > 300:
            raise SignatureInvalid("the timestamp is missing or too old")
        expected = signed(body, dt.datetime.fromtimestamp(int(stamp), dt.UTC), headers.get("webhook-id", ""))
        if not hmac.compare_digest(
            expected["webhook-signature"].encode(), headers.get("webhook-signature", "").encode()
        ):
            raise SignatureInvalid("the signature is missing or wrong")
        return self._events(body)

    def _events(self, body: bytes) -> Sequence[PlatformEvent]:
        try:
            said = json.loads(body)
            if said == {"ping": True}:
                return ()
            return [
                PlatformEvent(
                    id=said["event_id"],
                    platform=self.platform,
                    type=said["event_type"],
                    occurred_at=dt.datetime.fromisoformat(said["occurred_at"]),
                    contract=said["contract_id"],
                    object_kind="contract",
                    object_id=said["contract_id"],
                    version=said["version"],
                )
            ]
        except (ValueError, KeyError, TypeError) as error:
            raise NotAnEvent(f"the body is not the event ({type(error).__name__})") from error


class SoapMessages:
    """Notifications named in a text, one a line; the organisation id stands for the signature."""

    def verify(self, headers: Mapping[str, str], body: bytes, now: dt.datetime) -> Sequence[PlatformEvent]:
        if headers.get("x-organization") != "00D1":
            raise SignatureInvalid("the organisation is not ours")
        return [
            PlatformEvent(
                id=name,
                platform="salesforce",
                type="outbound-message",
                occurred_at=now,
                contract=None,
                object_kind="contract",
                object_id="800x",
            )
            for name in body.decode().split()
        ]


class ReversingCodec(PayloadCodec):
    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [Payload(metadata={"encoding": b"binary/reversed"}, data=p.data[::-1]) for p in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        if any(payload.metadata.get("encoding") != b"binary/reversed" for payload in payloads):
            raise ValueError("the secret key is 42")
        return [Payload(metadata={"encoding": b"json/plain"}, data=p.data[::-1]) for p in payloads]


class FakeOperations(FakeCash, FakePeriods, FakeRevenue, FakeRevaluations, FakeSweeps):
    """Answers as told, and remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.contracts: dict[str, ContractView] = {"C-1": contract_view()}
        self.wholes: dict[str, ContractState] = {}
        self.held_up = {}

    async def check(self) -> None:
        if self.fails_with is not None:
            raise self.fails_with

    async def start_contract(self, scenario: Scenario, actor: Actor) -> Started:
        self._asked("start", (scenario, actor))
        return Started(contract=scenario.contract.id, workflow_id=f"contract/{scenario.contract.id}")

    async def change_contract(self, scenario: Scenario, change: str | None, actor: Actor) -> Started:
        self._asked("change", (scenario, change, actor))
        changes = tuple(each.id for each in scenario.changes if change in (None, each.id))
        id = scenario.contract.id
        return Started(contract=id, workflow_id=f"contract/{id}", changes=changes)

    async def preview_change(self, contract_id: str, change: ContractChange) -> ChangePreview:
        self._asked("preview", (contract_id, change))
        if contract_id not in self.contracts:
            raise ContractOrExceptionNotFound(f"there is no contract {contract_id}")
        return ChangePreview(
            contract=contract_id,
            change=change.id,
            type=change.type,
            effective_date=change.effective_date,
            currency="USD",
            backdated=False,
            invoices=(),
            credit_memos=(),
            next_cycle_before=None,
            next_cycle_after=None,
            unassigned=(UNASSIGNED,),
        )

    async def contract_state(self, contract_id: str) -> ContractView:
        self._asked("state", contract_id)
        if contract_id not in self.contracts:
            raise ContractOrExceptionNotFound(f"there is no contract {contract_id}")
        return self.contracts[contract_id]

    async def contract_whole(self, contract_id: str) -> ContractState:
        self._asked("whole", contract_id)
        if contract_id not in self.wholes:
            raise ContractOrExceptionNotFound(f"there is no contract {contract_id}")
        return self.wholes[contract_id]

    async def tell_of_usage(self, contracts: Sequence[str]) -> None:
        self._asked("tell_of_usage", list(contracts))

    async def look_after_usage(self, contracts: Sequence[str]) -> None:
        self._asked("look_after_usage", list(contracts))

    async def contract_timeline(self, contract_id: str) -> tuple[TimelineItem, ...]:
        self._asked("timeline", contract_id)
        if contract_id not in self.contracts:
            raise ContractOrExceptionNotFound(f"there is no contract {contract_id}")
        return ()

    async def resolve(
        self,
        exception: RecordedException,
        action: ResolveAction,
        reason: str,
        actor: Actor,
        set: dict[str, str],
    ) -> ResolveResult:
        self._asked("resolve", (exception.id, action, reason, actor.name, set))
        return ResolveResult(exception=exception.id, action=action)

    async def request_override(
        self, exception: RecordedException, action: ResolveAction, reason: str, actor: Actor
    ) -> OverrideRecord:
        self._asked("request", (exception.id, action, reason, actor.name))
        return override(exception_id=exception.id, action=action, requested_by=actor.name)

    async def approve_override(self, override: OverrideRecord, reason: str, actor: Actor) -> OverrideRecord:
        self._asked("approve", (override.id, reason, actor.name))
        return override.model_copy(update={"status": "approved", "decided_by": actor.name})

    async def reject_override(self, override: OverrideRecord, reason: str, actor: Actor) -> OverrideRecord:
        self._asked("reject", (override.id, reason, actor.name))
        return override.model_copy(update={"status": "rejected", "decided_by": actor.name})

    async def platforms(self, *, check: bool = False) -> tuple[PlatformView, ...]:
        self._asked("platforms", check)
        return (
            PlatformView(
                name="stripe", capabilities=("billing", "payments"), url="https://x", api_version="1"
            ),
            PlatformView(name="netsuite", capabilities=("erp",), url="https://y", api_version="v1"),
        )

    async def pause_platform(self, platform: str, reason: str, actor: Actor) -> PlatformView:
        self._asked("pause", (platform, reason, actor.name))
        return (await self.platforms())[0].model_copy(update={"paused": True})

    async def resume_platform(self, platform: str, reason: str, actor: Actor) -> PlatformView:
        self._asked("resume", (platform, reason, actor.name))
        return (await self.platforms())[0]


def contract_view() -> ContractView:
    change = ChangeView(
        id="CH-1",
        type="amendment",
        status="done",
        effective_date=dt.date(2026, 4, 1),
        workflow_id="contract/C-1/amendment/CH-1",
        run_url="http://127.0.0.1:8233/x",
    )
    return ContractView(
        id="C-1",
        status="active",
        account="A-77",
        legal_entity="US01",
        currency="USD",
        version=2,
        workflow_id="contract/C-1",
        run_url=None,
        changes=(change,),
    )


def deps(
    database: Database,
    operations: FakeOperations,
    clock: StoppedClock,
    settings: GatewaySettings,
    handoff: Handoff | None = None,
) -> GatewayDeps:
    return GatewayDeps(
        database=database,
        receivers={
            "salesforce/approvals": SignedJson(),
            "salesforce/outbound-messages": SoapMessages(),
            "stripe": SignedJson(),
        },
        operations=operations,
        handoff=handoff,
        codec=ReversingCodec(),
        settings=settings,
        clock=clock,
        owners=frozenset({"finance-operations", "tax"}),
    )


class Gateway:
    """A gateway in process, and the ways in which its tests talk to it."""

    def __init__(self, app: FastAPI, client: httpx.AsyncClient, clock: StoppedClock) -> None:
        self.app = app
        self.client = client
        self.clock = clock
        self.stores: Stores = app.state.stores

    def event_body(self, id: str = "evt-1", **changed: Any) -> bytes:
        said = {
            "event_id": id,
            "event_type": "contract.approved",
            "occurred_at": self.clock.now.isoformat(),
            "contract_id": "C-1",
            "version": 1,
        }
        return json.dumps(said | changed).encode()

    async def deliver(
        self, body: bytes, *, path: str = "salesforce/approvals", headers: dict[str, str] | None = None
    ) -> httpx.Response:
        known = signed(body, self.clock.now) if headers is None else headers
        return await self.client.post(f"/webhooks/{path}", content=body, headers=known)

    async def ask(self, path: str, *, role: str = "viewer", **params: Any) -> httpx.Response:
        return await self.client.get(f"/api/v1{path}", params=params, headers=bearer(role))

    async def tell(
        self, path: str, body: Any = None, *, role: str = "admin", key: str | None = None
    ) -> httpx.Response:
        headers = bearer(role) | ({"Idempotency-Key": key} if key else {})
        return await self.client.post(f"/api/v1{path}", json=body, headers=headers)


def bearer(role: str) -> dict[str, str]:
    return {"Authorization": f"Bearer token-of-{role}"}
