"""What the operations API asks of the workflows; the composition root implements it over Temporal.

OperationError
├── ContractOrExceptionNotFound  404: no such contract, change or waiting exception
├── InvalidRequest               400: the input makes no sense (`field`)
├── StateConflict                409: not in a state for it (already resolved, already decided)
├── RefusedByPolicy              403: needs a second approver, over the limit, period closed
└── TemporalUnreachable          503: try again; nothing was done, as far as is known
"""

import datetime as dt
from collections.abc import Sequence
from typing import Literal, Protocol

from pydantic import Field

from canonical.base import Dec, Noun
from canonical.change import ContractChange
from canonical.document import CreditMemo, Invoice, UnassignedLine
from canonical.lifecycle import ContractState
from canonical.scenario import Scenario
from gateway.cash_operations import CashOperations
from gateway.period_operations import PeriodOperations
from gateway.revaluation_operations import RevaluationOperations
from gateway.revenue_operations import RevenueOperations
from gateway.sweep_operations import SweepOperations
from gateway.translation_operations import TranslationOperations
from ports.records import OverrideRecord, ResolveAction
from store.exceptions import RecordedException
from store.operators import Role

ContractStatus = Literal[
    "pending", "activating", "active", "changing", "blocked", "cancelled", "compensated", "expired"
]
ChangeStatus = Literal["planned", "running", "blocked", "done", "skipped", "compensated"]


class OperationError(Exception):
    """An operation was not carried out; the class says why. `message` is for the operator."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class ContractOrExceptionNotFound(OperationError):
    """What the operation is about is not there."""


class InvalidRequest(OperationError):
    """The input makes no sense as it stands."""


class StateConflict(OperationError):
    """It is too late or too early for this."""


class RefusedByPolicy(OperationError):
    """Governance does not allow it, or not without a second person."""


class TemporalUnreachable(OperationError):
    """Temporal did not answer."""


class Actor(Noun):
    """Who asks. `request_id` is the same when the same request is sent again (Idempotency-Key)."""

    name: str
    role: Role
    request_id: str


class Started(Noun):
    """A contract's workflow that was started or told of changes; `already_known` where nothing was new."""

    contract: str
    workflow_id: str
    run_url: str | None = None
    changes: tuple[str, ...] = ()
    already_known: bool = False


class ChangeView(Noun):
    id: str
    type: str
    status: ChangeStatus
    effective_date: dt.date
    workflow_id: str | None
    run_url: str | None


class ContractView(Noun):
    """A contract as its workflow has it."""

    id: str
    status: ContractStatus
    account: str
    legal_entity: str
    currency: str
    version: int
    workflow_id: str
    run_url: str | None
    changes: tuple[ChangeView, ...]


class TimelineItem(Noun):
    """Something that happened, in a sentence; `links` by name."""

    at: dt.datetime
    kind: str
    summary: str
    actor: str
    correlation_id: str | None
    links: dict[str, str] = Field(default_factory=dict)


class ResolveResult(Noun):
    """The workflow has taken the decision; what comes of it shows in the exception."""

    exception: str
    action: ResolveAction
    status: Literal["taken"] = "taken"


class CycleView(Noun):
    """What the billing platform bills by itself next: net, in the contract's currency."""

    date: dt.date
    net: Dec


class ApprovedView(Noun):
    """A change that is approved and not carried out yet. `problem` says why it would not be, with the one
    that is looked at; null: it would be.
    """

    id: str
    type: str
    effective_date: dt.date
    problem: str | None


class ChangePreview(Noun):
    """What a change would do to a live contract, with all that is approved already (`approved`, in the order
    in which it is carried out). `backdated`: it reaches back over issued documents, and would be taken in
    today. The cycles are the next ones without and with it; null: nothing more is billed.

    `invoices` and `credit_memos` are issued because of it, its own and those of approved changes that come to
    other amounts; `dropped_invoices` and `dropped_credit_memos` are what these would have issued without it.
    """

    contract: str
    change: str
    type: str
    effective_date: dt.date
    currency: str
    backdated: bool
    invoices: tuple[Invoice, ...]
    credit_memos: tuple[CreditMemo, ...]
    next_cycle_before: CycleView | None
    next_cycle_after: CycleView | None
    approved: tuple[ApprovedView, ...] = ()
    dropped_invoices: tuple[Invoice, ...] = ()
    dropped_credit_memos: tuple[CreditMemo, ...] = ()
    unassigned: tuple[UnassignedLine, ...] = ()
    """Of accepted invoices: what is on no line of the contract and outlasts the day. A person is asked."""


class PlatformView(Noun):
    """One platform as `platform list` shows it; `capabilities` are ours: crm, billing, erp, tax, payments.

    `healthy` None: not checked. `rate_limit_used_percent` is the platform's own word, None where it has none.
    """

    name: str
    capabilities: tuple[str, ...]
    url: str
    api_version: str
    api_version_ends: dt.date | None = None
    healthy: bool | None = None
    credentials_valid: bool | None = None
    problem: str | None = None
    rate_limit_used_percent: Dec | None = None
    paused: bool = False
    paused_by: str | None = None
    paused_at: dt.datetime | None = None
    pause_reason: str | None = None
    waiting: int | None = None
    """Activities that wait in the platform's queue."""


class Operations(
    PeriodOperations,
    RevenueOperations,
    RevaluationOperations,
    TranslationOperations,
    SweepOperations,
    CashOperations,
    Protocol,
):
    """Each call can be repeated with the same `actor.request_id`. Errors: the tree above.

    Audit: `start_contract`, `change_contract` and the platform calls are audited by the gateway once they
    have succeeded. What is resolved or overridden is audited by the workflow, through `Records`.
    """

    async def check(self) -> None:
        """Raises TemporalUnreachable unless Temporal answers."""
        ...

    async def start_contract(self, scenario: Scenario, actor: Actor) -> Started:
        """Starts the contract's workflow from the document instead of the CRM's snapshot."""
        ...

    async def change_contract(self, scenario: Scenario, change: str | None, actor: Actor) -> Started:
        """Tells the contract of the document's changes (or of the one named) that it does not know."""
        ...

    async def preview_change(self, contract_id: str, change: ContractChange) -> ChangePreview:
        """What the change would bring if it were approved now; nothing is told to the contract."""
        ...

    async def contract_state(self, contract_id: str) -> ContractView: ...

    async def contract_whole(self, contract_id: str) -> ContractState:
        """All that the contract's workflow holds."""
        ...

    async def contract_timeline(self, contract_id: str) -> tuple[TimelineItem, ...]:
        """What the workflows know and the store does not (started, waits for a timer, …); may be empty."""
        ...

    async def tell_of_usage(self, contracts: Sequence[str]) -> None:
        """Has contracts that have ended bill usage that was reported since; one whose workflow runs no more
        is left to a person.
        """
        ...

    async def look_after_usage(self, contracts: Sequence[str]) -> None:
        """Leaves usage of contracts that are to go on to a person where their workflow runs no more. It does
        not fail where Temporal does not answer: then the next draft of such a contract finds it out.
        """
        ...

    async def resolve(
        self,
        exception: RecordedException,
        action: ResolveAction,
        reason: str,
        actor: Actor,
        set: dict[str, str],
    ) -> ResolveResult:
        """Gives the workflow that opened the exception a decision; `set` holds corrections for `fix`."""
        ...

    async def request_override(
        self, exception: RecordedException, action: ResolveAction, reason: str, actor: Actor
    ) -> OverrideRecord:
        """Asks a second person for an action that one may not decide alone."""
        ...

    async def approve_override(self, override: OverrideRecord, reason: str, actor: Actor) -> OverrideRecord:
        """Refused by policy where the actor is the requester, or the amount is over the actor's limit."""
        ...

    async def reject_override(
        self, override: OverrideRecord, reason: str, actor: Actor
    ) -> OverrideRecord: ...

    async def platforms(self, *, check: bool = False) -> tuple[PlatformView, ...]:
        """All platforms by name; `check` asks each for its health and whether the credentials are taken."""
        ...

    async def pause_platform(self, platform: str, reason: str, actor: Actor) -> PlatformView:
        """Lets nothing new be sent to the platform until it is resumed."""
        ...

    async def resume_platform(self, platform: str, reason: str, actor: Actor) -> PlatformView: ...
