"""What is refused, each naming its field; and what is not refused though it looks odd."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.preview import preview
from rules.validation import InvalidScenario, read_scenario, validate
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
    run,
    scenario,
    seats,
)

TIERS = [{"up_to": "10", "unit_price": "2"}, {"up_to": None, "unit_price": "1"}]
VALID = raw(
    contract(
        seats(tax_rate_percent="19"),
        metered(),
        renewal={"auto": True, "term_months": 12, "uplift_percent": "5"},
    ),
    amendment("2026-04-01", {"id": "L1", "quantity": "12"}),
    usage=[{"line": "U1", "date": "2026-02-01", "quantity": "3"}],
    payments=[{"id": "P", "date": "2026-02-01", "amount": "10.00"}],
)


def _line(**changes: Any) -> dict[str, Any]:
    line = seats() | changes
    return raw(contract({key: value for key, value in line.items() if value is not ...}))


def _pricing(**pricing: Any) -> dict[str, Any]:
    return _line(pricing=pricing)


def _at(path: str, value: Any) -> dict[str, Any]:
    """The valid scenario with one field set (or taken away by `...`)."""
    data = copy.deepcopy(VALID)
    *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    place: Any = data
    for part in way:
        place = place[part]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return data


REQUIRED = [
    "contract",
    "as_of",
    "contract.id",
    "contract.account",
    "contract.account.id",
    "contract.account.name",
    "contract.account.billing_address",
    "contract.legal_entity",
    "contract.currency",
    "contract.start_date",
    "contract.term_months",
    "contract.billing",
    "contract.billing.frequency_months",
    "contract.billing.timing",
    "contract.lines",
    "contract.lines.0.id",
    "contract.lines.0.product",
    "contract.lines.0.pricing",
    "contract.lines.0.pricing.model",
    "contract.lines.0.pricing.unit_price",
    "contract.lines.0.pricing.per",
    "contract.renewal.term_months",
    "changes.0.id",
    "changes.0.type",
    "changes.0.effective_date",
    "changes.0.lines",
    "changes.0.lines.0.id",
    "usage.0.line",
    "usage.0.date",
    "usage.0.quantity",
    "payments.0.id",
    "payments.0.date",
    "payments.0.amount",
]


def _field(path: str) -> str:
    parts = path.split(".")
    return "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in parts).removeprefix(".")


@pytest.mark.parametrize("path", REQUIRED)
def test_a_field_that_is_not_there_is_named(path: str) -> None:
    assert _field(path) in findings(_at(path, ...))


@pytest.mark.parametrize(
    "path",
    [
        "",
        "contract.",
        "contract.account.",
        "contract.billing.",
        "contract.renewal.",
        "contract.lines.0.",
        "contract.lines.0.pricing.",
        "changes.0.",
        "changes.0.lines.0.",
        "usage.0.",
        "payments.0.",
    ],
)
def test_an_unknown_key_is_named(path: str) -> None:
    assert findings(_at(f"{path}surprise", "1")) == {
        _field(f"{path}surprise"): "is not a key that is known here"
    }


@pytest.mark.parametrize(
    "path",
    [
        "contract.lines.0.quantity",
        "contract.lines.0.pricing.unit_price",
        "contract.lines.0.tax_rate_percent",
        "contract.renewal.uplift_percent",
        "changes.0.lines.0.quantity",
        "usage.0.quantity",
        "payments.0.amount",
    ],
)
@pytest.mark.parametrize("value", [10, 10.5, True, "1e3", "ten", " 1", ""])
def test_a_decimal_that_is_not_plain_text_is_named(path: str, value: Any) -> None:
    assert list(findings(_at(path, value))) == [_field(path)]


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (_line(pricing={"model": "flat", "amount": "1", "per": "month"}), "contract.lines[0].quantity"),
        (_line(quantity="-1"), "contract.lines[0].quantity"),
        (_pricing(model="per_unit", unit_price="-1", per="month"), "contract.lines[0].pricing.unit_price"),
        (
            _line(quantity=..., pricing={"model": "flat", "amount": "-1", "per": "month"}),
            "contract.lines[0].pricing.amount",
        ),
        (_line(tax_rate_percent="-1"), "contract.lines[0].tax_rate_percent"),
        (_line(discount_percent="-1"), "contract.lines[0].discount_percent"),
        (_line(discount_percent="100.01"), "contract.lines[0].discount_percent"),
        (_pricing(model="graduated", tiers=[], per="month"), "contract.lines[0].pricing.tiers"),
        (
            _pricing(model="graduated", tiers=[TIERS[1], TIERS[0]], per="month"),
            "contract.lines[0].pricing.tiers[0].up_to",
        ),
        (
            _pricing(model="volume", tiers=[TIERS[0], TIERS[0], TIERS[1]], per="month"),
            "contract.lines[0].pricing.tiers[1].up_to",
        ),
        (_pricing(model="volume", tiers=[TIERS[0]], per="month"), "contract.lines[0].pricing.tiers[0].up_to"),
        (
            _pricing(model="volume", tiers=[TIERS[1], TIERS[1]], per="month"),
            "contract.lines[0].pricing.tiers[0].up_to",
        ),
        (
            _pricing(model="volume", tiers=[{"up_to": "0", "unit_price": "1"}, TIERS[1]], per="month"),
            "contract.lines[0].pricing.tiers[0].up_to",
        ),
        (
            _pricing(model="volume", tiers=[TIERS[0], {"up_to": None, "unit_price": "-1"}], per="month"),
            "contract.lines[0].pricing.tiers[1].unit_price",
        ),
        (_pricing(model="per_unit", unit_price="1"), "contract.lines[0].pricing.per"),
        (_pricing(model="per_unit", unit_price="1", per="week"), "contract.lines[0].pricing.per"),
        (_pricing(model="tiered", tiers=TIERS, per="month"), "contract.lines[0].pricing.model"),
        (_pricing(model="per_unit", per="month"), "contract.lines[0].pricing.unit_price"),
        (
            _pricing(model="per_unit", unit_price="1", amount="1", per="month"),
            "contract.lines[0].pricing.amount",
        ),
        (
            _pricing(model="per_unit", unit_price="1", tiers=TIERS, per="month"),
            "contract.lines[0].pricing.tiers",
        ),
        (
            _line(tax_rate_percent="1", tax_rates=[{"from": "2026-01-01", "percent": "1"}]),
            "contract.lines[0].tax_rates",
        ),
        (_line(tax_rates=[{"from": "2026-01-02", "percent": "1"}]), "contract.lines[0].tax_rates"),
        (_line(tax_rates=[]), "contract.lines[0].tax_rates"),
        (
            _line(tax_rates=[{"from": "2026-01-01", "percent": "-1"}]),
            "contract.lines[0].tax_rates[0].percent",
        ),
        (
            _line(tax_rates=[{"from": "2026-01-01", "percent": "1"}] * 2),
            "contract.lines[0].tax_rates[1].from",
        ),
        (_line(accepted_on="2026-01-01"), "contract.lines[0].accepted_on"),
        (_line(commitment={"quantity": "1", "amount": "1"}), "contract.lines[0].commitment"),
        (_line(minimum={"amount": "1"}), "contract.lines[0].minimum"),
        (_line(ssp="-1"), "contract.lines[0].ssp"),
        (_line(ramp=[]), "contract.lines[0].ramp"),
        (
            _line(ramp=[{"from": "2026-02-01", "pricing": {"model": "per_unit", "unit_price": "1"}}]),
            "contract.lines[0].ramp[0].pricing.per",
        ),
        (raw(contract(metered(quantity="5"))), "contract.lines[0].quantity"),
        (raw(contract(metered(pricing={"model": "flat", "amount": "5"}))), "contract.lines[0].pricing.model"),
        (
            raw(contract(metered(pricing={"model": "per_unit", "unit_price": "5", "per": "month"}))),
            "contract.lines[0].pricing.per",
        ),
        (
            raw(contract(one_time(pricing={"model": "flat", "amount": "5", "per": "year"}))),
            "contract.lines[0].pricing.per",
        ),
        (
            raw(contract(metered(commitment={"quantity": "-1", "amount": "1"}))),
            "contract.lines[0].commitment.quantity",
        ),
        (
            raw(contract(metered(commitment={"quantity": "1", "amount": "1"}), months=None)),
            "contract.lines[0].commitment",
        ),
        (raw(contract(metered(minimum={"amount": "-1"}))), "contract.lines[0].minimum.amount"),
        (raw(contract(seats(), seats())), "contract.lines[1].id"),
        (raw(contract()), "contract.lines"),
        (raw(contract(seats(), currency="usd")), "contract.currency"),
        (raw(contract(seats(), currency="DEM")), "contract.currency"),
        (raw(contract(seats(), currency="XAU")), "contract.currency"),
        (raw(contract(seats(), months=0)), "contract.term_months"),
        (raw(contract(seats(), start="9999-06-01")), "contract.term_months"),
        (raw(contract(seats(), every=2)), "contract.billing.frequency_months"),
        (raw(contract(seats(), timing="upfront")), "contract.billing.timing"),
        (
            raw(contract(seats(), renewal={"auto": True, "term_months": 12, "uplift_percent": "-1"})),
            "contract.renewal.uplift_percent",
        ),
        (raw(contract(seats(), renewal={"auto": True})), "contract.renewal.term_months"),
        (raw(contract(seats(), months=None), as_of="9999-12-31"), "as_of"),
        (raw(contract(seats(), months=None), as_of="2127-01-01"), "as_of"),
        (
            raw(
                contract(seats(), renewal={"auto": True, "term_months": 1}),
                cancellation("2026-05-01"),
                as_of="9999-12-31",
            ),
            "as_of",
        ),
        (raw(contract(seats()), renewal("2026-12-01", term_months="evergreen"), as_of="9999-12-31"), "as_of"),
        (raw(contract(seats()), as_of="2026-13-01"), "as_of"),
        (
            raw(contract(seats()), usage=[{"line": "L1", "date": "2026-01-01", "quantity": "1"}]),
            "usage[0].line",
        ),
        (
            raw(contract(seats()), usage=[{"line": "X", "date": "2026-01-01", "quantity": "1"}]),
            "usage[0].line",
        ),
        (raw(contract(seats()), periods={"closed": ["2026-13"]}), "periods.closed[0]"),
    ],
)
def test_a_contract_that_makes_no_sense_is_refused(data: dict[str, Any], field: str) -> None:
    assert field in findings(data)


def test_all_findings_are_told_at_once() -> None:
    data = raw(
        contract(seats(quantity="-1"), currency="XAU"),
        usage=[{"line": "X", "date": "2026-01-01", "quantity": "1"}],
    )
    assert set(findings(data)) == {"contract.lines[0].quantity", "contract.currency", "usage[0].line"}


def test_a_valid_scenario_is_let_through() -> None:
    validate(scenario(VALID["contract"], *VALID["changes"], usage=VALID["usage"], payments=VALID["payments"]))


@pytest.mark.parametrize(
    "data",
    [
        raw(contract(seats(quantity="0"))),
        raw(contract(seats(discount_percent="100"))),
        raw(contract(flat(quantity="1.0"))),
        raw(contract(metered(quantity="1"))),
        raw(contract(seats()), as_of="2025-01-01"),
        raw(contract(seats()), as_of="9999-12-31"),
        raw(contract(seats(), months=None), as_of="2126-12-31"),
        raw(contract(seats()), cancellation("2026-01-01")),
        raw(contract(seats()), cancellation("2027-01-01")),
        raw(contract(seats()), amendment("2027-01-01", {"id": "L1", "quantity": "1"})),
        raw(
            contract(seats()),
            amendment("2026-05-01", {"id": "L1", "quantity": "1"}),
            cancellation("2026-05-01"),
        ),
        raw(contract(metered()), usage=[{"line": "U1", "date": "2020-01-01", "quantity": "-1"}]),
        raw(contract(seats(), months=None), renewal("2026-05-01", term_months=12)),
        raw(contract(seats(), currency="KWD")),
        raw(contract(seats(), currency="CLF")),
    ],
)
def test_what_looks_odd_and_is_allowed(data: dict[str, Any]) -> None:
    preview(read_scenario(json.dumps(data), "json"))


def test_what_may_be_left_out_has_the_documented_default() -> None:
    plain = contract(flat())
    written = contract(
        flat(charge="recurring", quantity="1", discount_percent="0", tax_rate_percent="0"),
    )
    written["billing"]["payment_terms_days"] = 30
    assert run(plain, cancellation("2026-05-01")) == run(
        written, cancellation("2026-05-01", credit="prorated"), usage=[], payments=[]
    )


JUNK = st.sampled_from(
    [
        None,
        True,
        0,
        -1,
        1.5,
        "",
        "x",
        "-1",
        "0",
        "9999-12-31",
        "2026-02-30",
        [],
        {},
        [None],
        {"a": 1},
        "1" * 40,
    ]
)
EXAMPLES = [
    json.loads(path.read_text("utf-8"))
    for path in sorted((Path(__file__).parent / "examples").glob("*.json"))
    if not path.stem.endswith(".expected")
]


def _places(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [way] * bool(way) + [place for key, one in inner for place in _places(one, (*way, key))]


def _problems_or_none(document: Any) -> list[tuple[str, str]] | None:
    try:
        preview(read_scenario(json.dumps(document), "json"))
    except InvalidScenario as error:
        return error.problems
    return None


@given(st.data())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_in_a_file_it_is_computed_or_refused_by_name(data: st.DataObject) -> None:
    document = copy.deepcopy(data.draw(st.sampled_from(EXAMPLES)))
    for _ in range(data.draw(st.integers(1, 3))):
        *way, last = data.draw(st.sampled_from(_places(document)))
        place: Any = document
        try:
            for part in way:
                place = place[part]
            place[last] = copy.deepcopy(data.draw(JUNK))
        except (KeyError, IndexError, TypeError):
            continue
    problems = _problems_or_none(document)
    assert problems is None or (problems and all(message for _, message in problems))
