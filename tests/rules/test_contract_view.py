"""What a contract says that it waits for."""

import datetime as dt

from canonical.lifecycle import ContractState
from rules.contract_view import waits_for
from tests.rules.scenarios import activated, amendment, approved, contract, scenario, seats

TODAY = dt.date(2026, 3, 1)


def planned(**more: str) -> ContractState:
    """An active contract with an amendment to come."""
    told = scenario(contract(seats()), amendment("2026-02-10", {"id": "L1", "quantity": "15"}, **more))
    return ContractState(
        id="C-1",
        tenant="t",
        crm="crm",
        contract=told.contract,
        carried=(activated(told),),
        planned=approved(told),
    )


def test_change_that_is_put_off_to_the_next_day_is_named_with_the_reason() -> None:
    words = waits_for(planned(received_date="2026-03-02", name="UP"), TODAY)
    assert words == (
        "waits for the next change or 2026-03-02: "
        "UP would alter documents issued before, and counts from then"
    )


def test_change_of_a_day_to_come_is_waited_for_without_more_words() -> None:
    words = waits_for(planned(name="UP"), dt.date(2026, 2, 1))
    assert words == "waits for the next change or 2026-02-10"


def test_contract_with_nothing_planned_waits_for_the_next_change() -> None:
    state = planned(name="UP").model_copy(update={"planned": ()})
    assert waits_for(state, TODAY) == "waits for the next change"
