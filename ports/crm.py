"""What we need from a CRM: the approved contract as one snapshot, and a place to write its fate back."""

import datetime as dt
from typing import Literal, Protocol

from canonical.base import Dec, Noun
from canonical.change import ContractChange
from canonical.contract import Contract
from canonical.origin import Origin


class Approval(Noun):
    """Who approved what, when; `quote` and `opportunity` are the CRM's own ids, for lineage."""

    quote: str | None
    opportunity: str | None
    approved_by: str
    approved_at: dt.datetime


class ApprovedChange(Noun):
    change: ContractChange
    version: int
    approval: Approval


class ContractSnapshot(Noun):
    """The contract as first approved and all changes approved since, each with its version.

    `version` is the newest approved one. Tax rates are not the CRM's to say: lines carry none.
    """

    contract: Contract
    version: int
    approval: Approval
    changes: tuple[ApprovedChange, ...] = ()


class CrmWriteBack(Noun):
    """What the CRM's users see of the contract: status, ids in the other platforms, the first invoice."""

    origin: Origin
    contract: str
    change: str | None
    status: Literal["activating", "active", "blocked", "cancelled", "compensated", "expired"]
    change_status: Literal["done", "skipped", "compensated", "blocked"] | None = None
    version: int
    account: str | None = None
    """Whose the contract is now, for our own list; the CRM's account is the CRM's to say."""
    billing_customer_id: str | None = None
    subscription_id: str | None = None
    erp_customer_id: str | None = None
    first_invoice_number: str | None = None
    first_invoice_total: Dec | None = None
    first_invoice_date: dt.date | None = None


class AccountAbove(Noun):
    """An account in the hierarchy above a customer, and the one above it."""

    id: str
    parent: str | None


MOST_LEVELS = 30
"""How far a hierarchy is followed."""


class Crm(Protocol):
    """Errors: `ports.errors`; a contract that is not there or not approved is `NotFound`."""

    async def read_contract(self, contract_id: str) -> ContractSnapshot:
        """The whole contract in one consistent read, all approved changes included."""
        ...

    async def accounts_above(self, parent: str) -> tuple[AccountAbove, ...]:
        """From this account upward, each once: until the top, or one that is not there, or one that was met
        before (a cycle); at most MOST_LEVELS."""
        ...

    async def write_back(self, request: CrmWriteBack) -> None:
        """Sets fields on the CRM's contract; safe to repeat; never touches what the CRM owns."""
        ...
