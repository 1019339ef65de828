"""What a gateway is made of; the composition root fills it in."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request
from temporalio.converter import PayloadCodec

from gateway.operations import Operations
from gateway.receivers import WebhookReceiver
from gateway.relay import Handoff
from gateway.settings import GatewaySettings
from store.audit import AuditLog
from store.bank import BankStore
from store.contracts import ContractList
from store.database import Database
from store.event_log import EventLog, utc_now
from store.exceptions import ExceptionQueue
from store.lineage import LineageLog
from store.operators import OperatorList
from store.outbox import Outbox
from store.overrides import OverrideList
from store.periods import PeriodStore
from store.rates import RateTable
from store.usage import UsageLog

Clock = Callable[[], dt.datetime]


@dataclass(frozen=True)
class GatewayDeps:
    """`receivers` by their path after `/webhooks/`. Without `handoff` no relay runs in this process; without
    `codec` the codec's paths answer 404. `owners` are the queues of governance that an exception may be given
    to, beside an operator.
    """

    database: Database
    receivers: Mapping[str, WebhookReceiver]
    operations: Operations
    handoff: Handoff | None = None
    codec: PayloadCodec | None = None
    settings: GatewaySettings = field(default_factory=GatewaySettings)
    clock: Clock = utc_now
    owners: frozenset[str] = frozenset()


class Stores:
    """The repositories that the routes use."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database = database
        self.events = EventLog(database, clock=clock)
        self.outbox = Outbox(database, clock=clock)
        self.lineage = LineageLog(database, clock=clock)
        self.exceptions = ExceptionQueue(database, clock=clock)
        self.overrides = OverrideList(database)
        self.periods = PeriodStore(database, clock=clock)
        self.audit = AuditLog(database, clock=clock)
        self.usage = UsageLog(database, clock=clock)
        self.bank = BankStore(database, clock=clock)
        self.rates = RateTable(database, clock=clock)
        self.contracts = ContractList(database)
        self.operators = OperatorList(database, clock=clock)


def _stores(request: Request) -> Stores:
    stores: Stores = request.app.state.stores
    return stores


def _deps(request: Request) -> GatewayDeps:
    deps: GatewayDeps = request.app.state.deps
    return deps


def _operations(request: Request) -> Operations:
    return _deps(request).operations


TheStores = Annotated[Stores, Depends(_stores)]
TheDeps = Annotated[GatewayDeps, Depends(_deps)]
TheOperations = Annotated[Operations, Depends(_operations)]
