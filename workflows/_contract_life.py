"""What a contract's workflow knows, and the small answers that all its parts ask for."""

import datetime as dt

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from activities.records import Listing, RecordsActivities
from canonical.contract import Contract
from canonical.lifecycle import ContractState, ContractStatus
from canonical.origin import Origin
from rules.contract_view import party, status_of
from rules.zones import day_of
from workflows._correction import corrected_items
from workflows._decisions import Decisions
from workflows._desk import Desk
from workflows._options import in_records
from workflows._steps import Steps


class ContractLife(Decisions):
    """`state` is all that goes on when the history is cut; `running` is the chapter at work."""

    def __init__(self, state: ContractState) -> None:
        self.state = state
        self.running: str | None = None
        self.desk = Desk(
            contract=state.id, change=None, correlation_id=f"contract/{state.id}", policy=state.policy
        )
        self.steps = Steps(desk=self.desk, origin=self._origin(), correct=self._correct)

    def _set(self, **fields: object) -> None:
        self.state = self.state.model_copy(update=fields)

    def _correct(self, pairs: dict[str, str]) -> None:
        self._set(items=corrected_items(self._items(), pairs))

    def _items(self) -> dict[str, str]:
        governed = self.state.policy.items if self.state.policy else {}
        return governed | self.state.items

    def _contract(self) -> Contract:
        if self.state.contract is None:
            raise ApplicationError("the contract has not been read", type="NotFound", non_retryable=True)
        return self.state.contract

    def _contract_of_now(self) -> Contract | None:
        """With the customer of now."""
        state = self.state
        contract = state.contract
        return contract and party(contract, state.changes_in_force(), state.ids, None)[0]

    def _account(self) -> str | None:
        contract = self._contract_of_now()
        return contract.account.id if contract is not None else None

    def _origin(self) -> Origin:
        return Origin(
            tenant=self.state.tenant,
            contract=self.state.id,
            change=self.state.id,
            step="",
            correlation_id=f"contract/{self.state.id}",
        )

    def _zone(self) -> str:
        return self.state.policy.time_zone if self.state.policy else "UTC"

    def today(self) -> dt.date:
        """The legal entity's day, or a platform's where that runs ahead of ours."""
        today = day_of(workflow.now(), self._zone())
        return max(today, self.state.business_date) if self.state.business_date else today

    def _platform_day(self) -> dt.date:
        """The billing platform's day: UTC's, or the one that its clock has shown, where it runs ahead."""
        shown = self.state.business_date
        ahead_of_ours = shown is not None and shown > day_of(workflow.now(), self._zone())
        return shown if shown is not None and ahead_of_ours else day_of(workflow.now(), "UTC")

    def _status(self) -> ContractStatus:
        return status_of(self.state, running=self.running, blocked=bool(self.desk.open), today=self.today())

    async def _list(self, status: ContractStatus, account: str) -> None:
        """What nothing on the way to a platform brings along: the list of contracts shows the status."""
        listing = Listing(contract=self.state.id, status=status, version=self.state.version, account=account)
        await workflow.execute_local_activity_method(
            RecordsActivities.list_contract, listing, **in_records(f"List {self.state.id} as {status}")
        )
        self._set(listed=status)
