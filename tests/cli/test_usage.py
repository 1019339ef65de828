"""`q2c usage`: files are taken in row by row, nothing twice, nothing lost, nothing in silence."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

import cli.usage
from tests.cli.conftest import ServedGateway
from tests.cli.running import Command, Outcome

HEADER = "contract,id,line,date,quantity"


@pytest.fixture
def contract(tmp_path: Path) -> str:
    """The gateway is shared: each test has a contract of its own."""
    return f"C-{tmp_path.parent.name}-{tmp_path.name}"


def file_of(folder: Path, *rows: str, header: str = HEADER, name: str = "usage.csv") -> str:
    path = folder / name
    path.write_text("\n".join([header, *rows]) + "\n" if header else "\n".join(rows) + "\n")
    return str(path)


def imported(q2c: Command, file: str, *more: str) -> tuple[Outcome, Any]:
    found = q2c("usage", "import", file, *more, "-o", "json")
    return found, json.loads(found.stdout) if found.stdout else None


def test_a_csv_file_is_taken_in_and_once_only(
    q2c: Command, gateway: ServedGateway, tmp_path: Path, contract: str
) -> None:
    file = file_of(tmp_path, *(f"{contract},e-{n},U1,2026-11-0{n},1.5" for n in range(1, 6)))
    first, taken = imported(q2c, file)
    again, known = imported(q2c, file)
    assert (first.exit_code, taken["rows"], taken["recorded"], taken["rejects"]) == (0, 5, 5, None)
    assert (again.exit_code, known["recorded"], known["duplicates"]) == (0, 0, 5)
    assert known["unknown"] == [contract]
    assert f"1 contracts are not known (yet), nobody bills their usage so far: {contract}" in again.stderr
    shown = q2c("usage", "show", contract, "--month", "2026-11", "-o", "json").json
    assert [(month["events"], month["units"]) for month in shown] == [(5, "7.5")]
    assert not list(tmp_path.glob("*.rejects*"))


def test_json_lines_are_taken_in_too(
    q2c: Command, gateway: ServedGateway, tmp_path: Path, contract: str
) -> None:
    event = {"contract": contract, "id": "e-1", "line": "U1", "date": "2026-11-01", "quantity": "2"}
    file = file_of(tmp_path, json.dumps(event), "", json.dumps(event), header="", name="usage.jsonl")
    _, taken = imported(q2c, file)
    assert (taken["rows"], taken["recorded"], taken["duplicates"]) == (2, 1, 1)


def test_bad_rows_are_named_by_line_and_field_and_the_good_ones_are_taken_in(
    q2c: Command, gateway: ServedGateway, tmp_path: Path, contract: str
) -> None:
    file = file_of(
        tmp_path,
        f"{contract},e-1,U1,2026-11-01,1",
        f"{contract},,U1,2026-11-02,1",
        f"{contract},e-3,U1,3 November,1",
        f'{contract},e-4,U1,2026-11-04,"1,5"',
        f"{contract},e-5,U1,2026-11-05",
        f"{contract},e-6,U1,2026-11-06,1",
    )
    found, taken = imported(q2c, file)
    assert (found.exit_code, taken["recorded"], taken["rejected"]) == (2, 2, 4)
    assert f"{file}:3: id: must not be empty" in found.stderr
    assert f'{file}:4: date: must be a day written as "YYYY-MM-DD"' in found.stderr
    assert f"{file}:5: quantity: must be a decimal" in found.stderr
    assert f"{file}:6: row: has 4 columns where the header has 5" in found.stderr


def test_a_file_of_rejects_put_right_is_imported_as_it_is(
    q2c: Command, gateway: ServedGateway, tmp_path: Path, contract: str
) -> None:
    file = file_of(tmp_path, f"{contract},e-1,U1,2026-11-01,1", f"{contract},e-2,U1,yesterday,1")
    _, taken = imported(q2c, file)
    rejects = Path(taken["rejects"])
    (rejected,) = csv.DictReader(rejects.read_text().splitlines())
    assert (rejected["_row"], rejected["_field"], rejected["id"]) == ("3", "date", "e-2")
    rejects.write_text(rejects.read_text().replace("yesterday", "2026-11-02", 1))
    found, taken = imported(q2c, str(rejects))
    assert (found.exit_code, taken["recorded"]) == (0, 1)


def test_an_id_that_is_known_with_other_content_is_rejected_and_not_taken_in(
    q2c: Command, gateway: ServedGateway, tmp_path: Path, contract: str
) -> None:
    file = file_of(tmp_path, f"{contract},e-1,U1,2026-11-01,1", f"{contract},e-1,U1,2026-11-01,3")
    found, taken = imported(q2c, file)
    assert (found.exit_code, taken["recorded"], taken["duplicates"], taken["rejected"]) == (2, 1, 0, 1)
    assert f"{file}:3: id: is known in this contract with other content" in found.stderr
    (month,) = q2c("usage", "show", contract, "-o", "json").json
    assert month["units"] == "1"


def test_an_import_that_broke_off_is_run_again_without_doubling(
    q2c: Command, gateway: ServedGateway, tmp_path: Path, contract: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In batches of 10 rows; the gateway is gone after the first ones."""
    monkeypatch.setattr(cli.usage, "_MOST_ROWS", 10)
    good = [f"{contract},e-{n},U1,2026-11-01,1" for n in range(35)]
    part = file_of(tmp_path, *good[:20], name="part.csv")
    assert imported(q2c, part)[0].exit_code == 0
    monkeypatch.setenv("Q2C_GATEWAY__URL", "http://127.0.0.1:9")
    file = file_of(tmp_path, *good)
    assert q2c("usage", "import", file).exit_code == 4
    monkeypatch.setenv("Q2C_GATEWAY__URL", gateway.url)
    _, taken = imported(q2c, file)
    assert (taken["recorded"], taken["duplicates"]) == (15, 20)


@pytest.mark.parametrize(
    ("header", "name", "words"),
    [
        ("contract,line,date,quantity", "usage.csv", "id: is missing"),
        (HEADER + ",color", "usage.csv", "color: is not a column that is known here"),
        (HEADER, "usage.txt", "say which with --format"),
    ],
)
def test_a_file_that_can_not_be_read_says_the_way_out(
    q2c: Command, gateway: ServedGateway, tmp_path: Path, header: str, name: str, words: str
) -> None:
    found = q2c("usage", "import", file_of(tmp_path, "C-1,e-1,U1,2026-11-01,1", header=header, name=name))
    assert found.exit_code == 2
    assert words in found.stderr


def test_a_file_that_is_not_there_is_invalid_input(
    q2c: Command, gateway: ServedGateway, tmp_path: Path
) -> None:
    found = q2c("usage", "import", str(tmp_path / "none.csv"))
    assert (found.exit_code, "can't be read" in found.stderr) == (2, True)


def test_text_that_is_not_utf8_is_a_rejected_row(
    q2c: Command, gateway: ServedGateway, tmp_path: Path, contract: str
) -> None:
    path = tmp_path / "usage.csv"
    path.write_bytes(f"{HEADER}\n{contract},e-\xfc,U1,2026-11-01,1\n".encode("latin-1"))
    found, taken = imported(q2c, str(path))
    assert (found.exit_code, taken["rejected"]) == (2, 1)
    assert "id: is not UTF-8" in found.stderr


def test_a_contract_without_usage_is_not_found(q2c: Command, gateway: ServedGateway, contract: str) -> None:
    found = q2c("usage", "show", contract, "--month", "2026-11")
    assert (found.exit_code, found.stdout) == (1, "")
    assert found.stderr == f"{contract}: no usage is reported for 2026-11\n"
