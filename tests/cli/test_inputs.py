"""Bad input is named, with the way out, before any server is asked: nothing runs while these do."""

from pathlib import Path

import pytest

from tests.cli.running import Command

REASON = ("--reason", "agreed")
MONTHS = ("2026-13", "2026-1", "January", "26-01", "2026-01-01", "")
BAD = [
    *((("reconcile", "--period", month), "--period", "2026-01") for month in MONTHS),
    (("reconcile",), "--period", "2026-01"),
    (("reconcile", "--period", "2026-01", "--entity", " "), "--entity", "empty"),
    (("reconcile", "--period", "2026-01", "--entity", "E" * 65), "--entity", "64"),
    (("reconcile", "list", "--period", "2026-13"), "--period", "2026-01"),
    (("reconcile", "repair", "BR-1", "--reason", " "), "--reason", "empty"),
    (("reconcile", "show", ""), "BREAK", "empty"),
    (("close", "check", "--period", "2026-00"), "--period", "2026-01"),
    (("close", "close", "--period", "2026-13", *REASON), "--period", "2026-01"),
    (("close", "close", "--period", "2026-01", "--reason", ""), "--reason", "empty"),
    (("revenue", "run", "--period", "2026-13"), "--period", "2026-01"),
    (("revenue", "run", "--period", "2026-01", "--as-of", "2026-02-30"), "--as-of", "YYYY-MM-DD"),
    (("revenue", "show", "--period", "2026-13", "--entity", "US01"), "--period", "2026-01"),
    (("revenue", "show", "--period", "2026-01", "--entity", ""), "--entity", "empty"),
    (("revenue", "waterfall", "--from", "2026-13"), "--from", "2026-01"),
    (("revaluation", "run", "--period", "2026-13"), "--period", "2026-01"),
    (("revaluation", "run", "--period", "2026-01", "--as-of", "today"), "--as-of", "YYYY-MM-DD"),
    (("revaluation", "show", "--period", "2026-01", "--entity", ""), "--entity", "empty"),
    (("translation", "show", "--period", "2026-13"), "--period", "2026-01"),
    (("cash", "refund", "payment/stripe/pi_1", "--amount", "1,5", *REASON), "--amount", "100.00"),
    (("cash", "refund", "payment/stripe/pi_1", "--amount", "0", *REASON), "--amount", "above zero"),
    (("cash", "write-off", "C-1/invoice/2026-01-01=free", *REASON), "INVOICE", "100.00"),
    (("cash", "write-off", "C-1/invoice/2026-01-01", "--reason", " "), "--reason", "empty"),
    (("event", "sweep", "--since", "yesterday"), "--since", "2026-01-31T08:00:00Z"),
    (("rates", "show", "--date", "31.01.2026"), "--date", "YYYY-MM-DD"),
    (("rates", "show", "--currency", "DEM"), "--currency", "ISO 4217"),
    (("usage", "show", "C-1", "--month", "2026-13"), "--month", "2026-01"),
    (("contract", "show", ""), "ID", "empty"),
    (("exception", "retry", "EX-1", "--reason", " "), "--reason", "empty"),
    (("override", "approve", "OV-1", "--reason", ""), "--reason", "empty"),
    (("platform", "pause", "stripe", "--reason", ""), "--reason", "empty"),
    (("trigger", "hubspot", "contract.json"), "PLATFORM", "salesforce"),
    (("trigger", "stripe", "payment", "--currency", "XXL"), "--currency", "ISO 4217"),
    (("trigger", "stripe", "present"), "FILE", "payment"),
    (("sandbox", "fault", "stripe", "--outcome", "explodes"), "--outcome", "applied-then-timeout"),
    (("sandbox", "clock", "--to", "tomorrow"), "--to", "YYYY-MM-DD"),
    (("audit", "verify", "--anchor", "five"), "--anchor", "NUMBER:HASH"),
]


@pytest.mark.parametrize(("words", "field", "way_out"), BAD, ids=lambda value: str(value)[:60])
def test_bad_input_is_named_where_nothing_runs(
    q2c: Command, words: tuple[str, ...], field: str, way_out: str
) -> None:
    outcome = q2c(*words)
    assert (outcome.exit_code, outcome.stdout) == (2, "")
    assert outcome.stderr.startswith(f"{field}: ")
    assert way_out in outcome.stderr


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (("sandbox", "fault", "stripe", "--outcome", "429", "--times", "0"), "--times"),
        (("trigger", "stripe", "payment", "--invoice", "in_1", "--method", "cheque"), "--method"),
        (("reconcile", "list", "--status", "lost"), "--status"),
    ],
)
def test_a_choice_that_there_is_not_is_wrong_usage(q2c: Command, words: tuple[str, ...], option: str) -> None:
    outcome = q2c(*words)
    assert (outcome.exit_code, option in outcome.stderr) == (2, True)


def test_good_input_where_nothing_runs_ends_with_4(q2c: Command, tmp_path: Path) -> None:
    outcome = q2c("reconcile", "--period", "2026-01", "--entity", "US01")
    assert (outcome.exit_code, "q2c up" in outcome.stderr) == (4, True)
