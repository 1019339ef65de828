"""Contracts with all that a contract can say, as scenario documents, and as a CRM must give them back."""

from decimal import Decimal
from typing import Any

from canonical.change import Amendment, AmendmentLine, ContractChange, Merge, Transfer
from canonical.contract import Contract, Line, LineTerms
from canonical.scenario import Scenario

ACCOUNT: dict[str, Any] = {
    "id": "A-77",
    "name": 'O\'Neill & "Söhne" <Ümlaut> GmbH 日本',
    "billing_address": {
        "line1": "350 5th Ave",
        "line2": "Floor 2",
        "city": "New York",
        "region": "NY",
        "postal_code": "10118",
        "country": "US",
    },
    "parent": "A-1",
    "email": "ap@northwind.example",
    "tax_registration": "DE123456789",
    "exemption_code": "RESALE",
}
_TIERS = [{"up_to": "1000", "unit_price": "0"}, {"up_to": None, "unit_price": "0.000125"}]
EVERYTHING: dict[str, Any] = {
    "contract": {
        "id": "C-2001",
        "account": ACCOUNT,
        "legal_entity": "US01",
        "currency": "EUR",
        "start_date": "2026-01-31",
        "term_months": 24,
        "billing": {"frequency_months": 3, "timing": "arrears", "payment_terms_days": 45},
        "renewal": {"auto": True, "term_months": 12, "uplift_percent": "3.25", "notice_days": 60},
        "modification": "catch_up",
        "lines": [
            {
                "id": "SEATS",
                "product": "PLATFORM-SEAT",
                "pricing": {"model": "per_unit", "unit_price": "1200.123456789", "per": "year"},
                "quantity": "10.5",
                "discount_percent": "12.5",
                "tax_rate_percent": "8.875",
                "ssp": "11000.00",
                "description": 'Seats, it\'s "all" in\\one',
                "ramp": [
                    {"from": "2026-07-31", "pricing": {"model": "flat", "amount": "900.00", "per": "month"}},
                    {
                        "from": "2027-01-31",
                        "pricing": {
                            "model": "volume",
                            "per": "month",
                            "tiers": [
                                {"up_to": "5", "unit_price": "90"},
                                {"up_to": None, "unit_price": "80"},
                            ],
                        },
                    },
                ],
            },
            {
                "id": "SUPPORT",
                "product": "SUPPORT",
                "charge": "recurring",
                "pricing": {"model": "flat", "amount": "100000000.10", "per": "month"},
                "tax_rates": [{"from": "2026-01-01", "percent": "8"}],
            },
            {
                "id": "SETUP",
                "product": "SETUP",
                "charge": "one_time",
                "pricing": {"model": "flat", "amount": "2500"},
                "accepted_on": "2026-03-01",
            },
            {
                "id": "API",
                "product": "API-CALLS",
                "charge": "usage",
                "pricing": {"model": "graduated", "tiers": _TIERS},
                "commitment": {"quantity": "1000000", "amount": "9999.99"},
            },
            {
                "id": "SMS",
                "product": "SMS",
                "charge": "usage",
                "pricing": {"model": "per_unit", "unit_price": "0.05"},
                "minimum": {"amount": "25.00"},
            },
        ],
    },
    "changes": [
        {
            "id": "CH-1",
            "type": "amendment",
            "effective_date": "2026-04-01",
            "received_date": "2026-05-02",
            "lines": [
                {"id": "SEATS", "quantity": "15"},
                {"id": "SUPPORT", "pricing": {"model": "flat", "amount": "90.00", "per": "month"}},
                {
                    "id": "EXTRA",
                    "add": {
                        "product": "EXTRA",
                        "pricing": {
                            "model": "graduated",
                            "per": "month",
                            "tiers": [{"up_to": None, "unit_price": "1.5"}],
                        },
                        "quantity": "3",
                        "tax_rate_percent": "19",
                    },
                },
            ],
        },
        {
            "id": "CH-2",
            "type": "amendment",
            "effective_date": "2026-05-15",
            "lines": [{"id": "SEATS", "discount_percent": "20"}, {"id": "EXTRA", "remove": True}],
        },
        {
            "id": "TR",
            "type": "transfer",
            "effective_date": "2026-09-01",
            "account": {**ACCOUNT, "id": "A-78", "name": "Successor Ltd", "parent": None, "email": None},
            "tax_rate_percent": "20",
        },
        {
            "id": "MG",
            "type": "merge",
            "effective_date": "2026-10-01",
            "contracts": [
                {
                    "id": "C-2002",
                    "account": {**ACCOUNT, "id": "A-79", "parent": None},
                    "legal_entity": "US01",
                    "currency": "EUR",
                    "start_date": "2026-02-01",
                    "term_months": None,
                    "billing": {"frequency_months": 1, "timing": "advance"},
                    "lines": [
                        {
                            "id": "M1",
                            "product": "SUPPORT",
                            "pricing": {"model": "flat", "amount": "10", "per": "month"},
                        }
                    ],
                }
            ],
        },
        {
            "id": "RN",
            "type": "renewal",
            "effective_date": "2028-01-31",
            "term_months": 36,
            "uplift_percent": "4",
        },
        {
            "id": "X",
            "type": "cancellation",
            "effective_date": "2028-06-30",
            "credit": "none",
            "fee": "500.00",
        },
    ],
    "as_of": "2028-12-31",
}
"""Every charge, pricing model and kind of change."""

SMALL: dict[str, Any] = {
    "contract": {
        "id": "C-1001",
        "account": {**ACCOUNT, "parent": None},
        "legal_entity": "US01",
        "currency": "USD",
        "start_date": "2026-01-01",
        "term_months": 12,
        "billing": {"frequency_months": 12, "timing": "advance"},
        "lines": [
            {
                "id": "L1",
                "product": "PLATFORM-SEAT",
                "pricing": {"model": "per_unit", "unit_price": "1200.00", "per": "year"},
                "quantity": "10",
            }
        ],
    },
    "changes": [
        {
            "id": "CH-1",
            "type": "amendment",
            "effective_date": "2026-04-01",
            "lines": [{"id": "L1", "quantity": "15"}],
        },
        {"id": "CH-2", "type": "cancellation", "effective_date": "2026-09-01"},
    ],
    "as_of": "2027-01-31",
}


def with_id(scenario: dict[str, Any], contract_id: str) -> dict[str, Any]:
    return {**scenario, "contract": {**scenario["contract"], "id": contract_id}}


def expected_contract(scenario: dict[str, Any]) -> Contract:
    """The scenario's contract without tax rates, with what it leaves out said as the CRM says it."""
    return _contract(Scenario.model_validate(scenario).contract)


def expected_changes(scenario: dict[str, Any]) -> tuple[ContractChange, ...]:
    return tuple(_change(each) for each in Scenario.model_validate(scenario).changes)


def _contract(contract: Contract) -> Contract:
    return contract.model_copy(update={"lines": tuple(_line(each) for each in contract.lines)})


def _line(line: Line) -> Line:
    return line.model_copy(update=_said(line))


def _said(terms: LineTerms) -> dict[str, Any]:
    """Quantity 1 and no discount where the scenario leaves them out; tax rates are not the CRM's."""
    left_out = None if terms.charge == "usage" else Decimal(1)
    return {
        "quantity": left_out if terms.quantity is None else terms.quantity,
        "discount_percent": Decimal(0) if terms.discount_percent is None else terms.discount_percent,
        "tax_rate_percent": None,
        "tax_rates": None,
    }


def _change(change: ContractChange) -> ContractChange:
    match change:
        case Amendment():
            return change.model_copy(update={"lines": tuple(_amended(each) for each in change.lines)})
        case Transfer():
            return change.model_copy(update={"tax_rate_percent": None})
        case Merge():
            return change.model_copy(
                update={"contracts": tuple(_contract(each) for each in change.contracts)}
            )
        case _:
            return change


def _amended(line: AmendmentLine) -> AmendmentLine:
    if line.add is None:
        return line
    return line.model_copy(update={"add": line.add.model_copy(update=_said(line.add))})
