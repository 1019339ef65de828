"""What is reported and not billed is said, with the reason."""

import datetime as dt
from typing import Any

from canonical.change import Cancellation
from canonical.lifecycle import CarriedChange, ChangeType, ContractState
from canonical.metering import UsageStanding
from rules.metering import by_month
from rules.usage_standing import standings
from tests.rules.scenarios import contract, metered, seats
from tests.rules.test_metering import JANUARY, asked, monthly, read, state_of, used

ACTIVATION: ChangeType = "activation"
CANCELLATION: ChangeType = "cancellation"


def standing_of(state: ContractState | None, *usage: dict[str, Any]) -> list[UsageStanding]:
    events = read({"contract": contract(metered()), "usage": list(usage), "as_of": "2026-12-31"}).usage
    return list(standings(state, by_month(events)))


def figures(found: UsageStanding) -> tuple[str, ...]:
    return tuple(
        str(each) for each in (found.units, found.taken_in, found.late, found.waiting, found.not_billed)
    )


def test_usage_waits_until_its_contract_and_its_line_are_known() -> None:
    (unknown,) = standing_of(None, used("2026-01-10", "7"))
    assert (figures(unknown), unknown.note) == (
        ("7", "0", "0", "7", "0"),
        "the contract is not known yet: it counts once it is",
    )
    (other,) = standing_of(state_of(monthly()), used("2026-01-10", "7", line="U9"))
    assert figures(other)[3:] == ("7", "0")
    assert other.note.startswith("no line U9 is known yet")


def test_usage_of_a_line_that_is_none_of_usage_is_not_billed() -> None:
    (found,) = standing_of(state_of(monthly()), used("2026-01-10", "7", line="L1"))
    assert figures(found)[3:] == ("0", "7")
    assert found.note == "line L1 is no usage line (it is recurring): not billed"


def test_usage_outside_its_lines_life_is_not_billed_and_named_by_day() -> None:
    (found,) = standing_of(
        state_of(read({"contract": contract(metered(), seats(), start="2026-01-15"), "as_of": "2026-12-31"})),
        used("2026-01-10", "7"),
        used("2026-01-20", "5"),
    )
    assert found.not_billed == 7
    assert found.note == "outside the line's life, not billed: 2026-01-10"


def test_usage_is_waiting_taken_in_or_late() -> None:
    first, second = used("2026-01-10", "7"), used("2026-01-20", "5")
    scenario = monthly(first, second)
    state = asked(state_of(scenario), [scenario.usage[0]], JANUARY)
    (waiting,) = standing_of(state, first, second)
    assert (figures(waiting), waiting.note) == (
        ("12", "7", "0", "5", "0"),
        "waits for the next invoice's draft",
    )
    state = asked(state, list(scenario.usage), dt.date(2026, 3, 1))
    (late,) = standing_of(state, first, second)
    assert (figures(late), late.note) == (("12", "12", "5", "0", "0"), "late: taken in on 2026-03-01")


def test_usage_after_the_last_invoice_waits_for_one_of_its_own() -> None:
    scenario = read({"contract": contract(metered(), months=1, every=1), "as_of": "2026-12-31"})
    state = asked(state_of(scenario), [], JANUARY)
    (found,) = standing_of(state, used("2026-01-10", "7"))
    assert figures(found)[3:] == ("7", "0")
    assert found.note == "waits for an invoice of its own"


def test_usage_of_a_contract_that_was_undone_is_not_billed() -> None:
    undone = CarriedChange(
        id="C-1",
        type="activation",
        version=1,
        effective_date=dt.date(2026, 1, 1),
        status="compensated",
        workflow_id="contract/C-1/activation/C-1",
    )
    (found,) = standing_of(state_of(monthly(), carried=(undone,)), used("2026-01-10", "7"))
    assert (figures(found)[3:], found.note) == (("0", "7"), "the contract was undone: not billed")


def test_usage_since_a_merge_is_said_to_be_the_other_contracts() -> None:
    end = Cancellation(
        id="C-1/M", type="cancellation", effective_date=dt.date(2026, 3, 10), merged_into="C-0"
    )
    carried = tuple(
        CarriedChange(
            id=name,
            type=kind,
            version=1,
            effective_date=dt.date(2026, 3, 10),
            status="done",
            change=change,
            workflow_id=f"contract/C-1/{kind}/{name}",
        )
        for name, kind, change in (("C-1", ACTIVATION, None), ("C-1/M", CANCELLATION, end))
    )
    state = state_of(monthly(), carried=carried)
    (found,) = standing_of(state, used("2026-03-09", "7"), used("2026-03-10", "5"))
    assert (str(found.not_billed), found.note) == (
        "0",
        "days from 2026-03-10 on are those of C-0, to which it is handed on",
    )
