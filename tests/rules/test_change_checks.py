"""Changes that are refused, each naming its field."""

from typing import Any

import pytest

from tests.rules.scenarios import (
    amendment,
    cancellation,
    contract,
    findings,
    flat,
    metered,
    one_time,
    raw,
    renewal,
    seats,
)

ADD = {"product": "P", "pricing": {"model": "flat", "amount": "1", "per": "month"}}


def _amended(entry: dict[str, Any], *lines: dict[str, Any]) -> dict[str, Any]:
    return raw(contract(*(lines or (seats(), metered(), one_time()))), amendment("2026-04-01", entry))


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        ({"id": "L1"}, "changes[0].lines[0].id"),
        ({"id": "L1", "quantity": "-1"}, "changes[0].lines[0].quantity"),
        ({"id": "L1", "discount_percent": "101"}, "changes[0].lines[0].discount_percent"),
        (
            {"id": "L1", "pricing": {"model": "per_unit", "unit_price": "1"}},
            "changes[0].lines[0].pricing.per",
        ),
        (
            {"id": "L1", "pricing": {"model": "flat", "amount": "1", "per": "month"}},
            "changes[0].lines[0].pricing.model",
        ),
        ({"id": "U1", "quantity": "5"}, "changes[0].lines[0].quantity"),
        (
            {"id": "U1", "pricing": {"model": "per_unit", "unit_price": "1", "per": "month"}},
            "changes[0].lines[0].pricing.per",
        ),
        ({"id": "O1", "quantity": "5"}, "changes[0].lines[0].id"),
        ({"id": "O1", "remove": True}, "changes[0].lines[0].id"),
        ({"id": "X", "quantity": "5"}, "changes[0].lines[0].id"),
        ({"id": "X", "remove": True}, "changes[0].lines[0].id"),
        ({"id": "L1", "remove": False}, "changes[0].lines[0].remove"),
        ({"id": "L1", "remove": True, "quantity": "1"}, "changes[0].lines[0].quantity"),
        ({"id": "L2", "remove": True, "add": ADD}, "changes[0].lines[0].remove"),
        ({"id": "L2", "quantity": "1", "add": ADD}, "changes[0].lines[0].quantity"),
        (
            {"id": "L2", "add": ADD | {"pricing": {"model": "flat", "amount": "1"}}},
            "changes[0].lines[0].add.pricing.per",
        ),
        ({"id": "L2", "add": ADD | {"id": "L2"}}, "changes[0].lines[0].add.id"),
        ({"id": "L1", "add": ADD}, "changes[0].lines[0].id"),
        (
            {"id": "L2", "add": ADD | {"tax_rates": [{"from": "2026-04-02", "percent": "1"}]}},
            "changes[0].lines[0].add.tax_rates",
        ),
    ],
)
def test_an_amendment_that_makes_no_sense_is_refused(entry: dict[str, Any], field: str) -> None:
    assert field in findings(_amended(entry))


def test_a_quantity_other_than_1_of_a_flat_line_is_refused() -> None:
    assert "changes[0].lines[0].quantity" in findings(_amended({"id": "L1", "quantity": "2"}, flat()))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ([amendment("2025-12-31", {"id": "L1", "quantity": "1"})], "changes[0].effective_date"),
        ([amendment("2027-01-02", {"id": "L1", "quantity": "1"})], "changes[0].effective_date"),
        ([cancellation("2027-01-02")], "changes[0].effective_date"),
        ([cancellation("2025-12-31")], "changes[0].effective_date"),
        ([renewal("2027-01-02", term_months=12)], "changes[0].effective_date"),
        ([renewal("2027-01-01")], "changes[0].term_months"),
        ([renewal("2027-01-01", term_months=12, uplift_percent="-1")], "changes[0].uplift_percent"),
        (
            [renewal("2027-01-01", term_months=12), renewal("2027-01-01", term_months=12) | {"id": "again"}],
            "changes[1].effective_date",
        ),
        (
            [cancellation("2026-05-01"), amendment("2026-05-02", {"id": "L1", "quantity": "1"})],
            "changes[1].effective_date",
        ),
        ([cancellation("2026-05-01"), cancellation("2026-06-01")], "changes[1].effective_date"),
        (
            [cancellation("2026-05-01"), cancellation("2026-05-01") | {"id": "again"}],
            "changes[1].effective_date",
        ),
        ([cancellation("2026-05-01", fee="-1")], "changes[0].fee"),
        ([cancellation("2026-05-01", credit="half")], "changes[0].credit"),
        (
            [amendment("2026-05-01", {"id": "L1", "quantity": "1"}, {"id": "L1", "discount_percent": "5"})],
            "changes[0].lines[1].id",
        ),
        (
            [
                amendment("2026-05-01", {"id": "L1", "remove": True}),
                amendment("2026-06-01", {"id": "L1", "quantity": "1"}),
            ],
            "changes[1].lines[0].id",
        ),
        (
            [
                amendment("2026-05-01", {"id": "L1", "remove": True}),
                amendment("2026-06-01", {"id": "L1", "add": ADD}),
            ],
            "changes[1].lines[0].id",
        ),
        (
            [
                amendment("2026-06-01", {"id": "L2", "add": ADD}),
                amendment("2026-05-01", {"id": "L2", "remove": True}),
            ],
            "changes[1].lines[0].id",
        ),
        (
            [
                amendment("2026-05-01", {"id": "L1", "quantity": "1"}, name="A"),
                amendment("2026-06-01", {"id": "L1", "quantity": "2"}, name="A"),
            ],
            "changes[1].id",
        ),
        (
            [amendment("2026-05-01", {"id": "X", "quantity": "1"}), cancellation("2026-05-01")],
            "changes[0].lines[0].id",
        ),
        ([amendment("2026-05-01")], "changes[0].lines"),
        ([{"id": "X", "type": "upgrade", "effective_date": "2026-05-01"}], "changes[0].type"),
        ([{"id": "X", "effective_date": "2026-05-01"}], "changes[0].type"),
    ],
)
def test_a_change_out_of_its_place_is_refused(changes: list[dict[str, Any]], field: str) -> None:
    assert field in findings(raw(contract(seats()), *changes))
