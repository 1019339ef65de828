"""A contract's life as its workflow holds it: what came in, what was carried out, what is planned.

These values travel through Temporal as inputs, results and query answers, so fields are only ever added.
"""

import datetime as dt
from typing import Literal

from pydantic import Field

from canonical.base import Day, Dec, Noun
from canonical.change import ContractChange
from canonical.contract import Account, Contract
from canonical.document import CreditMemo, DocumentLine, Invoice
from canonical.metering import MeteredMonth, by_day
from canonical.origin import Reference
from canonical.policy import PolicyExcerpt
from canonical.scenario import Usage

ContractStatus = Literal[
    "pending", "activating", "active", "changing", "blocked", "cancelled", "compensated", "expired"
]
ChangeStatus = Literal["planned", "running", "blocked", "done", "skipped", "compensated"]
ChangeType = Literal["activation", "amendment", "renewal", "cancellation", "transfer", "merge", "billing"]
"""`billing`: no change, but documents that fall due by themselves and that the platform can't make."""

StepStatus = Literal["planned", "running", "blocked", "done", "skipped", "compensated"]


class Notice(Noun):
    """A message that something happened to a contract: a hint to ask the CRM, never the truth itself."""

    event_id: str
    contract: str
    platform: str
    type: str
    version: int | None
    occurred_at: dt.datetime
    correlation_id: str


class Ticket(Noun):
    """The answer to a notice: taken in, or why not."""

    event_id: str
    accepted: bool
    reason: str | None = None


class CustomerIds(Noun):
    """A customer of the contract before a transfer: its documents stay with it."""

    account: str
    billing_customer: Reference | None = None
    erp_customer: Reference | None = None


class PlatformIds(Noun):
    """The contract's ids in the platforms, as far as they exist. Customers are those of now."""

    billing_customer: Reference | None = None
    subscription: Reference | None = None
    erp_customer: Reference | None = None
    first_invoice: Reference | None = None
    earlier: tuple[CustomerIds, ...] = ()

    def of(self, account: str, current: str) -> "PlatformIds":
        """With the customers of the account that a document names; `current` is the contract's of now."""
        found = next((each for each in reversed(self.earlier) if each.account == account), None)
        if account == current or found is None:
            return self
        return self.model_copy(
            update={"billing_customer": found.billing_customer, "erp_customer": found.erp_customer}
        )


class PlanStep(Noun):
    """One step of a plan: what it does where, under which key, and what would undo it."""

    name: str
    activity: str
    platform: str
    summary: str
    idempotency_key: str
    compensation: str | None
    status: StepStatus = "planned"


class Plan(Noun):
    """What a change will do and has done: steps in order, and the documents expected to the cent."""

    contract: str
    change: str
    type: ChangeType
    as_of: dt.date
    steps: tuple[PlanStep, ...]
    invoices: tuple[Invoice, ...]
    credit_memos: tuple[CreditMemo, ...]
    currency: str


class ApprovedItem(Noun):
    """A change to carry out; `change` null is the activation."""

    id: str
    type: ChangeType
    version: int
    effective_date: dt.date
    change: ContractChange | None = None
    correlation_id: str
    event_id: str | None = None
    in_crm: bool = True
    """False for what the CRM does not know: an automatic renewal, a change from a document."""
    announced: bool = False
    """Whether the billing platform was told of it ahead, so that it bills right on the day by itself."""


class CarriedChange(Noun):
    """A change as it was carried out (or skipped, or compensated), with its chapter in the Web UI."""

    id: str
    type: ChangeType
    version: int
    effective_date: dt.date
    status: ChangeStatus
    change: ContractChange | None = None
    workflow_id: str
    run_id: str | None = None


class OpenException(Noun):
    """An exception that a workflow waits on."""

    id: str
    key: str
    workflow_id: str
    change: str | None
    step: str
    platform: str | None
    code: str
    field: str | None
    summary: str
    owner: str
    opened_at: dt.datetime
    due_at: dt.datetime
    actions: tuple[str, ...]
    amount: Dec | None
    currency: str | None


class Submission(Noun):
    """A contract or a change taken from a document instead of the CRM's snapshot (migrations, repairs)."""

    event_id: str
    contract: Contract | None = None
    change: ContractChange | None = None
    actor: str
    reason: str
    correlation_id: str


class AcceptedDocument(Noun):
    """A document that a person has let into the ledger otherwise than it was expected.

    `key` is the expected one's, `lines` by what it differs: those that it has more and, with a minus sign,
    those that it lacks. None where it differs by its dates alone.
    """

    key: str
    lines: tuple[DocumentLine, ...]
    unassigned: tuple[DocumentLine, ...] = ()
    """Of `lines`, those that are on no line of the contract at the platform. Whose they are is not said."""
    due_date: Day | None = None
    """An invoice's, where it is another than the expected one's."""
    date: Day | None = None
    """The document's, where it is another than the expected one's."""
    after: tuple[str, ...] = ()
    """Ids of the changes that were carried out before it was accepted: they know nothing of it."""
    on: Day | None = None
    """The contract's day on which it was accepted; what falls due by itself goes by it from the next day."""
    earlier: tuple["AcceptedDocument", ...] = ()
    """How the same document was accepted before, where something was reckoned from that; newest first."""


class Span(Noun):
    """Days, the first and the last included."""

    first: dt.date
    last: dt.date


class ContractState(Noun):
    """All that the entity workflow carries on from run to run."""

    id: str
    tenant: str
    crm: str
    status: ContractStatus = "pending"
    listed: ContractStatus | None = None
    """How the list of contracts has it, as far as its workflow knows; null: as its status is."""
    contract: Contract | None = None
    """As approved, with the tax rates that the tax engine has quoted since."""
    version: int = 0
    carried: tuple[CarriedChange, ...] = ()
    planned: tuple[ApprovedItem, ...] = ()
    versions: tuple[int, ...] = ()
    """The CRM's versions that have been read, or asked for; one below the newest may be missing."""
    ids: PlatformIds = PlatformIds()
    usage: tuple[MeteredMonth, ...] = ()
    """What has been taken in of the usage that is reported."""
    usage_closed: dt.date | None = None
    """Invoices up to this date take no more usage: what comes for them is late."""
    usage_reported: bool = False
    """Usage has been reported that nobody will ask about: the contract has ended."""
    usage_read: bool = False
    """Whether usage has been read anew since the contract ended (and since its last change)."""
    policy: PolicyExcerpt | None = None
    items: dict[str, str] = Field(default_factory=dict)
    """Products that a person has mapped to an ERP item by fixing an exception."""
    expected: tuple[Invoice | CreditMemo, ...] = ()
    """The newest documents that were issued by plan; older ones are computed again from the rules."""
    voided: tuple[str, ...] = ()
    """Keys of documents that were voided at the platform unplanned, which a person has accepted."""
    accepted: tuple[AcceptedDocument, ...] = ()
    """Documents that a person has accepted otherwise than expected."""
    issued_by: dict[str, str] = Field(default_factory=dict)
    """Which change issued each of these documents, by the document's key."""
    seen: tuple[str, ...] = ()
    queue: tuple[Notice, ...] = ()
    submissions: tuple[Submission, ...] = ()
    business_date: dt.date | None = None
    """The newest day that a platform's clock has shown, where it runs ahead of ours (sandboxes)."""
    billed_through: dt.date | None = None
    """All documents up to this day have been issued."""
    cycle_from: dt.date | None = None
    """The platform bills by itself what falls due after this day; up to it, a plan issues documents."""
    unbilled: tuple[Span, ...] = ()
    """Days on which the platform billed nothing by itself: it had been told of an end that was undone."""
    term_end: dt.date | None = None
    """The first day after the term in force; null for an evergreen contract."""
    announce: bool = False
    """What is planned is not what the billing platform has been told."""
    owes: bool = False
    """Documents of a change may be due that another one was to issue, and did not."""
    source: Literal["crm", "document"] = "crm"
    withdrawn: tuple[str, ...] = ()
    """Merges, by their keys, that were undone before this contract had ended for them."""

    def used(self) -> tuple[Usage, ...]:
        """The usage that has been taken in, by line and day."""
        return by_day(self.usage)

    def changes_in_force(self) -> tuple[ContractChange, ...]:
        """The changes that count: carried out, in the order in which they were."""
        return tuple(
            item.change for item in self.carried if item.change is not None and item.status == "done"
        )


class ChangeInput(Noun):
    """What a change's workflow is given: the contract as it stands, the change, the day, the policy."""

    state: ContractState
    item: ApprovedItem
    as_of: dt.date
    until: dt.date
    """Documents up to this day are this change's to issue; those after it belong to the change after it."""
    drafted_through: dt.date | None = None
    """The platform's own day: the cycles that begin by it are drafted. Null: `as_of`."""


class ChangeResult(Noun):
    """What came of a change; ids and expected documents go back into the entity's state."""

    status: ChangeStatus
    contract: Contract
    changes: tuple[ContractChange, ...]
    """All changes in force after it, with the tax rates learned and, where backdated, the received date."""
    ids: PlatformIds
    items: dict[str, str] = Field(default_factory=dict)
    documents: tuple[Invoice | CreditMemo, ...]
    term_end: dt.date | None = None
    billed_through: dt.date | None = None
    cycle_from: dt.date | None = None
    """The platform bills by itself what falls due after this day; null: as before."""
    note: str | None = None
    listed: ContractStatus | None = None
    """How the list of contracts has it since; null: as its status is."""


class ChangeView(Noun):
    id: str
    type: ChangeType
    status: ChangeStatus
    effective_date: dt.date
    version: int
    workflow_id: str
    run_id: str | None


class ContractView(Noun):
    """The answer to the entity's `state` query, for people and for the document workflows."""

    id: str
    status: ContractStatus
    contract: Contract | None
    version: int
    changes: tuple[ChangeView, ...]
    ids: PlatformIds
    running: str | None
    """The workflow id of the change being carried out."""
    exceptions: tuple[OpenException, ...] = Field(default=())
    run_id: str
    waiting_for: str
    """What the contract waits for, in words."""


class StateQuestion(Noun):
    """What is the contract now? Without `documents`, those that were issued by plan are left out, of which
    there may be many."""

    documents: bool = True


class ContractNow(Noun):
    """The state, and the workflow id of the change being carried out, both of one moment. The ids of events
    that were seen are left out."""

    state: ContractState
    running: str | None
    status: ContractStatus
    is_resting: bool
    """Whether nothing is under way but waiting for a message or a day: no reading, no word to a platform."""


class DocumentQuestion(Noun):
    """Which document should the platform have issued? `key` where the document names it."""

    contract: str
    kind: Literal["invoice", "credit_memo"]
    key: str | None
    date: dt.date
    cycle: Literal["draft", "issued"] | None = None
    """Whether the platform's own invoice is still open; null for documents that our plan has made."""
    usage: tuple[MeteredMonth, ...] = ()
    """What is reported of the contract's usage: one that knows less is told of it first."""
    subscription_key: str | None = None
    """Of what a subscription has billed by itself: the subscription's business key."""


class UsageNotice(Noun):
    """What is reported beyond what the contract knows, before it says what is on the invoice of `date`.

    `draft_open`: usage of the period that ends on the date still goes on that invoice. After it, the invoice
    is closed.
    """

    usage: tuple[MeteredMonth, ...]
    date: dt.date
    draft_open: bool = True


class DueCredit(Noun):
    """A credit memo to be issued, and the lines of the invoice that it credits, as `credits` counts them.

    `account` is its customer, where that is another than the one whom the answer names.
    """

    credit: CreditMemo
    credited: tuple[DocumentLine, ...]
    account: Account | None = None


class ContractAnswer(Noun):
    """What the document workflows need of a contract. `ready` false: a change is under way, ask again."""

    ready: bool
    reason: str | None = None
    running: str | None = None
    """The workflow id of the change under way, which may know the document."""
    contract: Contract | None = None
    expected: Invoice | CreditMemo | None = None
    ids: PlatformIds = PlatformIds()
    policy: PolicyExcerpt | None = None
    change: str | None = None
    correlation_id: str = ""
    usage: tuple[MeteredMonth, ...] = ()
    """Where it is not ready for `usage`: what it must be told."""
    credits: tuple[DueCredit, ...] = ()
    """What a cycle's invoice has beside it: usage that was billed and has been corrected."""
    superseded: bool = False
    """The subscription that has billed this ended by its date: the contract expects nothing of it."""
    accepted: Invoice | CreditMemo | None = None
    """What is expected with the lines that a person has accepted of it; None where nobody has."""
