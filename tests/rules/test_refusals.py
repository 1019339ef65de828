"""FINANCE.md, "What a scenario may leave out, and what is refused", item by item: exit 2, the field named."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.main import app

Json = dict[str, Any]
Spoil = Callable[[Json], object]

SCENARIO: Json = {
    "contract": {
        "id": "C-1",
        "account": {
            "id": "A-1",
            "name": "Acme",
            "billing_address": {"line1": "1 Main St", "city": "Ulm", "postal_code": "89073", "country": "DE"},
        },
        "legal_entity": "DE01",
        "currency": "EUR",
        "start_date": "2026-01-15",
        "term_months": 12,
        "billing": {"frequency_months": 3, "timing": "advance"},
        "renewal": {"auto": False, "term_months": 12, "uplift_percent": "5"},
        "lines": [
            {
                "id": "L1",
                "product": "SEAT",
                "pricing": {"model": "per_unit", "unit_price": "10", "per": "month"},
                "quantity": "5",
                "tax_rates": [{"from": "2026-01-01", "percent": "19"}],
            },
            {
                "id": "T1",
                "product": "TIERED",
                "pricing": {
                    "model": "graduated",
                    "per": "month",
                    "tiers": [{"up_to": "10", "unit_price": "2"}, {"up_to": None, "unit_price": "1"}],
                },
                "quantity": "5",
            },
            {"id": "F1", "product": "PLAN", "pricing": {"model": "flat", "amount": "9", "per": "month"}},
            {
                "id": "U1",
                "product": "CALLS",
                "charge": "usage",
                "pricing": {"model": "per_unit", "unit_price": "0.1"},
            },
            {
                "id": "O1",
                "product": "SETUP",
                "charge": "one_time",
                "pricing": {"model": "flat", "amount": "100"},
            },
        ],
    },
    "changes": [
        {
            "id": "CH-1",
            "type": "amendment",
            "effective_date": "2026-02-01",
            "lines": [{"id": "L1", "quantity": "6"}],
        }
    ],
    "usage": [{"line": "U1", "date": "2026-02-10", "quantity": "5", "id": "E-1"}],
    "payments": [{"id": "P-1", "date": "2026-02-10", "amount": "100.00"}],
    "as_of": "2027-06-30",
}


def line(data: Json, name: str) -> Json:
    return next(one for one in data["contract"]["lines"] if one["id"] == name)


def amend(data: Json, *entries: Json, on: str = "2026-03-01") -> Json:
    data["changes"].append({"id": "CH-9", "type": "amendment", "effective_date": on, "lines": list(entries)})
    return data


def cancel(data: Json, on: str) -> Json:
    data["changes"].append({"id": "CH-8", "type": "cancellation", "effective_date": on})
    return data


def renew(data: Json, on: str) -> Json:
    data["changes"].append({"id": "CH-7", "type": "renewal", "effective_date": on})
    return data


def seat(**more: Any) -> Json:
    return {
        "product": "SEAT",
        "pricing": {"model": "per_unit", "unit_price": "10", "per": "month"},
        **more,
    }


def preview(path: Path, data: Json | str) -> Result:
    path.write_text(data if isinstance(data, str) else json.dumps(data), "utf-8")
    return CliRunner().invoke(app, ["preview", str(path), "-o", "json"], catch_exceptions=False)


UNKNOWN_KEYS: list[tuple[str, Spoil]] = [
    ("surprise", lambda data: data.update(surprise=1)),
    ("contract.surprise", lambda data: data["contract"].update(surprise=1)),
    ("contract.account.surprise", lambda data: data["contract"]["account"].update(surprise=1)),
    (
        "contract.account.billing_address.surprise",
        lambda data: data["contract"]["account"]["billing_address"].update(surprise=1),
    ),
    ("contract.billing.surprise", lambda data: data["contract"]["billing"].update(surprise=1)),
    ("contract.renewal.surprise", lambda data: data["contract"]["renewal"].update(surprise=1)),
    ("contract.lines[0].surprise", lambda data: line(data, "L1").update(surprise=1)),
    ("contract.lines[0].pricing.surprise", lambda data: line(data, "L1")["pricing"].update(surprise=1)),
    (
        "contract.lines[1].pricing.tiers[0].surprise",
        lambda data: line(data, "T1")["pricing"]["tiers"][0].update(surprise=1),
    ),
    (
        "contract.lines[0].tax_rates[0].surprise",
        lambda data: line(data, "L1")["tax_rates"][0].update(surprise=1),
    ),
    ("changes[0].surprise", lambda data: data["changes"][0].update(surprise=1)),
    ("changes[0].lines[0].surprise", lambda data: data["changes"][0]["lines"][0].update(surprise=1)),
    (
        "changes[1].lines[0].add.surprise",
        lambda data: amend(data, {"id": "N1", "add": seat(surprise=1)}),
    ),
    ("usage[0].surprise", lambda data: data["usage"][0].update(surprise=1)),
    ("payments[0].surprise", lambda data: data["payments"][0].update(surprise=1)),
    ("periods.surprise", lambda data: data.update(periods={"closed": [], "surprise": 1})),
    (
        "fx.surprise",
        lambda data: data.update(
            fx={
                "functional_currency": "USD",
                "rates": [{"date": "2026-01-01", "rate": "1.1"}],
                "surprise": 1,
            }
        ),
    ),
]

MISSING: list[tuple[str, Spoil]] = [
    ("contract", lambda data: data.pop("contract")),
    ("as_of", lambda data: data.pop("as_of")),
    ("contract.id", lambda data: data["contract"].pop("id")),
    ("contract.account", lambda data: data["contract"].pop("account")),
    ("contract.legal_entity", lambda data: data["contract"].pop("legal_entity")),
    ("contract.currency", lambda data: data["contract"].pop("currency")),
    ("contract.start_date", lambda data: data["contract"].pop("start_date")),
    ("contract.term_months", lambda data: data["contract"].pop("term_months")),
    ("contract.billing", lambda data: data["contract"].pop("billing")),
    ("contract.billing.frequency_months", lambda data: data["contract"]["billing"].pop("frequency_months")),
    ("contract.billing.timing", lambda data: data["contract"]["billing"].pop("timing")),
    ("contract.lines", lambda data: data["contract"].pop("lines")),
    ("contract.lines[0].id", lambda data: line(data, "L1").pop("id")),
    ("contract.lines[0].product", lambda data: line(data, "L1").pop("product")),
    ("contract.lines[0].pricing", lambda data: line(data, "L1").pop("pricing")),
    ("contract.lines[0].pricing.model", lambda data: line(data, "L1")["pricing"].pop("model")),
    ("contract.lines[0].pricing.unit_price", lambda data: line(data, "L1")["pricing"].pop("unit_price")),
    ("contract.lines[0].pricing.per", lambda data: line(data, "L1")["pricing"].pop("per")),
    ("contract.lines[2].pricing.amount", lambda data: line(data, "F1")["pricing"].pop("amount")),
    ("contract.lines[1].pricing.tiers", lambda data: line(data, "T1")["pricing"].pop("tiers")),
    ("changes[0].id", lambda data: data["changes"][0].pop("id")),
    ("changes[0].type", lambda data: data["changes"][0].pop("type")),
    ("changes[0].effective_date", lambda data: data["changes"][0].pop("effective_date")),
    ("changes[0].lines", lambda data: data["changes"][0].pop("lines")),
    ("usage[0].line", lambda data: data["usage"][0].pop("line")),
    ("usage[0].date", lambda data: data["usage"][0].pop("date")),
    ("usage[0].quantity", lambda data: data["usage"][0].pop("quantity")),
    ("payments[0].id", lambda data: data["payments"][0].pop("id")),
    ("payments[0].date", lambda data: data["payments"][0].pop("date")),
    ("payments[0].amount", lambda data: data["payments"][0].pop("amount")),
]

NUMBERS: list[tuple[str, Spoil]] = [
    ("contract.lines[0].quantity", lambda data: line(data, "L1").update(quantity=5)),
    ("contract.lines[0].quantity", lambda data: line(data, "L1").update(quantity=5.5)),
    ("contract.lines[0].discount_percent", lambda data: line(data, "L1").update(discount_percent=0)),
    ("contract.lines[1].tax_rate_percent", lambda data: line(data, "T1").update(tax_rate_percent=19.0)),
    (
        "contract.lines[0].tax_rates[0].percent",
        lambda data: line(data, "L1")["tax_rates"][0].update(percent=1),
    ),
    ("contract.lines[0].pricing.unit_price", lambda data: line(data, "L1")["pricing"].update(unit_price=10)),
    ("contract.lines[2].pricing.amount", lambda data: line(data, "F1")["pricing"].update(amount=9)),
    (
        "contract.lines[1].pricing.tiers[0].up_to",
        lambda data: line(data, "T1")["pricing"]["tiers"][0].update(up_to=10),
    ),
    (
        "contract.lines[1].pricing.tiers[0].unit_price",
        lambda data: line(data, "T1")["pricing"]["tiers"][0].update(unit_price=2),
    ),
    ("contract.renewal.uplift_percent", lambda data: data["contract"]["renewal"].update(uplift_percent=5)),
    ("changes[0].lines[0].quantity", lambda data: data["changes"][0]["lines"][0].update(quantity=6)),
    ("usage[0].quantity", lambda data: data["usage"][0].update(quantity=1500)),
    ("payments[0].amount", lambda data: data["payments"][0].update(amount=100.0)),
    ("contract.lines[0].quantity", lambda data: line(data, "L1").update(quantity=True)),
    ("contract.lines[0].quantity", lambda data: line(data, "L1").update(quantity="NaN")),
    ("contract.lines[0].quantity", lambda data: line(data, "L1").update(quantity="Infinity")),
    ("contract.lines[0].quantity", lambda data: line(data, "L1").update(quantity="")),
    ("contract.lines[0].quantity", lambda data: line(data, "L1").update(quantity="five")),
]

NEGATIVE: list[tuple[str, Spoil]] = [
    ("contract.lines[0].quantity", lambda data: line(data, "L1").update(quantity="-1")),
    ("contract.lines[0].discount_percent", lambda data: line(data, "L1").update(discount_percent="-1")),
    ("contract.lines[0].discount_percent", lambda data: line(data, "L1").update(discount_percent="100.01")),
    ("contract.lines[1].tax_rate_percent", lambda data: line(data, "T1").update(tax_rate_percent="-19")),
    (
        "contract.lines[0].tax_rates[0].percent",
        lambda data: line(data, "L1")["tax_rates"][0].update(percent="-1"),
    ),
    (
        "contract.lines[0].pricing.unit_price",
        lambda data: line(data, "L1")["pricing"].update(unit_price="-10"),
    ),
    ("contract.lines[2].pricing.amount", lambda data: line(data, "F1")["pricing"].update(amount="-9")),
    (
        "contract.lines[1].pricing.tiers[0].unit_price",
        lambda data: line(data, "T1")["pricing"]["tiers"][0].update(unit_price="-2"),
    ),
    (
        "contract.lines[1].pricing.tiers[0].up_to",
        lambda data: line(data, "T1")["pricing"]["tiers"][0].update(up_to="-2"),
    ),
    ("contract.renewal.uplift_percent", lambda data: data["contract"]["renewal"].update(uplift_percent="-5")),
    ("changes[0].lines[0].quantity", lambda data: data["changes"][0]["lines"][0].update(quantity="-6")),
    (
        "changes[1].lines[0].discount_percent",
        lambda data: amend(data, {"id": "L1", "discount_percent": "101"}),
    ),
    ("changes[1].lines[0].add.quantity", lambda data: amend(data, {"id": "N1", "add": seat(quantity="-1")})),
    ("payments[0].amount", lambda data: data["payments"][0].update(amount="-1.00")),
    (
        "contract.billing.payment_terms_days",
        lambda data: data["contract"]["billing"].update(payment_terms_days=-1),
    ),
]

PRICES: list[tuple[str, Spoil]] = [
    ("contract.lines[2].quantity", lambda data: line(data, "F1").update(quantity="2")),
    ("contract.lines[2].quantity", lambda data: line(data, "F1").update(quantity="0")),
    ("changes[1].lines[0].quantity", lambda data: amend(data, {"id": "F1", "quantity": "2"})),
    (
        "changes[1].lines[0]",
        lambda data: amend(data, {"id": "L1", "pricing": {"model": "flat", "amount": "9", "per": "month"}}),
    ),
    (
        "changes[1].lines[0].add.quantity",
        lambda data: amend(
            data,
            {
                "id": "N1",
                "add": {
                    "product": "P",
                    "quantity": "2",
                    "pricing": {"model": "flat", "amount": "9", "per": "month"},
                },
            },
        ),
    ),
    ("contract.lines[1].pricing.tiers", lambda data: line(data, "T1")["pricing"].update(tiers=[])),
    ("contract.lines[1].pricing.tiers", lambda data: line(data, "T1")["pricing"]["tiers"].reverse()),
    ("contract.lines[1].pricing.tiers", lambda data: line(data, "T1")["pricing"]["tiers"].pop()),
    (
        "contract.lines[1].pricing.tiers",
        lambda data: line(data, "T1")["pricing"]["tiers"].insert(1, {"up_to": "10", "unit_price": "2"}),
    ),
    (
        "contract.lines[1].pricing.tiers",
        lambda data: line(data, "T1")["pricing"]["tiers"].insert(0, {"up_to": "11", "unit_price": "2"}),
    ),
    (
        "changes[1].lines[0].pricing.tiers",
        lambda data: amend(data, {"id": "T1", "pricing": {"model": "volume", "per": "month", "tiers": []}}),
    ),
    ("contract.lines[0].pricing.model", lambda data: line(data, "L1")["pricing"].update(model="stairs")),
    ("contract.lines[0].pricing.per", lambda data: line(data, "L1")["pricing"].update(per="week")),
    ("contract.lines[0].charge", lambda data: line(data, "L1").update(charge="sometimes")),
    (
        "contract.billing.frequency_months",
        lambda data: data["contract"]["billing"].update(frequency_months=2),
    ),
    ("contract.billing.timing", lambda data: data["contract"]["billing"].update(timing="never")),
    ("contract.term_months", lambda data: data["contract"].update(term_months=0)),
    ("contract.term_months", lambda data: data["contract"].update(term_months=-12)),
    ("contract.lines", lambda data: data["contract"].update(lines=[])),
]

LINES: list[tuple[str, Spoil]] = [
    ("contract.lines[5].id", lambda data: data["contract"]["lines"].append({"id": "L1", **seat()})),
    ("changes[1].lines[0].id", lambda data: amend(data, {"id": "L1", "add": seat()})),
    (
        "changes[2].lines[0].id",
        lambda data: (
            amend(data, {"id": "L1", "remove": True}),
            data["changes"].append(
                {
                    "id": "CH-10",
                    "type": "amendment",
                    "effective_date": "2026-05-01",
                    "lines": [{"id": "L1", "add": seat()}],
                }
            ),
        ),
    ),
    (
        "changes[1].lines[1].id",
        lambda data: amend(data, {"id": "L1", "quantity": "7"}, {"id": "L1", "discount_percent": "5"}),
    ),
    (
        "changes[1].lines[1].id",
        lambda data: amend(data, {"id": "L1", "remove": True}, {"id": "L1", "add": seat()}),
    ),
    ("changes[1].lines[0]", lambda data: amend(data, {"id": "O1", "quantity": "1"})),
    ("changes[1].lines[0]", lambda data: amend(data, {"id": "O1", "discount_percent": "5"})),
    (
        "changes[1].lines[0]",
        lambda data: amend(data, {"id": "O1", "pricing": {"model": "flat", "amount": "1"}}),
    ),
    ("changes[1].lines[0]", lambda data: amend(data, {"id": "O1", "remove": True})),
    ("changes[1].lines[0].quantity", lambda data: amend(data, {"id": "U1", "quantity": "7"})),
    ("changes[1].lines[0].id", lambda data: amend(data, {"id": "NONE", "quantity": "7"})),
    ("changes[1].lines[0].id", lambda data: amend(data, {"id": "NONE", "remove": True})),
    (
        "changes[2].lines[0].id",
        lambda data: (
            amend(data, {"id": "L1", "remove": True}),
            data["changes"].append(
                {
                    "id": "CH-10",
                    "type": "amendment",
                    "effective_date": "2026-05-01",
                    "lines": [{"id": "L1", "quantity": "9"}],
                }
            ),
        ),
    ),
    ("changes[1].lines[0]", lambda data: amend(data, {"id": "L1"})),
    ("changes[1].lines[0]", lambda data: amend(data, {"id": "L1", "quantity": "2", "remove": True})),
    ("changes[1].lines[0].remove", lambda data: amend(data, {"id": "L1", "remove": False})),
    ("changes[1].lines", lambda data: amend(data)),
    (
        "changes[1].id",
        lambda data: (amend(data, {"id": "L1", "quantity": "7"}), data["changes"][1].update(id="CH-1")),
    ),
]

DATES: list[tuple[str, Spoil]] = [
    ("changes[1].effective_date", lambda data: amend(data, {"id": "L1", "quantity": "7"}, on="2026-01-14")),
    ("changes[1].effective_date", lambda data: amend(data, {"id": "L1", "quantity": "7"}, on="2027-01-16")),
    ("changes[1].effective_date", lambda data: cancel(data, "2026-01-14")),
    ("changes[1].effective_date", lambda data: cancel(data, "2027-01-16")),
    ("changes[1].effective_date", lambda data: renew(data, "2027-01-16")),
    ("changes[1].effective_date", lambda data: renew(data, "2026-01-14")),
    (
        "changes[2].effective_date",
        lambda data: (
            cancel(data, "2026-03-01"),
            amend(data, {"id": "L1", "quantity": "7"}, on="2026-03-02"),
        ),
    ),
    (
        "changes[2].effective_date",
        lambda data: (cancel(data, "2026-03-01"), renew(data, "2027-01-15")),
    ),
    ("contract.start_date", lambda data: data["contract"].update(start_date="2026-02-30")),
    ("contract.start_date", lambda data: data["contract"].update(start_date="2026-01-15T00:00:00")),
    ("contract.start_date", lambda data: data["contract"].update(start_date="15.01.2026")),
    ("as_of", lambda data: data.update(as_of="tomorrow")),
    ("as_of", lambda data: data.update(as_of=20270630)),
]

REST: list[tuple[str, Spoil]] = [
    (
        "contract.lines[0].tax_rates",
        lambda data: line(data, "L1")["tax_rates"][0].update({"from": "2026-01-16"}),
    ),
    ("contract.lines[0].tax_rates", lambda data: line(data, "L1").update(tax_rates=[])),
    ("contract.lines[0]", lambda data: line(data, "L1").update(tax_rate_percent="19")),
    (
        "changes[1].lines[0].add.tax_rates",
        lambda data: amend(
            data,
            {"id": "N1", "add": seat(tax_rates=[{"from": "2026-03-02", "percent": "19"}])},
        ),
    ),
    ("usage[0].line", lambda data: data["usage"][0].update(line="L1")),
    ("usage[0].line", lambda data: data["usage"][0].update(line="O1")),
    ("usage[0].line", lambda data: data["usage"][0].update(line="NONE")),
    ("contract.currency", lambda data: data["contract"].update(currency="EURO")),
    ("contract.currency", lambda data: data["contract"].update(currency="XYZ")),
    ("contract.currency", lambda data: data["contract"].update(currency="DEM")),
    ("contract.currency", lambda data: data["contract"].update(currency="eur")),
    ("payments[0].amount", lambda data: data["payments"][0].update(amount="100.001")),
]

EVERY = [
    pytest.param(field, spoil, id=f"{name}-{index}-{field}")
    for name, group in (
        ("unknown", UNKNOWN_KEYS),
        ("missing", MISSING),
        ("number", NUMBERS),
        ("negative", NEGATIVE),
        ("price", PRICES),
        ("line", LINES),
        ("date", DATES),
        ("rest", REST),
    )
    for index, (field, spoil) in enumerate(group)
]


def test_the_scenario_that_is_spoiled_below_is_valid(tmp_path: Path) -> None:
    assert preview(tmp_path / "scenario.json", SCENARIO).exit_code == 0


@pytest.mark.parametrize(("field", "spoil"), EVERY)
def test_refused_with_the_field_named(field: str, spoil: Spoil, tmp_path: Path) -> None:
    data = copy.deepcopy(SCENARIO)
    spoil(data)
    result = preview(tmp_path / "scenario.json", data)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f": {field}" in result.stderr
