"""What a noun takes in: decimals as text, days as text, whole numbers as numbers, no unknown key."""

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from canonical.base import Count, Day, Dec, Flag, Noun
from canonical.contract import Billing, RenewalTerms


class Sample(Noun):
    amount: Dec = Decimal(0)
    day: Day = dt.date(2026, 1, 1)
    count: Count = 0
    flag: Flag = False


@pytest.mark.parametrize("text", ["0", "12.10", "-3", "0.000000000000000001", "1" * 28])
def test_a_decimal_is_read_from_plain_text(text: str) -> None:
    assert Sample.model_validate({"amount": text}).amount == Decimal(text)


@pytest.mark.parametrize(
    "value",
    [
        1,
        1.5,
        True,
        None,
        "",
        " 1",
        "1 ",
        "+1",
        "1e3",
        ".5",
        "5.",
        "1,5",
        "NaN",
        "Infinity",
        "١٢",
        "0x1",
        "--1",
        [],
    ],
)
def test_anything_else_in_a_decimals_place_is_refused(value: Any) -> None:
    with pytest.raises(ValidationError):
        Sample.model_validate({"amount": value})


@pytest.mark.parametrize(
    "value",
    [
        20260101,
        "20260101",
        "2026-1-1",
        "2026-01-01T00:00:00",
        "2026-02-30",
        "01.01.2026",
        True,
        dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    ],
)
def test_a_day_is_year_month_day_and_nothing_else(value: Any) -> None:
    with pytest.raises(ValidationError):
        Sample.model_validate({"day": value})


def test_a_day_is_read_from_text_or_taken_as_a_date() -> None:
    assert Sample.model_validate({"day": "2028-02-29"}).day == dt.date(2028, 2, 29)
    assert Sample.model_validate({"day": dt.date(2028, 2, 29)}).day == dt.date(2028, 2, 29)


@pytest.mark.parametrize("value", ["12", 12.0, True, None, "1"])
def test_a_count_is_a_whole_number_without_quotes(value: Any) -> None:
    with pytest.raises(ValidationError):
        Sample.model_validate({"count": value})


@pytest.mark.parametrize("value", [0, 1, "true", "yes", None])
def test_a_flag_is_true_or_false(value: Any) -> None:
    with pytest.raises(ValidationError):
        Sample.model_validate({"flag": value})


@pytest.mark.parametrize("months", [0, 2, 24, True, "3", 3.0])
def test_billing_frequency_is_1_3_6_or_12_months(months: Any) -> None:
    with pytest.raises(ValidationError):
        Billing.model_validate({"frequency_months": months, "timing": "advance"})


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(ValidationError, match="extra"):
        Sample.model_validate({"amonut": "1"})


def test_a_noun_goes_to_json_and_back_with_decimals_as_text() -> None:
    sample = Sample(amount=Decimal("12.10"), day=dt.date(2026, 1, 31), count=3, flag=True)
    written = sample.model_dump_json()
    assert json.loads(written) == {"amount": "12.10", "day": "2026-01-31", "count": 3, "flag": True}
    assert Sample.model_validate_json(written) == sample


def test_an_evergreen_renewal_and_one_that_says_no_term_stay_apart_over_json() -> None:
    for terms in (RenewalTerms(auto=True, term_months="evergreen"), RenewalTerms(auto=False)):
        assert RenewalTerms.model_validate_json(terms.model_dump_json()) == terms
