"""`q2c cash`: a bank's file is taken in once, what is wrong with it is named, people decide by key."""

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from gateway.deps import Stores
from ports.records import ContractRecord
from tests.cli.conftest import ServedGateway
from tests.cli.running import Command
from tests.gateway.fake_cash import FakeCash

HEADER = "reference,value_date,amount,currency,direction,reversal,text"


@pytest.fixture
def bank(tmp_path: Path) -> str:
    """The gateway is shared: each test has a bank of its own."""
    return f"b{abs(hash(str(tmp_path)))}"[:20]


@pytest.fixture(autouse=True)
def contracts(gateway: ServedGateway) -> None:
    """Money is taken in for a legal entity that has any."""
    record = ContractRecord(
        id="C-CASH",
        account="A-1",
        legal_entity="US01",
        currency="USD",
        status="active",
        version=1,
        workflow_id="contract/C-CASH",
        updated_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    )

    async def seed(stores: Stores) -> None:
        await stores.contracts.record(record)

    gateway.run(seed)


def file_of(folder: Path, *rows: str) -> str:
    path = folder / "march.csv"
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    return str(path)


def imported(q2c: Command, file: str, bank: str) -> Any:
    return q2c("cash", "import", file, "--bank", bank, "--entity", "US01", "-o", "json")


def test_file_is_taken_in_once_and_what_is_no_receipt_is_counted(
    q2c: Command, gateway: ServedGateway, tmp_path: Path, bank: str
) -> None:
    rows = [f"E-{number},2026-03-02,10.00,USD,credit,,INV-1" for number in range(250)]
    file = file_of(tmp_path, *rows, "E-0,2026-03-02,5.00,USD,debit,,", "E-9,2026-03-03,10.00,USD,debit,true,")
    first, again = imported(q2c, file, bank), imported(q2c, file, bank)
    assert first.exit_code == 0, first.stderr
    counts = json.loads(first.stdout)
    assert (counts["receipts"], counts["recorded"], counts["started"]) == (250, 250, 250)
    assert counts["debits_and_reversals"] == 2
    taken_back = f"march.csv: {bank}/E-9: the bank has taken back {bank}/E-9 over 10.00 USD: it is on its way"
    assert taken_back in first.stderr
    assert (json.loads(again.stdout)["recorded"], json.loads(again.stdout)["known"]) == (0, 250)
    listed = q2c("cash", "list", "--bank", bank, "--status", "received", "-o", "json").json
    assert len(listed) == 250
    booked = q2c("cash", "list", "--bank", bank, "--status", "booked", "-o", "json").json
    assert {each["id"] for each in booked} == {f"{bank}/E-0:debit", f"{bank}/E-9:returned_receipt"}
    shown = q2c("cash", "show", f"{bank}/E-7", "-o", "json").json
    assert (shown["amount"], shown["workflow_id"]) == ("10.00", f"cash/{bank}/E-7")


def test_long_remittances_go_in_as_many_requests_as_they_need(
    q2c: Command, gateway: ServedGateway, tmp_path: Path, bank: str
) -> None:
    rows = [f"L-{number},2026-03-02,10.00,USD,credit,,{'ä' * 3900}" for number in range(150)]
    found = imported(q2c, file_of(tmp_path, *rows), bank)
    assert (found.exit_code, json.loads(found.stdout)["recorded"]) == (0, 150)
    started = [what for name, what in gateway.operations.calls if name == "start receipts"]
    assert len(started) > 1


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("E-1,2026-03-02,1e3,USD,credit,,", "line 2: amount: must be a decimal"),
        ("E-1,2026-03-32,1.00,USD,credit,,", "line 2: value_date"),
        (",2026-03-02,1.00,USD,credit,,", "line 2: reference: is needed"),
        (f"E-1,2026-03-02,1.00,USD,credit,,{'x' * 4001}", "line 2: what the remitter says is longer"),
    ],
)
def test_bad_file_ends_with_2_and_names_line_and_field(
    q2c: Command, tmp_path: Path, row: str, words: str
) -> None:
    file = file_of(tmp_path, row)
    found = imported(q2c, file, "ubs")
    assert (found.exit_code, found.stdout) == (2, "")
    assert f"{file}: {words}" in found.stderr
    assert imported(q2c, str(tmp_path / "none.xml"), "ubs").exit_code == 2
    assert "bank: must be" in imported(q2c, file, "My Bank").stderr


def test_known_reference_with_another_amount_is_refused(
    q2c: Command, gateway: ServedGateway, tmp_path: Path, bank: str
) -> None:
    imported(q2c, file_of(tmp_path, "E-1,2026-03-02,1.00,USD,credit,,"), bank)
    found = imported(q2c, file_of(tmp_path, "E-1,2026-03-02,2.00,USD,credit,,"), bank)
    assert found.exit_code == 1
    assert f"{bank}/E-1" in found.stderr


def test_reversal_of_a_part_is_offered_and_taken_with_its_own_amount(
    q2c: Command, gateway: ServedGateway, tmp_path: Path, bank: str
) -> None:
    rows = ("E-1,2026-03-02,100.00,USD,credit,,", "R-1,2026-03-05,40.00,USD,debit,true,return of E-1")
    found = imported(q2c, file_of(tmp_path, *rows), bank)
    assert f"q2c cash return {bank}/E-1 --entry R-1" in found.stderr
    q2c("cash", "return", f"{bank}/E-1", "--entry", "R-1", "--contract", "C-1", "--reason", "why")
    asked = [what for name, what in gateway.operations.calls if name == "decide cash"]
    assert asked == [("return", "C-1", "why", "finance-person", f"cash/{bank}/E-1", None, Decimal("40.00"))]


def test_decision_names_invoices_or_an_account_and_needs_a_receipt_that_waits(
    q2c: Command, gateway: ServedGateway, tmp_path: Path, bank: str
) -> None:
    imported(q2c, file_of(tmp_path, "E-1,2026-03-02,1.00,USD,credit,,"), bank)
    apply = ("cash", "apply", f"{bank}/E-1", "--reason", "x")
    assert q2c(*apply).exit_code == 2
    assert q2c(*apply, "--invoice", "A", "--on-account", "C-1").exit_code == 2
    assert q2c(*apply, "--invoice", "A=ten").exit_code == 2
    nobody = q2c(*apply, "--invoice", "A=1.00")
    assert (nobody.exit_code, "waits for nobody" in nobody.stderr) == (1, True)
    assert q2c("cash", "apply", "E-1", "--reason", "x", "--invoice", "A").exit_code == 2
    assert q2c("cash", "show", f"{bank}/E-2").exit_code == 1


INVOICE = "C-1/invoice/2026-01-01"


@pytest.mark.parametrize(
    ("status", "exit_code", "words"),
    [
        ("waiting", 3, "q2c override approve OV-1"),
        ("rejected", 3, "was not approved"),
        ("blocked", 1, "an exception is open"),
        ("done", 0, ""),
    ],
)
def test_decision_ends_with_how_it_stands(
    q2c: Command, gateway: ServedGateway, status: str, exit_code: int, words: str
) -> None:
    told = gateway.operations.cash_decision.model_copy(update={"status": status})
    gateway.operations.cash_decision = told
    found = q2c("cash", "write-off", f"{INVOICE}=2.00", "--reason", "bank charges", "-o", "json")
    assert (found.exit_code, found.json["status"]) == (exit_code, status)
    assert words in found.stderr
    gateway.operations.cash_decision = FakeCash.cash_decision


def test_each_decision_says_what_it_is_about(q2c: Command, gateway: ServedGateway) -> None:
    reason = ("--reason", "why")
    q2c("cash", "write-off", f"{INVOICE}=2.00", "C-1/invoice/2026-02-01", *reason)
    q2c("cash", "apply", "payment/stripe/pi_1", "--invoice", INVOICE, *reason)
    q2c("cash", "return", "ubs/E-17", "--contract", "C-1", *reason)
    q2c("cash", "return", "ubs/E-17", "--contract", "C-1", "--amount", "4.00", *reason)
    q2c("cash", "refund", "payment/stripe/pi_1", "--contract", "C-1", "--amount", "2.50", *reason)
    asked = [what for name, what in gateway.operations.calls if name == "decide cash"]
    chosen = {INVOICE: Decimal("2.00"), "C-1/invoice/2026-02-01": None}
    by = ("why", "finance-person")
    assert asked == [
        ("write_off", "C-1", *by, None, chosen, None),
        ("application", "C-1", *by, "payment/stripe/pi_1", {INVOICE: None}, None),
        ("return", "C-1", *by, "cash/ubs/E-17", None, None),
        ("return", "C-1", *by, "cash/ubs/E-17", None, Decimal("4.00")),
        ("refund", "C-1", *by, "payment/stripe/pi_1", None, Decimal("2.50")),
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        ("write-off", "INV-1"),
        ("write-off", f"{INVOICE}=two"),
        ("write-off", INVOICE, f"{INVOICE}=1.00"),
        ("apply", "payment/stripe/pi_1", "--invoice", "INV-1"),
        ("apply", "payment/stripe/pi_1", "--on-account", "C-1"),
        ("refund", "payment/stripe/pi_unknown"),
        ("return", "E-17"),
        ("return", "ubs/E-unknown"),
        ("return", "ubs/E-17", "--contract", "C-1", "--entry", "R-unknown"),
        ("return", "ubs/E-17", "--contract", "C-1", "--entry", "R-1", "--amount", "1.00"),
        ("refund", "payment/stripe/pi_1", "--contract", "C-1", "--amount", "-1"),
    ],
)
def test_decision_that_makes_no_sense_ends_with_2(
    q2c: Command, gateway: ServedGateway, arguments: tuple[str, ...]
) -> None:
    found = q2c("cash", *arguments, "--reason", "why")
    assert (found.exit_code, found.stdout) == (2, "")
    assert found.stderr


def test_unapplied_money_is_listed_by_entity(q2c: Command, gateway: ServedGateway) -> None:
    listed = q2c("cash", "list", "--unapplied", "--entity", "US01", "-o", "json").json
    assert [(each["key"], each["unapplied"]) for each in listed] == [("payment/stripe/pi_1", "20.00")]
    assert q2c("cash", "list", "--unapplied").exit_code == 2


def test_entity_without_contracts_is_refused(q2c: Command, gateway: ServedGateway, tmp_path: Path) -> None:
    file = file_of(tmp_path, "E-1,2026-03-02,10.00,USD,credit,,")
    refused = q2c("cash", "import", file, "--bank", "ubs", "--entity", "US10")
    assert refused.exit_code == 2
    assert "entity: US10 has no contracts; those that have: " in refused.stderr
    assert q2c("cash", "list", "--unapplied", "--entity", "US10").exit_code == 2
