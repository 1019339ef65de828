"""A month's revenue as its run carries it: what is asked of a contract, what it has earned, what came of it.

These values travel through Temporal as inputs, results and query answers, so fields are only ever added.
"""

import datetime as dt
from typing import Literal

from pydantic import Field

from canonical.base import Day, Dec, Noun
from canonical.document import AccountRole
from canonical.policy import PolicyExcerpt

MONTH = r"^[0-9]{4}-(0[1-9]|1[0-2])$"
"""A calendar month as accounting names it: "2026-01"."""

RevenueOutcome = Literal["posted", "unchanged", "not_in_force", "exception"]

RoleAmounts = dict[AccountRole, Dec]
"""By account role, in one currency; a debit is positive, a credit is below zero."""


class RevenueTally(Noun):
    """How a run stands. `sums` are what it has posted, by currency and account role.

    `failed` names the contracts that wait in the exception queue, the first ones only; `exceptions` counts
    them all.
    """

    contracts: int = 0
    posted: int = 0
    unchanged: int = 0
    not_in_force: int = 0
    exceptions: int = 0
    failed: tuple[str, ...] = ()
    sums: dict[str, RoleAmounts] = Field(default_factory=dict)


class RevenueOrder(Noun):
    """One run over a legal entity's month.

    `as_of` is the day up to which documents and changes count; None is the entity's today. The rest carries
    the run on when its history is cut.
    """

    tenant: str
    entity: str = Field(min_length=1)
    period: str = Field(pattern=MONTH)
    requested_by: str
    correlation_id: str
    as_of: Day | None = None
    batch_size: int = Field(default=50, ge=1, le=500)
    batches_per_run: int = Field(default=20, ge=1, le=100)
    after: str = ""
    """The contract after which the run goes on."""
    policy: PolicyExcerpt | None = None
    tally: RevenueTally = RevenueTally()


class RevenueReport(Noun):
    """What a run came to."""

    entity: str
    period: str
    as_of: Day | None
    requested_by: str
    status: Literal["running", "done"]
    tally: RevenueTally


class EntityQuestion(Noun):
    """A page of the contracts of a legal entity, by id."""

    entity: str
    period: str
    after: str
    limit: int


class EntityContracts(Noun):
    """`waiting` are those whose revenue of the period waits in the exception queue already."""

    contracts: tuple[str, ...]
    waiting: tuple[str, ...] = ()


class ContractMonth(Noun):
    """One contract's month of a run; everything that its steps need but the figures."""

    tenant: str
    contract: str
    entity: str
    period: str
    as_of: Day
    correlation_id: str
    policy: PolicyExcerpt


class RevenueBatchOrder(Noun):
    """So many contracts of a run; `month` of the first stands for all."""

    contracts: tuple[str, ...]
    waiting: tuple[str, ...] = ()
    tenant: str
    entity: str
    period: str
    as_of: Day
    correlation_id: str
    policy: PolicyExcerpt


class ContractRevenueResult(Noun):
    """What came of one contract's month. `amounts` are those posted now."""

    contract: str
    outcome: RevenueOutcome
    key: str | None = None
    currency: str | None = None
    amounts: RoleAmounts = Field(default_factory=dict)


class ContractEarned(Noun):
    """What a contract has earned from its start to the month's end, in the books' currency.

    `documents` are its documents by business key with their net amounts (a credit memo's below zero), as they
    must stand in the ledger.
    """

    in_force: bool
    currency: str = ""
    change: str = ""
    earned: RoleAmounts = Field(default_factory=dict)
    documents: dict[str, Dec] = Field(default_factory=dict)
    rates: dict[str, Dec] = Field(default_factory=dict)
    """By document, at which exchange rate it came into the books; empty where nothing is converted."""


class PostedQuestion(Noun):
    """What of the contract's revenue has been posted for the month and those before it?"""

    contract: str
    entity: str
    period: str
    currency: str
    """The books', in which all entries must be."""
    accounts: dict[AccountRole, str]
    documents: dict[str, Dec] = Field(default_factory=dict)
    rates: dict[str, Dec] = Field(default_factory=dict)


class ContractPosted(Noun):
    """`entries` counts those of the month itself; `differing` are the keys of documents that are posted with
    other net amounts than expected, `rates` the exchange rates of those that are posted at another one."""

    posted: RoleAmounts = Field(default_factory=dict)
    entries: int = 0
    differing: tuple[str, ...] = ()
    rates: dict[str, Dec] = Field(default_factory=dict)


def first_day(period: str) -> dt.date:
    """The first day of a month "2026-01"."""
    return dt.date(int(period[:4]), int(period[5:7]), 1)
