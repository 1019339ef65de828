"""The commands that ask the gateway: what they send, what they print, how they end."""

import datetime as dt
import itertools
import json
import re
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

import cli.waterfall
from cli.waterfall_text import bars
from gateway.deps import Stores
from gateway.operations import RefusedByPolicy, StateConflict, TemporalUnreachable
from ports.records import ContractRecord
from rules.waterfall import WaterfallRow
from store.new_events import NewEvent
from tests.cli.conftest import ServedGateway
from tests.cli.running import Command
from tests.store.values import exception_item, lineage_entry, new_event

ADDRESS = {
    "line1": "350 5th Ave",
    "city": "New York",
    "region": "NY",
    "postal_code": "10118",
    "country": "US",
}
CONTRACT: dict[str, Any] = {
    "contract": {
        "id": "C-1",
        "account": {"id": "A-1", "name": "Northwind", "billing_address": ADDRESS},
        "legal_entity": "US01",
        "currency": "USD",
        "start_date": "2026-01-01",
        "term_months": 12,
        "billing": {"frequency_months": 12, "timing": "advance"},
        "lines": [
            {"id": "L1", "product": "SEAT", "pricing": {"model": "flat", "amount": "1200.00", "per": "year"}}
        ],
    },
    "changes": [{"id": "CH-1", "type": "cancellation", "effective_date": "2026-07-01"}],
    "as_of": "2026-12-31",
}


@pytest.fixture
def contract_file(tmp_path: Path) -> str:
    path = tmp_path / "contract.json"
    path.write_text(json.dumps(CONTRACT))
    return str(path)


def open_exception(gateway: ServedGateway, key: str = "contract/C-1/tax/1", **changed: Any) -> str:
    async def opened(stores: Stores) -> str:
        return await stores.exceptions.open(exception_item(key, **changed))

    id: str = gateway.run(opened)
    return id


def log(gateway: ServedGateway, event: NewEvent) -> int:
    async def logged(stores: Stores) -> int:
        await stores.events.append((event,))
        found = await stores.events.list(limit=1000)
        return next(each.id for each in found if each.event_id == event.event_id)

    number: int = gateway.run(logged)
    return number


def test_a_contract_is_started_from_its_file(
    q2c: Command, gateway: ServedGateway, contract_file: str
) -> None:
    outcome = q2c("contract", "start", contract_file, "-o", "json")
    assert outcome.exit_code == 0
    assert outcome.json["workflow_id"] == "contract/C-1"
    (name, (scenario, actor)) = gateway.operations.calls[0]
    assert (name, scenario.contract.id, actor.name) == ("start", "C-1", "finance-person")


def test_one_change_is_named(q2c: Command, gateway: ServedGateway, contract_file: str) -> None:
    outcome = q2c("contract", "change", contract_file, "--change", "CH-1", "-o", "json")
    assert outcome.json["changes"] == ["CH-1"]
    assert gateway.operations.calls[0][1][1] == "CH-1"


def test_a_change_that_the_file_lacks_is_wrong_input(q2c: Command, contract_file: str) -> None:
    outcome = q2c("contract", "change", contract_file, "--change", "CH-9")
    assert outcome.exit_code == 2
    assert "--change: there is no change 'CH-9'" in outcome.stderr


def test_an_invalid_file_is_wrong_input_and_every_field_is_named(q2c: Command, tmp_path: Path) -> None:
    contract = {**CONTRACT["contract"], "currency": "XXL", "colour": "red"}
    path = tmp_path / "bad.json"
    path.write_text(json.dumps({**CONTRACT, "contract": contract}))
    outcome = q2c("contract", "start", str(path))
    assert outcome.exit_code == 2
    assert outcome.stdout == ""
    assert "contract.colour" in outcome.stderr


def test_a_contract_is_shown_in_the_shape_that_is_relied_on(q2c: Command, gateway: ServedGateway) -> None:
    async def recorded(stores: Stores) -> None:
        await stores.lineage.record((lineage_entry(),))

    gateway.run(recorded)
    shown = q2c("contract", "show", "C-1", "-o", "json").json
    assert set(shown) >= {"id", "status", "account", "legal_entity", "currency", "version", "workflow_id"}
    assert set(shown) >= {"run_url", "changes", "platforms", "documents", "exceptions"}
    table = q2c("contract", "show", "C-1")
    assert table.exit_code == 0
    assert "amendment" in table.stdout
    assert q2c("contract", "timeline", "C-1").exit_code == 0
    assert "in_1" in q2c("contract", "lineage", "C-1").stdout
    assert q2c("contract", "list", "--account", "A-404", "-o", "json").json == []


def test_a_contract_that_nobody_knows_is_not_found(q2c: Command, gateway: ServedGateway) -> None:
    outcome = q2c("contract", "show", "C-404")
    assert (outcome.exit_code, outcome.stderr) == (1, "there is no contract C-404\n")


def test_exceptions_are_listed_in_the_shape_that_is_relied_on(q2c: Command, gateway: ServedGateway) -> None:
    id = open_exception(gateway, "listed")
    (found,) = [row for row in q2c("exception", "list", "-o", "json").json if row["id"] == id]
    assert set(found) == {
        "id", "contract", "change", "step", "platform", "code", "summary", "owner", "amount", "currency",
        "opened_at", "due_at", "status", "actions",
    }  # fmt: skip
    assert q2c("exception", "list", "--contract", "C-404", "-o", "json").json == []
    assert id in q2c("exception", "list").stdout
    assert q2c("exception", "show", id, "-o", "json").json["story"] == []
    assert "story" in q2c("exception", "show", id).stdout


@pytest.mark.parametrize("action", ["retry", "skip", "compensate"])
def test_a_decision_goes_to_the_workflow_with_its_reason(
    q2c: Command, gateway: ServedGateway, action: str
) -> None:
    id = open_exception(gateway, f"to {action}", actions=("retry", "fix", "skip", "compensate"))
    outcome = q2c("exception", action, id, "--reason", "agreed")
    assert outcome.exit_code == 0
    assert gateway.operations.calls == [("resolve", (id, action, "agreed", "finance-person", {}))]


def test_corrections_are_given_as_pairs(q2c: Command, gateway: ServedGateway) -> None:
    id = open_exception(gateway, "to fix", actions=("fix",))
    pairs = ("--set", "postal_code=10118", "--set", "note=a=b")
    assert q2c("exception", "fix", id, *pairs, "--reason", "typo").exit_code == 0
    assert gateway.operations.calls[0][1][-1] == {"postal_code": "10118", "note": "a=b"}


@pytest.mark.parametrize("pair", ["postal_code", "=10118"])
def test_a_correction_that_is_no_pair_is_wrong_usage(q2c: Command, pair: str) -> None:
    outcome = q2c("exception", "fix", "EX-1", "--set", pair, "--reason", "typo")
    assert (outcome.exit_code, outcome.stderr) == (2, f"--set: {pair!r} is not KEY=VALUE\n")


def test_an_action_without_a_reason_is_wrong_usage(q2c: Command) -> None:
    outcome = q2c("exception", "retry", "EX-1")
    assert outcome.exit_code == 2
    assert "--reason" in outcome.stderr


def test_an_exception_is_given_to_another_owner(q2c: Command, gateway: ServedGateway) -> None:
    id = open_exception(gateway, "to assign")
    outcome = q2c("exception", "assign", id, "--owner", "tax", "--reason", "a tax question", "-o", "json")
    assert outcome.json["owner"] == "tax"


def test_what_governance_does_not_allow_is_refused(q2c: Command, gateway: ServedGateway) -> None:
    id = open_exception(gateway, "not to be skipped", actions=("retry",))
    outcome = q2c("exception", "skip", id, "--reason", "please")
    assert outcome.exit_code == 3
    assert "skip is not allowed for this exception" in outcome.stderr


def test_an_override_is_asked_for_by_one_and_decided_by_another(
    q2c: Command, gateway: ServedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = open_exception(gateway, "to override")
    asked = q2c("override", "request", id, "--action", "skip", "--reason", "agreed", "-o", "json")
    assert asked.exit_code == 0
    assert gateway.operations.calls == [("request", (id, "skip", "agreed", "finance-person"))]
    assert q2c("override", "list", "-o", "json").exit_code == 0


def test_without_a_token_of_their_own_nobody_approves(q2c: Command, gateway: ServedGateway) -> None:
    outcome = q2c("override", "approve", "OV-1", "--reason", "fine")
    assert outcome.exit_code == 3
    assert "the role approver is needed" in outcome.stderr


def test_the_token_says_who_acts(
    q2c: Command, gateway: ServedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("Q2C_TOKEN", "token-of-approver")
    outcome = q2c("override", "approve", "OV-1", "--reason", "fine")
    assert (outcome.exit_code, outcome.stderr) == (1, "there is no override OV-1\n")


def test_a_token_that_nobody_has_is_wrong_input(
    q2c: Command, gateway: ServedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("Q2C_TOKEN", "stolen-token")
    outcome = q2c("contract", "list")
    assert (outcome.exit_code, outcome.stderr) == (2, "Q2C_TOKEN: the gateway does not know this token\n")


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [
        (RefusedByPolicy("the period is closed"), 3),
        (StateConflict("it is resolved already"), 1),
        (TemporalUnreachable("Temporal does not answer"), 4),
    ],
)
def test_each_refusal_has_its_exit_code(
    q2c: Command, gateway: ServedGateway, error: Exception, exit_code: int
) -> None:
    id = open_exception(gateway, "refused")
    gateway.operations.fails_with = error  # type: ignore[assignment]
    outcome = q2c("exception", "retry", id, "--reason", "again")
    assert (outcome.exit_code, outcome.stderr) == (exit_code, f"{error}\n")


def test_a_gateway_that_is_not_there_is_said_so(q2c: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("Q2C_GATEWAY__URL", "http://127.0.0.1:9")
    monkeypatch.setenv("Q2C_TOKEN", "any")
    outcome = q2c("contract", "list")
    assert outcome.exit_code == 4
    assert "the gateway at http://127.0.0.1:9 is not reachable" in outcome.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("contract", "list"),
        ("exception", "retry", "EX-1", "--reason", "again"),
        ("sandbox", "state", "stripe"),
        ("status",),
    ],
)
def test_where_nothing_runs_commands_say_how_to_start_it(q2c: Command, arguments: tuple[str, ...]) -> None:
    outcome = q2c(*arguments)
    assert outcome.exit_code == 4
    assert "q2c up" in outcome.stderr


def test_events_are_listed_shown_and_replayed(q2c: Command, gateway: ServedGateway) -> None:
    number = log(gateway, new_event("evt-shown"))
    assert "evt-shown" in q2c("event", "list", "-o", "json").stdout
    shown = q2c("event", "show", str(number), "-o", "json").json
    assert shown["event"]["event_id"] == "evt-shown"
    assert q2c("event", "replay", str(number)).exit_code == 0
    assert q2c("event", "show", "999999").exit_code == 1
    assert q2c("event", "list", "--outbound", "-o", "json").json == []


def test_a_sweep_says_what_it_listed_knew_and_handed_on(q2c: Command, gateway: ServedGateway) -> None:
    outcome = q2c("event", "sweep", "--platform", "stripe", "--since", "2026-01-02T00:00:00Z", "-o", "json")
    assert outcome.exit_code == 0, outcome.stderr
    [swept] = json.loads(outcome.stdout)
    assert (swept["platform"], swept["listed"], swept["known"], swept["handed_on"]) == ("stripe", 9, 7, 2)
    assert "stripe lists nothing before 2026-01-02" in outcome.stderr
    since = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
    assert ("sweep", ("stripe", since, "operator-person")) in gateway.operations.calls


def test_a_sweep_of_a_platform_without_events_is_invalid_input(q2c: Command, gateway: ServedGateway) -> None:
    outcome = q2c("event", "sweep", "--platform", "netsuite")
    assert (outcome.exit_code, "platform: netsuite lists no events" in outcome.stderr) == (2, True)
    assert q2c("event", "sweep", "--since", "yesterday").exit_code == 2
    for beyond in ("0001-01-01T00:00:00+05:00", "1999-12-31T23:00:00Z", "9999-12-31T23:59:59-05:00"):
        outcome = q2c("event", "sweep", "--since", beyond)
        assert (outcome.exit_code, outcome.stderr[:7]) == (2, "since: ")


def test_dead_letters_are_listed_with_their_reason(q2c: Command, gateway: ServedGateway) -> None:
    number = log(gateway, new_event("evt-dead", state="dead", reason="no contract_id"))
    assert "no contract_id" in q2c("deadletter", "list").stdout
    assert q2c("deadletter", "show", str(number), "-o", "json").json["event"]["state"] == "dead"


@pytest.mark.parametrize("verb", ["show", "replay"])
def test_an_event_that_is_no_dead_letter_is_not_taken_for_one(
    q2c: Command, gateway: ServedGateway, verb: str
) -> None:
    number = log(gateway, new_event("evt-well"))
    outcome = q2c("deadletter", verb, str(number))
    assert (outcome.exit_code, outcome.stdout) == (1, "")
    assert f"q2c event show {number}" in outcome.stderr


def test_platforms_are_listed_and_paused(q2c: Command, gateway: ServedGateway) -> None:
    assert [row["name"] for row in q2c("platform", "list", "-o", "json").json] == ["stripe", "netsuite"]
    paused = q2c("platform", "pause", "stripe", "--reason", "maintenance", "-o", "json")
    assert paused.json["paused"] is True
    assert q2c("platform", "resume", "stripe", "--reason", "over").exit_code == 0


def test_a_platform_that_is_not_known_to_be_well_fails_the_check(
    q2c: Command, gateway: ServedGateway
) -> None:
    assert q2c("platform", "check").exit_code == 1
    outcome = q2c("platform", "check", "sap")
    assert (outcome.exit_code, outcome.stderr) == (1, "there is no platform sap\n")


def test_the_audit_chain_is_walked(q2c: Command, gateway: ServedGateway) -> None:
    outcome = q2c("audit", "verify", "-o", "json")
    assert outcome.exit_code == 0
    assert outcome.json["intact"] is True
    assert q2c("audit", "list").exit_code == 0
    head = outcome.json["head"]
    wrong = q2c("audit", "verify", "--anchor", f"{head['sequence'] + 5}:{'0' * 64}")
    assert wrong.exit_code == 1
    assert q2c("audit", "verify", "--anchor", "five").exit_code == 2


def test_waterfall_of_a_file_needs_no_server_and_adds_up(
    q2c: Command, contract_file: str, tmp_path: Path
) -> None:
    picture = tmp_path / "waterfall.svg"
    months = ("--from", "2026-01", "--to", "2026-12", "--plot", str(picture))
    outcome = q2c("revenue", "waterfall", contract_file, *months, "-o", "json")
    assert outcome.exit_code == 0, outcome.stderr
    [total] = json.loads(outcome.stdout)["totals"]
    assert sum(Decimal(month["earned"]) for month in total["months"]) == Decimal("595.07")
    assert total["months"][6]["deferred"] == total["months"][11]["remaining"] == "0.00"
    root = ElementTree.parse(picture).getroot()
    height = Decimal(root.get("height", ""))
    points = [Decimal(each.get("cy", "")) for each in root.iter() if each.tag.endswith("circle")]
    assert len(points) == 24
    assert all(48 <= point < height for point in points)


def test_waterfall_of_many_months_is_drawn_no_wider_than_a_page_and_its_labels_stay_apart(
    q2c: Command, contract_file: str, tmp_path: Path
) -> None:
    picture = tmp_path / "waterfall.svg"
    q2c("revenue", "waterfall", contract_file, "--from", "2026-01", "--to", "2035-12", "--plot", str(picture))
    root = ElementTree.parse(picture).getroot()
    labels = [each for each in root.iter() if re.fullmatch("[0-9]{4}-[0-9]{2}", each.text or "")]
    places = [Decimal(each.get("x", "")) for each in labels]
    assert Decimal(root.get("width", "")) <= 1320
    assert len(places) > 12
    assert all(after - before >= 50 for before, after in pairwise(places))


def test_waterfall_is_drawn_on_a_terminal_too(
    q2c: Command, contract_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    months = ("--from", "2026-01", "--to", "2026-12")
    piped = q2c("revenue", "waterfall", contract_file, *months)
    monkeypatch.setattr(cli.waterfall, "_on_terminal", lambda: True)
    shown = q2c("revenue", "waterfall", contract_file, *months)
    assert ("█" in piped.stdout, "█" in shown.stdout) == (False, True)
    assert "--plot FILE.svg" in shown.stderr
    row = q2c("revenue", "waterfall", contract_file, *months, "-o", "json").json["totals"][0]
    lines = [*bars(WaterfallRow.model_validate(row), 80)]
    assert lines[0] == "USD: ▒ billed, █ earned, ░ remaining"
    assert len(lines) == 1 + 3 * 12
    assert max(len(line) for line in lines) <= 80
    assert lines[1].startswith("2026-01 billed    1,200.00 ▒")
    earned = sorted(
        (Decimal(line.split()[-2].replace(",", "")), line.count("█")) for line in lines[1:] if "█" in line
    )
    assert len(earned) == 6
    assert all(less[1] <= more[1] for less, more in itertools.pairwise(earned))


def test_waterfall_of_the_system_names_contracts_that_are_left_out(
    q2c: Command, gateway: ServedGateway
) -> None:
    async def listed(stores: Stores) -> None:
        await stores.contracts.record(
            ContractRecord(
                id="C-1",
                account="A-1",
                legal_entity="US01",
                currency="USD",
                status="activating",
                version=1,
                workflow_id="contract/C-1",
                updated_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
            )
        )

    gateway.run(listed)
    outcome = q2c("revenue", "waterfall", "--from", "2026-01", "--to", "2026-03", "-o", "json")
    assert outcome.exit_code == 0, outcome.stderr
    assert "left out" in outcome.stderr


def test_month_that_is_none_is_named(q2c: Command, contract_file: str) -> None:
    outcome = q2c("revenue", "waterfall", contract_file, "--from", "2026-13")
    assert (outcome.exit_code, "--from" in outcome.stderr) == (2, True)


def test_rates_of_a_file_are_taken_in_once_and_shown(
    q2c: Command, gateway: ServedGateway, tmp_path: Path
) -> None:
    file = tmp_path / "eurofxref-hist.csv"
    file.write_text("Date,USD,JPY,\n2026-01-30,1.0812,168.45,\n2026-01-29,1.0799,N/A,\n")
    first, again = (q2c("rates", "import", str(file), "-o", "json") for _ in range(2))
    assert json.loads(first.stdout) == {"recorded": 3, "known": 0, "corrected": 0}
    assert json.loads(again.stdout) == {"recorded": 0, "known": 3, "corrected": 0}
    shown = q2c("rates", "show", "--date", "2026-01-31", "--currency", "USD", "-o", "json")
    [rate] = json.loads(shown.stdout)
    assert (rate["rate"], rate["date"], rate["source"]) == (
        "1.0812",
        "2026-01-30",
        "ECB, eurofxref-hist.csv",
    )


def test_differing_rate_is_refused_unless_it_is_a_correction(
    q2c: Command, gateway: ServedGateway, tmp_path: Path
) -> None:
    file = tmp_path / "rates.csv"
    file.write_text("Date,USD\n2026-01-30,1.0812\n")
    assert q2c("rates", "import", str(file)).exit_code == 0
    file.write_text("Date,USD\n2026-01-30,1.0821\n")
    refused = q2c("rates", "import", str(file))
    assert (refused.exit_code, "2026-01-30 USD" in refused.stderr) == (1, True)
    corrected = q2c("rates", "import", str(file), "--reason", "corrected by the ECB", "-o", "json")
    assert json.loads(corrected.stdout)["corrected"] == 1


def test_file_with_a_rate_of_a_day_to_come_is_refused_as_a_whole(
    q2c: Command, gateway: ServedGateway, tmp_path: Path
) -> None:
    file = tmp_path / "rates.csv"
    file.write_text("Date,USD\n1999-01-29,1.1384\n9999-01-30,1.0821\n")
    refused = q2c("rates", "import", str(file))
    assert (refused.exit_code, "line 3, USD: 9999-01-30" in refused.stderr) == (2, True)
    assert q2c("rates", "show", "--date", "1999-02-01", "-o", "json").json == []


def test_file_that_has_no_rates_is_invalid_input(q2c: Command, tmp_path: Path) -> None:
    file = tmp_path / "rates.csv"
    file.write_text("Day,USD\n")
    outcome = q2c("rates", "import", str(file))
    assert (outcome.exit_code, "line 1" in outcome.stderr) == (2, True)


def test_a_change_is_previewed_for_the_files_own_contract(
    gateway: ServedGateway, q2c: Command, contract_file: str
) -> None:
    found = q2c("preview", contract_file, "--contract", "C-1", "-o", "json")
    assert found.exit_code == 0
    assert json.loads(found.stdout)["change"] == "CH-1"
    told = q2c("preview", contract_file, "--contract", "C-1").stdout
    assert "not credited: 36.60 of 73.00 for 2026-01-01 to 2027-01-01 on C-1/invoice/2026-01-01" in told


def test_a_change_of_another_contract_than_the_one_named_is_refused(
    gateway: ServedGateway, q2c: Command, contract_file: str
) -> None:
    refused = q2c("preview", contract_file, "--contract", "C-2")
    assert refused.exit_code == 2
    assert "contract.id: the file's contract is C-1" in refused.stderr
    assert gateway.operations.calls == []
