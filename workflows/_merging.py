"""How a contract's workflow takes part when it is merged into another: asked by document, undone by word.

The merge-cancellation itself is a change like others: planned, carried out on its day, in its place.
"""

from temporalio import workflow

from canonical.change import JoinedContract
from canonical.ids import change_workflow_id
from canonical.lifecycle import ApprovedItem
from canonical.merging import MergeStanding
from rules.merge_circle import merges_planned
from workflows._contract_life import ContractLife


class Merging(ContractLife):
    """The contract that ends; what the one that merges does is `workflows.merge`."""

    @workflow.query(name="merge_standing")
    def merge_standing(self, key: str) -> MergeStanding:
        """How far the contract is with ending for the merge, and what it is to merge itself."""
        return self._standing_of(key).model_copy(update={"merging": merges_planned(self.state)})

    def _standing_of(self, key: str) -> MergeStanding:
        state = self.state
        carried = next((item for item in state.carried if item.id == key), None)
        if carried is not None and carried.status == "done" and state.contract is not None:
            before = tuple(change for change in state.changes_in_force() if change.id != key)
            joined = JoinedContract(contract=state.contract, changes=before)
            return MergeStanding(status="done", joined=joined)
        if carried is not None:
            return MergeStanding(status="refused", reason=f"its end was {carried.status}")
        planned = next((item for item in state.planned if item.id == key), None)
        if planned is not None and self._carries_out(planned):
            return MergeStanding(status="waiting", reason="it is ending", running=self.running)
        if key in state.withdrawn:
            return MergeStanding(status="refused", reason="the merge was undone")
        if planned is not None or any(each.event_id == key for each in state.submissions):
            reason = "something comes before its end" if self.running else "its end is planned"
            return MergeStanding(status="waiting", reason=reason, today=self.today())
        if key in state.seen:
            return MergeStanding(status="refused", reason="a person has dropped the request")
        return MergeStanding(status="unknown")

    def _carries_out(self, item: ApprovedItem) -> bool:
        return self.running == change_workflow_id(self.state.id, item.type, item.id)

    @workflow.update(name="withdraw_merge")
    def withdraw_merge(self, key: str) -> MergeStanding:
        """The merge is undone: what has not begun is never carried out; what has is told by its chapter."""
        if key not in self.state.withdrawn:
            told = any(item.id == key and item.announced for item in self.state.planned)
            announce = self.state.announce or told
            self._set(withdrawn=(*self.state.withdrawn, key), announce=announce)
        return self.merge_standing(key)
