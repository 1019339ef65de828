"""Contracts that merge each other: each would wait for the next one to end first, and none ever would."""

from collections.abc import Sequence

from canonical.change import Cancellation, ContractChange, Merge
from canonical.lifecycle import ContractState
from canonical.merging import PlannedMerge


def merges_planned(state: ContractState) -> tuple[PlannedMerge, ...]:
    """The merges that the contract has yet to carry out, or is carrying out."""
    return tuple(
        PlannedMerge(
            contract=state.id,
            change=item.id,
            day=item.change.effective_date,
            others=tuple(other.id for other in item.change.contracts),
        )
        for item in state.planned
        if isinstance(item.change, Merge)
    )


def merges_back(state: ContractState, change: ContractChange | None) -> str | None:
    """Whether the contract itself takes in the one that it is asked to end for, by the day of that end: why
    it can't end, in words.
    """
    if not isinstance(change, Cancellation) or change.merged_into is None:
        return None
    by_then = (merge for merge in merges_planned(state) if merge.day <= change.effective_date)
    back = next((merge for merge in by_then if change.merged_into in merge.others), None)
    return None if back is None else words_of_circle(change.merged_into, [back])


def words_of_circle(into: str, way: Sequence[PlannedMerge]) -> str:
    """What a person must know where `into` asks the contract of the way's first merge to end, and each of the
    merges takes in the contract of the next one, the last one `into`.
    """
    if len(way) == 1:
        (merge,) = way
        return (
            f"contract {merge.contract} is itself merging the one that asks (contract {into}), by its change "
            f"{merge.change} of {merge.day}: undo one of the two merges, then try the other again"
        )
    first, *more = (into, *(merge.contract for merge in way))
    members = ", ".join((first, *more[:-1]))
    links = [
        f"{merge.contract} takes in {taken} by its change {merge.change} of {merge.day}"
        for merge, taken in zip(way, (*more[1:], into), strict=True)
    ]
    return (
        f"contracts {members} and {more[-1]} merge each other in a circle ({', '.join(links)}): undo one of "
        "these merges, then try the others again"
    )
