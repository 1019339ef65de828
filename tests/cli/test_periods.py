"""`q2c reconcile`, `q2c close`, `q2c revenue`: what they send, what they print, how they end."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from canonical.reconciliation import SIDES, PeriodListings, Reconciliation
from gateway.deps import Stores
from gateway.operations import StateConflict
from gateway.revenue_operations import RevenueRun
from ports.periods import ReconciliationRun
from ports.records import ContractRecord
from rules.reconciliation import reconcile
from tests.cli.conftest import ServedGateway
from tests.cli.running import Command
from tests.gateway.fake_periods import run_id
from tests.rules.listings import TERMS, Mutation, document, lost_in_ledger, posted_with_another_amount
from tests.store.values import NOON

SHAPE = {"entity", "period", "currency", "sides", "breaks", "close_allowed"}
BREAK = {"type", "document", "effect", "cause", "owner", "blocks_close", "proposal"}
ENTITIES = ("DE01", "US01")


@pytest.fixture
def sold(gateway: ServedGateway) -> ServedGateway:
    """Each of the legal entities has a contract."""

    async def recorded(stores: Stores) -> None:
        for entity in ENTITIES:
            await stores.contracts.record(
                ContractRecord(
                    id=f"C-{entity}",
                    account="A-1",
                    legal_entity=entity,
                    currency="USD",
                    status="active",
                    version=1,
                    workflow_id=f"contract/C-{entity}",
                    updated_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
                )
            )

    gateway.run(recorded)
    return gateway


def listed(period: str, entity: str, currency: str, *mutations: Mutation) -> tuple[Reconciliation, ...]:
    """A document of the month on all sides, and what went wrong with it."""
    key = f"C-{entity}/invoice/{period}-10"
    entries = document(key, 10000, 1900, currency, date=dt.date.fromisoformat(f"{period}-10"))
    for mutation in mutations:
        entries = mutation(entries, key).entries
    given = PeriodListings(
        entity=entity, period=period, entries=tuple(entries), open_in_erp=True, sides=SIDES
    )
    return reconcile(given, TERMS)


def found(gateway: ServedGateway, period: str, entity: str, *results: Reconciliation) -> list[str]:
    """The run that the command starts has come to these results; the ids of its breaks."""

    async def recorded(stores: Stores) -> None:
        await stores.periods.record_reconciliation(
            ReconciliationRun(
                run=run_id(entity, period),
                entity=entity,
                period=period,
                at=NOON,
                as_of=NOON.date(),
                requested_by="operator-person",
                digest="d",
                results=results,
            )
        )

    gateway.run(recorded)
    return [each.id for result in results for each in result.breaks]


def both_agree(gateway: ServedGateway, period: str) -> None:
    for entity in ENTITIES:
        found(gateway, period, entity, *listed(period, entity, "USD"))


# -- reconcile -----------------------------------------------------------------------------------------


def test_a_clean_period_is_one_object_of_the_shape_that_is_relied_on(
    q2c: Command, sold: ServedGateway
) -> None:
    found(sold, "2025-01", "US01", *listed("2025-01", "US01", "USD"))
    outcome = q2c("reconcile", "--period", "2025-01", "--entity", "US01", "-o", "json")
    assert (outcome.exit_code, set(outcome.json)) == (0, SHAPE)
    assert outcome.json["sides"]["billings"] == outcome.json["sides"]["ledger"] == "119.00"
    assert (outcome.json["breaks"], outcome.json["close_allowed"]) == ([], True)
    assert sold.operations.calls[0] == ("reconcile", ("US01", "2025-01", "operator-person"))
    assert outcome.stderr == "reconciling US01 2025-01\n"


def test_a_break_is_shown_with_cause_owner_and_proposal_and_ends_with_1(
    q2c: Command, sold: ServedGateway
) -> None:
    found(sold, "2025-02", "US01", *listed("2025-02", "US01", "USD", lost_in_ledger))
    outcome = q2c("reconcile", "--period", "2025-02", "--entity", "US01", "-o", "json")
    (each,) = outcome.json["breaks"]
    assert (outcome.exit_code, outcome.json["close_allowed"], set(each) >= BREAK) == (1, False, True)
    assert (each["type"], each["document"], Decimal(each["effect"])) == (
        "missing",
        "C-US01/invoice/2025-02-10",
        Decimal("-119.00"),
    )
    table = q2c("reconcile", "--period", "2025-02", "--entity", "US01")
    assert (table.exit_code, "may not be closed" in table.stdout) == (1, True)
    assert all(words in table.stdout for words in (each["id"], each["cause"], each["owner"]))


def test_several_entities_and_currencies_are_a_list_in_order(q2c: Command, sold: ServedGateway) -> None:
    found(sold, "2025-03", "DE01", *listed("2025-03", "DE01", "EUR", posted_with_another_amount))
    dollars, yen = listed("2025-03", "US01", "USD"), listed("2025-03", "US01", "JPY")
    found(sold, "2025-03", "US01", *dollars, *yen)
    outcome = q2c("reconcile", "--period", "2025-03", "-o", "json")
    assert outcome.exit_code == 1
    assert [(each["entity"], each["currency"], each["close_allowed"]) for each in outcome.json] == [
        ("DE01", "EUR", False),
        ("US01", "JPY", True),
        ("US01", "USD", True),
    ]
    assert [each["type"] for each in outcome.json[0]["breaks"]] == ["amount"]
    assert outcome.json[1]["sides"]["billings"] == "11900"


def test_a_currency_without_breaks_says_that_another_one_holds_up_the_close(
    q2c: Command, sold: ServedGateway
) -> None:
    dollars = listed("2025-12", "US01", "USD", lost_in_ledger)
    found(sold, "2025-12", "US01", *dollars, *listed("2025-12", "US01", "JPY"))
    table = q2c("reconcile", "--period", "2025-12", "--entity", "US01")
    assert table.exit_code == 1
    words = "US01 2025-12 JPY: nothing holds it up here, but it may not be closed for USD"
    assert words in table.stdout
    assert "US01 2025-12 USD: may not be closed" in table.stdout


def test_breaks_are_listed_shown_and_handed_to_a_second_person(q2c: Command, sold: ServedGateway) -> None:
    (id,) = found(sold, "2025-04", "US01", *listed("2025-04", "US01", "USD", lost_in_ledger))
    rows = q2c("reconcile", "list", "--period", "2025-04", "--status", "open", "-o", "json").json
    assert [row["id"] for row in rows] == [id]
    assert q2c("reconcile", "list", "--period", "2025-04", "--status", "explained", "-o", "json").json == []
    assert q2c("reconcile", "show", id, "-o", "json").json["found"]["owner"] == "revenue-accounting"
    asked = q2c("reconcile", "repair", id, "--reason", "lost")
    assert (asked.exit_code, "nobody is asked about" in asked.stderr) == (1, True)


def test_a_break_that_nobody_knows_is_not_found(q2c: Command, sold: ServedGateway) -> None:
    for words in (("show",), ("repair", "--reason", "x"), ("explain", "--reason", "x")):
        outcome = q2c("reconcile", words[0], "BR-404", *words[1:])
        assert (outcome.exit_code, outcome.stderr) == (1, "there is no break BR-404\n")


# -- close ---------------------------------------------------------------------------------------------


def test_a_period_that_nothing_holds_up_is_closed(q2c: Command, sold: ServedGateway) -> None:
    outcome = q2c(
        "close", "close", "--period", "2025-05", "--entity", "US01", "--reason", "month end", "-o", "json"
    )
    assert (outcome.exit_code, outcome.json["status"]) == (0, "closed")
    assert ("close", ("US01", "2025-05", "month end", "finance-person")) in sold.operations.calls


def test_a_refused_close_ends_with_3_and_says_why(q2c: Command, sold: ServedGateway) -> None:
    why = "BR-1: missing of -119.00, C-1/invoice/2025-06-10: never sent"
    sold.operations.held_up = {"DE01": (why,)}
    outcome = q2c("close", "close", "--period", "2025-06", "--reason", "month end", "-o", "json")
    assert outcome.exit_code == 3
    assert [(each["entity"], each["status"]) for each in outcome.json] == [
        ("DE01", "refused"),
        ("US01", "closed"),
    ]
    assert f"DE01 2025-06: {why}" in outcome.stderr
    assert "US01 2025-06:" not in outcome.stderr


def test_a_check_reconciles_first_and_ends_with_1_where_something_holds_it_up(
    q2c: Command, sold: ServedGateway
) -> None:
    both_agree(sold, "2025-07")
    assert q2c("close", "check", "--period", "2025-07").exit_code == 0
    sold.operations.held_up = {"DE01": ("2025-07 is not over",)}
    held = q2c("close", "check", "--period", "2025-07")
    assert (held.exit_code, held.stdout.splitlines()[:3]) == (
        1,
        [
            "DE01 2025-07: may not be closed",
            "  revenue: due; revaluation: books in each contract's currency",
            "  2025-07 is not over",
        ],
    )
    asked = [name for name, _ in sold.operations.calls]
    assert asked.index("reconcile") < asked.index("check close")


# -- revenue -------------------------------------------------------------------------------------------


def test_a_months_revenue_is_run_and_its_counts_are_shown(q2c: Command, sold: ServedGateway) -> None:
    outcome = q2c("revenue", "run", "--period", "2026-01", "--entity", "US01", "-o", "json")
    assert outcome.exit_code == 0, outcome.stderr
    (run,) = outcome.json
    assert (run["status"], run["tally"]["exceptions"]) == ("done", 0)
    assert ("revenue", ("US01", "2026-01", None, "finance-person")) in sold.operations.calls
    shown = q2c("revenue", "show", "--period", "2026-01", "--entity", "US01", "-o", "json")
    assert (shown.exit_code, shown.json[0]["status"]) == (0, "done")


def test_every_entity_is_run_unless_one_is_named(q2c: Command, sold: ServedGateway) -> None:
    outcome = q2c("revenue", "run", "--period", "2026-01", "--as-of", "2026-02-01", "-o", "json")
    assert [each["entity"] for each in outcome.json] == [*ENTITIES]
    day = dt.date(2026, 2, 1)
    assert ("revenue", ("DE01", "2026-01", day, "finance-person")) in sold.operations.calls


def test_contracts_that_wait_for_a_decision_end_the_run_with_1(
    q2c: Command, sold: ServedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def waits(entity: str, period: str) -> RevenueRun:
        tally = {"contracts": 1, "exceptions": 1, "failed": ("C-1",)}
        said: dict[str, Any] = {"entity": entity, "period": period, "workflow_id": "revenue/x"}
        return RevenueRun.model_validate({**said, "status": "done", "tally": tally})

    monkeypatch.setattr(sold.operations, "revenue_run", waits)
    outcome = q2c("revenue", "run", "--period", "2026-01", "--entity", "US01")
    assert (outcome.exit_code, "US01 waits for a decision on: C-1" in outcome.stdout) == (1, True)
    assert "q2c exception list" in outcome.stderr


def test_a_month_that_has_not_ended_is_invalid_input(q2c: Command, sold: ServedGateway) -> None:
    outcome = q2c("revenue", "run", "--period", "2199-01")
    assert (outcome.exit_code, "period: 2199-01 has not ended" in outcome.stderr) == (2, True)


# -- input and servers ---------------------------------------------------------------------------------

PERIOD_COMMANDS = (
    ("reconcile",),
    ("close", "check"),
    ("close", "close", "--reason", "month end"),
    ("revenue", "run"),
    ("revaluation", "run"),
)


@pytest.mark.parametrize("words", PERIOD_COMMANDS, ids=lambda words: " ".join(words[:2]))
def test_an_entity_without_contracts_is_named_before_anything_is_run(
    q2c: Command, sold: ServedGateway, words: tuple[str, ...]
) -> None:
    outcome = q2c(*words, "--period", "2026-01", "--entity", "US1")
    assert (outcome.exit_code, outcome.stdout) == (2, "")
    assert "entity: US1 has no contracts; those that have: DE01, US01" in outcome.stderr
    assert sold.operations.calls == []


@pytest.mark.parametrize("words", PERIOD_COMMANDS, ids=lambda words: " ".join(words[:2]))
def test_a_gateway_that_is_not_there_ends_with_4(
    q2c: Command, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("Q2C_GATEWAY__URL", "http://127.0.0.1:9")
    monkeypatch.setenv("Q2C_TOKEN", "any")
    outcome = q2c(*words, "--period", "2026-01")
    assert (outcome.exit_code, "is not reachable" in outcome.stderr) == (4, True)


@pytest.mark.parametrize("words", PERIOD_COMMANDS, ids=lambda words: " ".join(words[:2]))
def test_who_may_not_run_it_is_refused(
    q2c: Command, sold: ServedGateway, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("Q2C_TOKEN", "token-of-viewer")
    assert q2c(*words, "--period", "2026-01").exit_code == 3
    assert sold.operations.calls == []


def test_a_run_that_can_not_start_is_said_so(q2c: Command, sold: ServedGateway) -> None:
    sold.operations.fails_with = StateConflict("another run is in the way")
    outcome = q2c("reconcile", "--period", "2026-01", "--entity", "US01")
    assert (outcome.exit_code, outcome.stderr) == (1, "another run is in the way\n")
