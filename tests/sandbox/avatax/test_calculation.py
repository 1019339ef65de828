"""Tax: whose rate, on which day, rounded how, shared by whom."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.avatax.calculation import LineSetting, calculated_line, round_to
from sandbox.avatax.json_text import read, write
from sandbox.avatax.models import CreateTransaction, parsed
from sandbox.avatax.rates import jurisdictions
from sandbox.kit.platform import Platform
from tests.sandbox.avatax.conftest import ADDRESS, Api, scenario
from tests.sandbox.avatax.documents import line, sale

CREATE = "/transactions/create"


def _tax(made: dict[str, Any]) -> str:
    return str(made["totalTax"])


@pytest.mark.parametrize(
    ("amount", "currency", "tax"),
    [
        ("0.06", "USD", "0.01"),  # 0.005325 up
        ("0.05", "USD", "0.00"),  # 0.0044 down
        ("1000", "JPY", "89"),
        ("1.000", "KWD", "0.089"),
        ("12000.00", "USD", "1065.00"),
    ],
)
async def test_tax_is_rounded_to_the_currencys_minor_unit(
    api: Api, amount: str, currency: str, tax: str
) -> None:
    assert _tax(await api.post(CREATE, sale(line(amount), currencyCode=currency))) == tax


async def test_half_goes_away_from_zero_on_both_sides(api: Api, platform: Platform) -> None:
    await platform.load({"scenario": scenario(percent="5")})
    assert _tax(await api.post(CREATE, sale(line("0.10")))) == "0.01"
    back = sale(line("-0.10"), type="ReturnInvoice", code="R")
    assert _tax(await api.post(CREATE, back)) == "-0.01"


async def test_rate_is_the_customers_before_the_products(api: Api, platform: Platform) -> None:
    await platform.load({"scenario": scenario(customer="A-88", percent="10")})
    taxes = [
        _tax(await api.post(CREATE, sale(type="SalesOrder", customerCode=customer)))
        for customer in ("A-77", "A-88", "A-99")
    ]
    assert taxes == ["8.88", "10.00", "10.00"]


async def test_product_without_a_rate_is_not_taxed_and_told_so(api: Api) -> None:
    made = await api.post(CREATE, sale(line(item="UNHEARD-OF")))
    assert _tax(made) == "0.00"
    assert "UNHEARD-OF" in made["messages"][0]["summary"]


async def test_place_without_nexus_is_not_taxed_and_told_so(api: Api) -> None:
    elsewhere = {**ADDRESS, "region": "CA", "postalCode": "92614"}
    made = await api.post(CREATE, sale(addresses={"shipTo": elsewhere}))
    assert _tax(made) == "0.00"
    assert "nexus" in made["messages"][0]["summary"]
    company = (await api.get("/companies", **{"$filter": "companyCode eq US01"}))["value"][0]
    await api.post(f"/companies/{company['id']}/nexus", [{"country": "US", "region": "CA"}])
    assert _tax(await api.post(CREATE, sale(addresses={"shipTo": elsewhere}))) == "8.88"


async def test_tax_date_decides_about_the_rate(api: Api, platform: Platform) -> None:
    dated = scenario()
    dated["contract"]["lines"][0] = {
        "id": "L1",
        "product": "SEAT",
        "tax_rates": [{"from": "2026-01-01", "percent": "8"}, {"from": "2026-07-01", "percent": "9"}],
    }
    await platform.load({"scenario": dated})
    july = sale(type="SalesOrder", date="2026-07-01")
    assert _tax(await api.post(CREATE, july)) == "9.00"
    override = {"type": "TaxDate", "taxDate": "2026-06-30", "reason": "credit"}
    made = await api.post(CREATE, {**july, "taxOverride": override})
    assert (_tax(made), made["taxDate"], made["taxOverrideType"]) == (
        "8.00",
        "2026-06-30T00:00:00",
        "TaxDate",
    )
    assert _tax(await api.post(CREATE, sale(type="SalesOrder", date="2025-12-31"))) == "0.00"


async def test_tax_amount_of_a_line_is_taken_as_it_is(api: Api) -> None:
    override = {"type": "TaxAmount", "taxAmount": Decimal("1.23"), "reason": "known"}
    made = await api.post(CREATE, sale(line(taxOverride=override), line(number="2")))
    first, second = made["lines"]
    assert [str(first["tax"]), str(first["taxCalculated"]), str(second["tax"])] == ["1.23", "8.88", "8.88"]
    assert (str(made["totalTax"]), str(made["totalTaxCalculated"])) == ("10.11", "17.76")
    assert sum(detail["tax"] for detail in first["details"]) == first["tax"]


async def test_tax_amount_of_a_document_is_spread_over_its_lines(api: Api) -> None:
    override = {"type": "TaxAmount", "taxAmount": Decimal("10.00"), "reason": "known"}
    made = await api.post(CREATE, sale(line("100"), line("200", number="2"), taxOverride=override))
    assert sum(each["tax"] for each in made["lines"]) == Decimal("10.00")
    assert (str(made["totalTax"]), str(made["totalTaxCalculated"])) == ("10.00", "26.63")


@pytest.mark.parametrize(
    "changes",
    [{"exemptionNo": "EX-1"}, {"entityUseCode": "G"}, {"lines": [line(exemptionCode="X")]}],
)
async def test_exempt_sale_is_not_taxed(api: Api, changes: dict[str, Any]) -> None:
    made = await api.post(CREATE, sale(**changes))
    assert (_tax(made), str(made["totalExempt"]), str(made["totalTaxable"])) == ("0.00", "100.00", "0")


async def test_taxable_use_is_no_exemption(api: Api) -> None:
    assert _tax(await api.post(CREATE, sale(entityUseCode="TAXABLE"))) == "8.88"


async def test_certificate_exempts_its_customer_in_its_zone_and_time(api: Api) -> None:
    company = (await api.get("/companies", **{"$filter": "companyCode eq US01"}))["value"][0]
    path = f"/companies/{company['id']}"
    customer = {"customerCode": "A-77", "name": "N", "line1": "x", "city": "y", "postalCode": "10118"}
    await api.post(f"{path}/customers", [{**customer, "country": "US", "region": "NY"}])
    certificate = {
        "signedDate": "2026-01-01",
        "expirationDate": "2026-12-31",
        "exemptionReason": {"name": "RESALE"},
        "exposureZone": {"name": "New York", "country": "US", "region": "NY"},
    }
    (made,) = await api.post(f"{path}/certificates", [certificate])
    assert _tax(await api.post(CREATE, sale())) == "8.88"
    await api.post(f"{path}/customers/A-77/certificates/link", {"certificates": [made["id"]]})
    assert _tax(await api.post(CREATE, sale())) == "0.00"
    assert _tax(await api.post(CREATE, sale(date="2027-01-01"))) == "8.88"
    listed = await api.get(f"{path}/customers/A-77/certificates")
    assert listed["@recordsetCount"] == 1
    await api.post(f"{path}/customers/A-77/certificates/unlink", {"certificates": [made["id"]]})
    assert _tax(await api.post(CREATE, sale())) == "8.88"


async def test_transfer_and_amendment_and_merge_bring_their_rates(api: Api, platform: Platform) -> None:
    full = scenario()
    merged = scenario(customer="A-5")["contract"]
    merged["lines"] = [{"id": "M", "product": "MERGED", "tax_rate_percent": "7"}]
    full["changes"] = [
        {"type": "amendment", "lines": [{"id": "N", "add": {"product": "ADDED", "tax_rate_percent": "6"}}]},
        {
            "type": "transfer",
            "account": {**full["contract"]["account"], "id": "A-9"},
            "tax_rate_percent": "3",
        },
        {"type": "merge", "contracts": [merged]},
    ]
    await platform.load({"scenario": full})

    async def tax(customer: str, item: str) -> str:
        request = sale(line(item=item), type="SalesOrder", customerCode=customer)
        return _tax(await api.post(CREATE, request))

    assert await tax("A-77", "ADDED") == "6.00"
    assert await tax("A-77", "MERGED") == "7.00"
    assert await tax("A-5", "MERGED") == "7.00"
    assert [await tax("A-9", item) for item in ("SEAT", "ADDED")] == ["3.00", "3.00"]


async def test_merged_line_whose_product_the_customer_has_at_another_rate_is_refused(
    platform: Platform,
) -> None:
    full = scenario()
    merged = scenario(customer="A-5", percent="19")["contract"]
    full["changes"] = [{"type": "merge", "contracts": [merged]}]
    with pytest.raises(ValueError, match=r"product SEAT has 8\.875 % and 19 % for customer A-77"):
        await platform.load({"scenario": full})


async def test_bare_load_makes_no_company_and_its_rates_hold_once_there_is_one(
    api: Api, platform: Platform
) -> None:
    await platform.load({"scenario": scenario(entity="US02"), "bare": True})
    request = sale(companyCode="US02", addresses={"shipTo": ADDRESS, "shipFrom": ADDRESS})
    assert (await api.refused("POST", CREATE, request))[:2] == (404, "EntityNotFoundError")
    await api.post("/companies", [{"companyCode": "US02", "name": "Second", "defaultCountry": "US"}])
    assert _tax(await api.post(CREATE, request)) == "8.88"


PERCENTS = st.decimals(min_value=0, max_value=40, places=4)
AMOUNTS = st.decimals(min_value=0, max_value=10**9, places=3)
PLACES = st.sampled_from([("US", "NY"), ("CA", "ON"), ("DE", ""), ("JP", ""), ("US", "")])


@given(percent=PERCENTS, place=PLACES)
def test_shares_of_jurisdictions_sum_to_the_rate(percent: Decimal, place: tuple[str, str]) -> None:
    shares = jurisdictions(percent, *place, "Springfield")
    assert sum(share.rate for share in shares) == percent / 100
    assert all(share.rate >= 0 for share in shares)


@given(percent=PERCENTS, amount=AMOUNTS, place=PLACES, currency=st.sampled_from(["USD", "JPY", "KWD"]))
def test_taxes_of_jurisdictions_sum_to_the_lines_and_that_is_rounded_once(
    percent: Decimal, amount: Decimal, place: tuple[str, str], currency: str
) -> None:
    request = parsed(CreateTransaction, sale(line(str(amount)), currencyCode=currency))
    setting = LineSetting(jurisdictions(percent, *place, "X"), exempt=False, taxed_here=True)
    made = calculated_line(request, 0, setting, *place)
    assert Decimal(made["tax"]) == round_to(currency, amount * percent / 100)
    assert sum(Decimal(detail["tax"]) for detail in made["details"]) == Decimal(made["tax"])


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**12), max_value=10**12))
def test_json_loses_no_digit(number: Decimal) -> None:
    assert read(write({"n": number}).encode())["n"] == number
