import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import assembly.simulation
from assembly.simulated_sides import Sides
from assembly.simulation import Simulation
from rules.months_beside import MonthBeside
from tests.cli.running import Command
from tests.rules.scenarios import seats
from tests.workflows.sales import NEW_YORK, account, month, scenario, sold

TAXED = {"tax_rate_percent": "8.875"}


def written(folder: Path, document: dict[str, Any]) -> str:
    path = folder / "contract.json"
    path.write_text(json.dumps(document))
    return str(path)


def test_simulate_prints_what_happened_beside_what_was_predicted(q2c: Command, tmp_path: Path) -> None:
    file = written(tmp_path, scenario(sold(seats(**TAXED), start=month(-1), every=1)))
    outcome = q2c("simulate", file, "--until", month(2), "--revenue", "-o", "json")
    assert outcome.exit_code == 0, outcome.stderr
    told = outcome.json
    assert (told["contract"], told["until"], told["agrees"]) == ("C-1", month(2), True)
    figures = {(d["predicted"], d["billing"], d["ledger"], d["tax"]) for d in told["documents"]}
    assert figures == {("108.88", "108.88", "108.88", "8.88")}
    assert [d["date"] for d in told["documents"]] == [month(offset) for offset in (-1, 0, 1, 2)]
    assert month(2) in outcome.stderr
    months = [(each["month"], each["predicted"], each["ledger"]) for each in told["months"]]
    assert months == [(month(offset)[:7], "100.00", "100.00") for offset in (-1, 0, 1)]
    totals = {each["name"]: (each["predicted"], each["ledger"]) for each in told["balances"]}
    assert (totals["recognized"], totals["deferred"]) == (("300.00", "300.00"), ("100.00", "100.00"))


def test_simulate_fails_where_a_month_brings_another_amount(
    q2c: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    brought = MonthBeside(
        month="2026-01",
        event="revenue",
        currency="USD",
        predicted=Decimal("100.00"),
        ledger=Decimal("90.00"),
        differences=("revenue: -90.00 instead of -100.00",),
    )

    async def lived(*scenario: Any, **how: Any) -> Simulation:
        sides = Sides(documents=(), payments=(), balances=(), months=(brought,), findings=())
        until = dt.date(2026, 2, 1)
        return Simulation(**vars(sides), until=until, status="active", exceptions=(), seconds=1.0)

    monkeypatch.setattr(assembly.simulation, "simulate", lived)
    outcome = q2c("simulate", written(tmp_path, scenario(sold(seats(), start=month(0)))), "--revenue")
    assert outcome.exit_code == 1
    assert "revenue of 2026-01: revenue: -90.00 instead of -100.00" in outcome.stdout


def test_simulate_fails_where_somebody_would_have_to_decide(q2c: Command, tmp_path: Path) -> None:
    nowhere = account("A-1", {**NEW_YORK, "country": "ZZ"})
    file = written(tmp_path, scenario(sold(seats(**TAXED), start=month(0), account=nowhere)))
    outcome = q2c("simulate", file)
    assert outcome.exit_code == 1
    assert "waits for a decision" in outcome.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--until", "soon"], "--until: must be a date written as YYYY-MM-DD, not 'soon'"),
        (["--faults", "many"], "--faults"),
    ],
)
def test_simulate_names_what_is_wrong_with_its_options(
    q2c: Command, tmp_path: Path, arguments: list[str], words: str
) -> None:
    file = written(tmp_path, scenario(sold(seats(), start=month(0))))
    outcome = q2c("simulate", file, *arguments)
    assert outcome.exit_code == 2
    assert words in outcome.stderr


def test_simulate_names_the_field_of_a_file_that_is_wrong(q2c: Command, tmp_path: Path) -> None:
    document = scenario(sold(seats(), start=month(0)))
    del document["as_of"]
    outcome = q2c("simulate", written(tmp_path, document))
    assert outcome.exit_code == 2
    assert "as_of" in outcome.stderr
