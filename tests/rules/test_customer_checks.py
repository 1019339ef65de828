"""Master data that no platform should be sent, found before the first write."""

from typing import Any

import pytest

from canonical.contract import Account
from ports.crm import MOST_LEVELS, AccountAbove
from rules.customer_checks import customer_problems, hierarchy_problems
from rules.tax_registration import registration_problem

BERLIN = {"line1": "Torstraße 1", "city": "Berlin", "postal_code": "10119", "country": "DE"}


def found(**fields: Any) -> list[str]:
    account = Account.model_validate({"id": "A-1", "name": "A", "billing_address": BERLIN} | fields)
    return [field for field, _ in customer_problems(account)]


@pytest.mark.parametrize(
    ("country", "registration"),
    [
        # the examples of form in VIES's list of structures, one each
        ("AT", "ATU12345678"),
        ("BE", "BE0123456789"),
        ("BG", "BG123456789"),
        ("CY", "CY12345678L"),
        ("CZ", "CZ1234567890"),
        ("DE", "DE123456789"),
        ("DE", "123 456 789"),
        ("DK", "DK12 34 56 78"),
        ("EE", "EE123456789"),
        ("ES", "ESX1234567X"),
        ("FI", "FI12345678"),
        ("FR", "FRXX123456789"),
        ("GR", "EL123456789"),
        ("HR", "HR12345678901"),
        ("HU", "HU12345678"),
        ("IE", "IE1234567WA"),
        ("IE", "IE1A23456L"),
        ("IT", "IT12345678901"),
        ("LT", "LT123456789012"),
        ("LU", "LU12345678"),
        ("LV", "LV12345678901"),
        ("MT", "MT12345678"),
        ("NL", "NL123456789B01"),
        ("PL", "PL1234567890"),
        ("PT", "PT123456789"),
        ("RO", "RO12"),
        ("SE", "SE123456789012"),
        ("SI", "SI12345678"),
        ("SK", "SK1234567890"),
        ("GB", "GB123456789"),
        ("GB", "XI123456789"),
        ("CH", "CHE-123.456.789 MWST"),
        ("NO", "NO123456789MVA"),
        ("DE", "FR12345678901"),  # registered in another member state
        ("US", "12-3456789"),  # no form is held for the country
    ],
)
def test_numbers_of_their_countrys_form_are_taken(country: str, registration: str) -> None:
    assert registration_problem(country, registration) is None


@pytest.mark.parametrize(
    ("country", "registration"),
    [
        ("DE", "DE12345678"),
        ("DE", "DE1234567890"),
        ("DE", "12-3456789-X"),
        ("DE", ""),
        ("AT", "AT12345678"),
        ("GR", "GR123456789"),  # Greece's prefix is EL
        ("FR", "FROI123456789"),
        ("ES", "ES12345678"),
        ("NL", "NL123456789"),
        ("GB", "GB12345678"),
        ("CH", "CHE-12.345.678"),
        ("DE", "FR123"),
    ],
)
def test_numbers_of_another_form_are_not(country: str, registration: str) -> None:
    problem = registration_problem(country, registration)
    assert problem is not None
    assert country in problem


def test_complete_master_data_has_no_problem() -> None:
    assert found(parent="A-0", tax_registration="DE123456789", exemption_code="G", email="a@b.example") == []


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": " "}, "name"),
        ({"parent": "A-1"}, "parent"),
        ({"parent": ""}, "parent"),
        ({"tax_registration": "DE12"}, "tax_registration"),
        ({"billing_address": BERLIN | {"line1": ""}}, "billing_address.line1"),
        ({"billing_address": BERLIN | {"city": " "}}, "billing_address.city"),
        ({"billing_address": BERLIN | {"country": "de"}}, "billing_address.country"),
    ],
)
def test_each_problem_names_its_field(fields: dict[str, Any], field: str) -> None:
    assert field in found(**fields)


@pytest.mark.parametrize("code", ["A", "MED2", "TAXABLE", "RESALE", "EX-4711"])
def test_entity_uses_and_certificates_are_taken(code: str) -> None:
    assert found(exemption_code=code) == []


@pytest.mark.parametrize("code", ["g", "Z", "", "med1", "1", "C" * 26])
def test_slip_of_the_pen_is_no_certificate(code: str) -> None:
    """Each would be sent as a certificate's number, and nothing be taxed."""
    assert found(exemption_code=code) == ["exemption_code"]


def hierarchy(parent: str | None, *above: tuple[str, str | None]) -> str | None:
    """What is wrong with the accounts above A-1, each given with its own parent."""
    account = Account.model_validate({"id": "A-1", "name": "A", "billing_address": BERLIN, "parent": parent})
    chain = [AccountAbove(id=id, parent=over) for id, over in above]
    found = list(hierarchy_problems(account, chain))
    assert all(field == "parent" for field, _ in found)
    return found[0][1] if found else None


@pytest.mark.parametrize(
    ("parent", "above", "words"),
    [
        (None, [], None),
        ("P", [("P", None)], None),
        ("P", [("P", "Q"), ("Q", None)], None),
        ("P", [], "leads to 'P', which the CRM does not have: A-1 → P"),
        ("P", [("P", "Q")], "leads to 'Q', which the CRM does not have: A-1 → P → Q"),
        ("P", [("P", "A-1"), ("A-1", "P")], "goes round in a circle: A-1 → P → A-1"),
        ("P", [("P", "Q"), ("Q", "P")], "goes round in a circle: A-1 → P → Q → P"),
        ("P", [("P", "P")], "goes round in a circle: A-1 → P → P"),
    ],
)
def test_accounts_above_lead_to_a_head_that_is_there(
    parent: str | None, above: list[tuple[str, str | None]], words: str | None
) -> None:
    assert hierarchy(parent, *above) == words


def test_a_hierarchy_that_is_not_followed_to_its_head_is_refused() -> None:
    above = [(f"P-{level}", f"P-{level + 1}") for level in range(MOST_LEVELS)]
    assert hierarchy("P-0", *above) == f"has more than {MOST_LEVELS} accounts above: A-1 → P-0 → P-1 → …"
