"""The workers: one for workflows and records, one for each platform's queue."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from activities.bank import BankActivities
from activities.billing import BillingActivities
from activities.breaks import BreakActivities
from activities.cash import CashActivities
from activities.closes import CloseActivities
from activities.contracts import ContractActivities
from activities.crm import CrmActivities, PolicySource
from activities.erp import ErpActivities
from activities.events import EventActivities
from activities.merging import MergeActivities
from activities.payments import PaymentActivities
from activities.periods import BillingListing, ErpListing, PaymentListing, PeriodActivities, TaxListing
from activities.rates import RateActivities
from activities.records import RecordsActivities
from activities.revaluation import RevaluationActivities
from activities.revenue import RevenueActivities
from activities.tax import TaxActivities
from activities.translation import TranslationActivities
from assembly.arguments import Arguments
from assembly.book import TemporalContractBook
from assembly.breaks import TemporalBreakDesk
from assembly.merge_book import TemporalMergeBook
from assembly.pausing import PauseWatch, run_unless_paused
from assembly.platforms import capabilities_of, configured, connector_of
from assembly.policy_source import GovernedPolicy
from assembly.recorder import Recorder
from assembly.revenue_states import TemporalContractStates
from assembly.schedules import ensure_schedules
from assembly.settings import Settings
from assembly.temporal import connect
from connectors.registry import Capability
from governance.policy import load_policy
from ports.records import Records
from store.database import Database
from store.migrations import upgrade
from store.pauses import PauseList
from store.records import StoreRecords
from workflows._options import WORKFLOW_QUEUE, platform_queue
from workflows.activation import ActivationWorkflow
from workflows.amendment import AmendmentWorkflow
from workflows.bank_receipt import BankReceiptWorkflow
from workflows.billing import BillingWorkflow
from workflows.cancellation import CancellationWorkflow
from workflows.cash_decision import CashDecisionWorkflow
from workflows.close import CloseWorkflow
from workflows.contract import ContractWorkflow
from workflows.contract_revenue import ContractRevenueWorkflow
from workflows.credit_memo import CreditMemoWorkflow
from workflows.dispute import DisputeWorkflow
from workflows.invoice import InvoiceWorkflow
from workflows.late_usage import LateUsageWorkflow
from workflows.merge import MergedWorkflow, MergeWorkflow
from workflows.month_ends import MonthEndsWorkflow
from workflows.nightly import NightlyWorkflow
from workflows.payment import PaymentWorkflow
from workflows.payout import PayoutWorkflow
from workflows.reconciliation import ReconciliationWorkflow
from workflows.refund import RefundWorkflow
from workflows.renewal import RenewalWorkflow
from workflows.repair import RepairWorkflow
from workflows.revaluation import RevaluationWorkflow
from workflows.revenue import RevenueBatchWorkflow, RevenueWorkflow
from workflows.sweep import EventSweepWorkflow
from workflows.transfer import TransferWorkflow
from workflows.translation import TranslationWorkflow
from workflows.unapplied_cash import UnappliedCashWorkflow

_log = structlog.get_logger("worker")

WORKFLOWS: Sequence[type] = (
    ContractWorkflow,
    ActivationWorkflow,
    AmendmentWorkflow,
    RenewalWorkflow,
    CancellationWorkflow,
    BillingWorkflow,
    TransferWorkflow,
    MergeWorkflow,
    MergedWorkflow,
    InvoiceWorkflow,
    CreditMemoWorkflow,
    PaymentWorkflow,
    RefundWorkflow,
    DisputeWorkflow,
    PayoutWorkflow,
    BankReceiptWorkflow,
    CashDecisionWorkflow,
    UnappliedCashWorkflow,
    ReconciliationWorkflow,
    RevenueWorkflow,
    RevaluationWorkflow,
    TranslationWorkflow,
    RevenueBatchWorkflow,
    ContractRevenueWorkflow,
    RepairWorkflow,
    CloseWorkflow,
    NightlyWorkflow,
    MonthEndsWorkflow,
    EventSweepWorkflow,
    LateUsageWorkflow,
)

PASSED_THROUGH = (
    "canonical",
    "rules",
    "ports",
    "activities",
    "workflows._accepted",
    "workflows._announcement",
    "workflows._attributes",
    "workflows._bad_debt",
    "workflows._recovery",
    "workflows._cash",
    "workflows._change",
    "workflows._change_checks",
    "workflows._change_documents",
    "workflows._change_known",
    "workflows._chapter",
    "workflows._contract_life",
    "workflows._contract_reading",
    "workflows._contract_usage",
    "workflows._correction",
    "workflows._customer",
    "workflows._decisions",
    "workflows._desk",
    "workflows._document",
    "workflows._earlier",
    "workflows._edits",
    "workflows._ending",
    "workflows._handover",
    "workflows._merging",
    "workflows._messages",
    "workflows._month",
    "workflows._options",
    "workflows._period",
    "workflows._refusal",
    "workflows._repairs",
    "workflows._steps",
    "workflows._usage_credits",
    "pydantic",
    "pydantic_core",
    "annotated_types",
    "typing_extensions",
    "typing_inspection",
    "iso4217",
    "zoneinfo",
    "tzdata",
)
"""Modules that the workflow sandbox does not import anew for each workflow: pure, without global state."""

_STICKY = timedelta(seconds=1)
"""How long the server waits for the worker that knows a workflow before it asks any other: a killed worker
holds its workflows up for so long, and no longer."""


def runner() -> SandboxedWorkflowRunner:
    return SandboxedWorkflowRunner(
        restrictions=SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH)
    )


def platform_activities(
    capabilities: Sequence[Capability], port: Any, records: Records, policy: PolicySource
) -> list[Callable[..., Any]]:
    """The activities of one platform, by what it can do."""
    return [one for each in capabilities for one in _activities(each, port, records, policy)]


def _activities(
    capability: Capability, port: Any, records: Records, policy: PolicySource
) -> list[Callable[..., Any]]:
    match capability:
        case "crm":
            return methods(CrmActivities(port, records, policy))
        case "billing":
            return [*methods(BillingActivities(port)), *methods(BillingListing(port, records))]
        case "tax":
            return [*methods(TaxActivities(port)), *methods(TaxListing(port, records))]
        case "erp":
            return [
                *methods(ErpActivities(port)),
                *methods(CashActivities(port)),
                *methods(ErpListing(port, records)),
                *methods(RevaluationActivities(port, records)),
                *methods(TranslationActivities(port, records)),
            ]
        case "payments":
            return [*methods(PaymentActivities(port)), *methods(PaymentListing(port, records))]
        case "events":
            return methods(EventActivities(port, records))


def methods(activities: object) -> list[Callable[..., Any]]:
    """All methods of an object that are activities."""
    found = [getattr(activities, name) for name in dir(activities) if not name.startswith("_")]
    return [method for method in found if hasattr(method, "__temporal_activity_definition")]


def workflow_worker(
    client: Client,
    records: Records,
    settings: Settings,
    *,
    unguarded: bool = False,
    build: str | None = None,
) -> Worker:
    """`unguarded` leaves out what guards workflows' code against itself (the sandbox that refuses what would
    differ in a replay, the watch for a task that hangs), and runs its tasks where all else runs. `build` is
    the code's name at the server; None: the library reads all modules for one.
    """
    book = TemporalContractBook(client)
    policy = GovernedPolicy(load_policy(settings.governance.directory))
    revenue = RevenueActivities(TemporalContractStates(client), records, policy)
    return Worker(
        client,
        task_queue=WORKFLOW_QUEUE,
        workflows=WORKFLOWS,
        activities=[
            *methods(RecordsActivities(records)),
            *methods(RateActivities(records)),
            *methods(ContractActivities(book, records)),
            *methods(MergeActivities(TemporalMergeBook(client))),
            *methods(PeriodActivities(book, records, policy)),
            *methods(revenue),
            *methods(BreakActivities(TemporalBreakDesk(client), records)),
            *methods(CloseActivities(records, policy)),
            *methods(BankActivities(records, policy)),
        ],
        interceptors=[Arguments(), Recorder(records, client)],
        workflow_runner=UnsandboxedWorkflowRunner() if unguarded else runner(),
        debug_mode=unguarded,
        build_id=build,
        max_cached_workflows=settings.workers.max_cached_workflows,
        sticky_queue_schedule_to_start_timeout=_STICKY,
        graceful_shutdown_timeout=timedelta(seconds=settings.workers.shutdown_seconds),
    )


def platform_worker(
    client: Client,
    name: str,
    port: Any,
    records: Records,
    policy: PolicySource,
    settings: Settings,
    *,
    build: str | None = None,
) -> Worker:
    return Worker(
        client,
        task_queue=platform_queue(name),
        activities=platform_activities(capabilities_of(name), port, records, policy),
        interceptors=[Recorder(records, client)],
        max_concurrent_activities=20,
        build_id=build,
        graceful_shutdown_timeout=timedelta(seconds=settings.workers.shutdown_seconds),
    )


async def run_workers(settings: Settings, queues: Sequence[str] | None = None) -> None:
    """Runs the workers of these queues (None: all) until cancelled; activities in flight may end."""
    await upgrade(settings.database_url)
    client = await connect(settings)
    database = Database(settings.database_url, pool_size=settings.store.pool_size)
    await database.open()
    policy = GovernedPolicy(load_policy(settings.governance.directory))
    records = StoreRecords(database)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(database.close)
        watch = PauseWatch(PauseList(database))
        await stack.enter_async_context(watch.watching())
        running: list[Coroutine[Any, Any, None]] = []
        if queues is None or WORKFLOW_QUEUE in queues:
            running.append(workflow_worker(client, records, settings).run())
            running.append(_scheduled(client, settings))  # beside the work, which waits for no schedule
        for name in _platforms(settings, queues):
            port = await stack.enter_async_context(contextlib.aclosing(connector_of(settings, name)))
            make = partial(platform_worker, client, name, port, records, policy, settings)
            running.append(run_unless_paused(make, name, watch))
        _log.info("worker ready", queues=list(queues or known_queues(settings.platforms)))
        await _run(running)


async def _scheduled(client: Client, settings: Settings) -> None:
    await ensure_schedules(client, settings)


def _platforms(settings: Settings, queues: Sequence[str] | None) -> list[str]:
    names = configured(settings)
    return [name for name in names if queues is None or platform_queue(name) in queues]


async def _run(workers: Sequence[Coroutine[Any, Any, None]]) -> None:
    """Runs them all; if one ends with an error, so do the others."""
    async with asyncio.TaskGroup() as group:
        for worker in workers:
            group.create_task(worker)


def known_queues(platforms: Mapping[str, object]) -> tuple[str, ...]:
    """All task queues: the workflows' and one for each platform."""
    return (WORKFLOW_QUEUE, *(platform_queue(name) for name in platforms))
