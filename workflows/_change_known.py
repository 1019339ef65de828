"""What is known of a change that is being carried out, and the documents that it comes to."""

from temporalio.exceptions import ApplicationError

from canonical.change import ContractChange, Merge
from canonical.contract import Account, Contract
from canonical.document import UnassignedLine
from canonical.lifecycle import (
    ApprovedItem,
    ChangeInput,
    ContractStatus,
    Plan,
)
from canonical.money import total
from canonical.origin import Origin
from canonical.policy import PolicyExcerpt
from canonical.scenario import Scenario
from ports.crm import ContractSnapshot
from rules.agenda import is_active
from rules.change_plan import CannotCarryOut, Scope, scope, sets_subscription
from rules.layout import ChangeRefused
from rules.merge import apart, products_joining
from rules.subscription_stays import customer_of, with_account
from rules.untaxed import change_without_tax, without_tax
from rules.validation import InvalidScenario, check
from workflows._correction import corrected_account, corrected_items
from workflows._desk import Desk
from workflows._steps import NOTHING_AT_STAKE, Stake, Steps


class KnownChange:
    """The change, its contract, and its scope: computed again whenever more becomes known."""

    def __init__(self, given: ChangeInput) -> None:
        state, self.item, self.as_of = given.state, apart_item(given.item), given.as_of
        self.until = given.until
        self.drafted = given.drafted_through or given.as_of
        if state.contract is None or state.policy is None:
            raise ValueError("a change needs a contract that has been read")
        self.state = state
        self.policy: PolicyExcerpt = state.policy
        self.items = state.policy.items | state.items
        self.ids = state.ids
        self.origin = Origin(
            tenant=state.tenant,
            contract=state.id,
            change=self.item.id,
            step="",
            correlation_id=self.item.correlation_id,
            event_id=self.item.event_id,
        )
        self.desk = Desk(
            contract=state.id,
            change=self.item.id,
            correlation_id=self.item.correlation_id,
            policy=self.policy,
            check_corrections=lambda pairs: void(corrected_account(self.account(), pairs)),
        )
        self.steps = Steps(desk=self.desk, origin=self.origin, correct=self._correct, at_stake=self._at_stake)
        self.contract: Contract = state.contract
        self.listed: ContractStatus = "changing" if is_active(state) else "activating"
        self.problem: str | None = None
        self.undoing = False
        self._read_again = False
        self._customer_seen: int | None = None
        self._left: tuple[UnassignedLine, ...] = ()
        """What a person has said stays billed."""
        self.scope = self._scope()

    def _scope(self) -> Scope:
        """The change's documents; where the rules refuse the change, none, and `problem` says why."""
        self.problem = None
        changes = self.state.changes_in_force()
        changes = changes if self.item.change is None else (*changes, self.item.change)
        try:
            check(Scenario(contract=self.contract, changes=changes, as_of=self.as_of))
            return scope(self.state, self.contract, self.item, self.as_of, self.until, self.drafted)
        except (InvalidScenario, ChangeRefused, CannotCarryOut) as error:
            self.problem = str(error)
            before, through = self.state.changes_in_force(), self.until
            return Scope(self.contract, before, self.item.change, (), (), through, self.as_of)

    def _at_stake(self) -> Stake:
        """What the change bills and credits; nothing where it issues no document."""
        amounts = [i.total for i in self.scope.invoices] + [c.total for c in self.scope.credit_memos]
        currency = self.contract.currency
        return (total(amounts, currency), currency) if amounts else NOTHING_AT_STAKE

    def _correct(self, pairs: dict[str, str]) -> None:
        self.items = corrected_items(self.items, pairs)
        account = corrected_account(self.account(), pairs)
        if account != self.account():
            self.learn(*with_account(self.contract, self.scope.changes, account))

    def account(self) -> Account:
        """The customer once the change is carried out: whom corrections of master data are about."""
        return customer_of(self.contract, self.scope.changes)

    def plan(self) -> Plan:
        return Plan(
            contract=self.state.id,
            change=self.item.id,
            type=self.item.type,
            as_of=self.as_of,
            steps=self.steps.plan(),
            invoices=self.scope.invoices,
            credit_memos=self.scope.credit_memos,
            currency=self.contract.currency,
        )

    @property
    def sets_subscription(self) -> bool:
        """Whether the platform is told anew what it bills by itself."""
        return sets_subscription(self.item)

    def _issues_today(self) -> bool:
        """Whether all that is due by today was our plan's, and the platform goes on from then."""
        return self.sets_subscription and not self.scope.cycle_is_today

    def brings_products(self) -> bool:
        """Whether the change brings lines or a fee, whose items the ERP must know."""
        fees = any(line.fee for invoice in self.scope.invoices for line in invoice.lines)
        return fees or bool(added_products(self.scope.change))

    def _take(self, snapshot: ContractSnapshot) -> None:
        """The contract or the change as the CRM has it now."""
        if self.item.change is None:
            self.contract = without_tax(snapshot.contract)
        for approved in snapshot.changes:
            if approved.change.id == self.item.id:
                change = apart(change_without_tax(approved.change))
                self.item = self.item.model_copy(update={"change": change})
        self.scope = self._scope()

    def take(self, change: ContractChange) -> None:
        """The change as more has become known of it: its documents are computed again."""
        self.item = self.item.model_copy(update={"change": change})
        self.scope = self._scope()

    def learn(self, contract: Contract, changes: tuple[ContractChange, ...]) -> None:
        """Computes the documents again with the rates learned."""
        self.contract = contract
        before = changes if self.item.change is None else changes[:-1]
        by_id = {change.id: change for change in before}
        carried = tuple(
            item.model_copy(update={"change": by_id.get(item.change.id, item.change)})
            if item.change is not None
            else item
            for item in self.state.carried
        )
        self.state = self.state.model_copy(update={"carried": carried, "contract": contract})
        change = None
        if self.item.change is not None:
            received = self.item.change.received_date  # the scope decides anew whether it is backdated
            change = changes[-1].model_copy(update={"received_date": received})
        self.item = self.item.model_copy(update={"change": change})
        self.scope = self._scope()

    def customer_id(self, account: str | None = None) -> str:
        """In billing, of the customer of now or of the account that a document names."""
        current = self.account().id
        found = self.ids.of(account or current, current).billing_customer
        if found is None:
            raise ApplicationError(
                "the contract has no customer in billing", type="Rejected", non_retryable=True
            )
        return found.id


def void(_: object) -> None:
    """Takes a value that was computed for its errors alone."""


def apart_item(item: ApprovedItem) -> ApprovedItem:
    return item if item.change is None else item.model_copy(update={"change": apart(item.change)})


def added_products(change: ContractChange | None) -> set[str]:
    if isinstance(change, Merge):
        return products_joining(change)
    if change is None or change.type != "amendment":
        return set()
    return {line.add.product for line in change.lines if line.add is not None}
