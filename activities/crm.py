"""The CRM's side effects and its one read: the contract with all approved changes."""

from typing import Protocol

from temporalio import activity

from activities._errors import port_errors
from canonical.base import Noun
from canonical.metering import MeteredMonth
from canonical.policy import PolicyExcerpt
from ports.crm import AccountAbove, ContractSnapshot, Crm, CrmWriteBack
from ports.records import Records


class ContractQuestion(Noun):
    contract: str
    status: str = "activating"
    """The contract's status when it was asked, for the list of contracts."""
    account: str | None = None
    """Whose the contract was when it was asked, for the same list; null where only the CRM says so."""
    snapshot: ContractSnapshot | None = None
    """Given where the contract comes from a document instead of the CRM (migrations, repairs)."""


class ContractReading(Noun):
    """All that a decision about a contract rests on, read at one moment."""

    snapshot: ContractSnapshot
    usage: tuple[MeteredMonth, ...]
    policy: PolicyExcerpt


class HierarchyQuestion(Noun):
    """Which accounts are there from this parent upward?"""

    parent: str


class Hierarchy(Noun):
    above: tuple[AccountAbove, ...]


class PolicySource(Protocol):
    """Where the rules of governance come from: excerpts are data, so that a decision can be replayed."""

    def excerpt(self, legal_entity: str) -> PolicyExcerpt: ...


class CrmActivities:
    def __init__(self, crm: Crm, records: Records, policy: PolicySource) -> None:
        self._crm = crm
        self._records = records
        self._policy = policy

    @activity.defn(name="crm.read_contract")
    async def read_contract(self, question: ContractQuestion) -> ContractReading:
        """The CRM's snapshot, the usage reported and governance's word, in one reading; writes nothing."""
        with port_errors():
            snapshot = question.snapshot or await self._crm.read_contract(question.contract)
        usage = await self._records.usage(question.contract)
        return ContractReading(
            snapshot=snapshot, usage=usage, policy=self._policy.excerpt(snapshot.contract.legal_entity)
        )

    @activity.defn(name="crm.accounts_above")
    async def accounts_above(self, question: HierarchyQuestion) -> Hierarchy:
        with port_errors():
            return Hierarchy(above=await self._crm.accounts_above(question.parent))

    @activity.defn(name="crm.write_back")
    async def write_back(self, request: CrmWriteBack) -> None:
        with port_errors():
            await self._crm.write_back(request)
