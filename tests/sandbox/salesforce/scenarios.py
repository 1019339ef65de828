"""A contract that says a little of everything, for the simulator's own tests."""

from typing import Any

SCENARIO: dict[str, Any] = {
    "contract": {
        "id": "C-1",
        "account": {
            "id": "A-1",
            "name": 'Northwind\'s "Best" & Co',
            "parent": "A-0",
            "billing_address": {
                "line1": "350 5th Ave",
                "line2": "Floor 2",
                "city": "New York",
                "region": "NY",
                "postal_code": "10118",
                "country": "US",
            },
        },
        "legal_entity": "US01",
        "currency": "USD",
        "start_date": "2026-01-01",
        "term_months": 12,
        "billing": {"frequency_months": 12, "timing": "advance"},
        "lines": [
            {
                "id": "L1",
                "product": "SEAT",
                "pricing": {"model": "per_unit", "unit_price": "1200.123456789", "per": "year"},
                "quantity": "10",
                "ramp": [{"from": "2026-07-01", "pricing": {"model": "flat", "amount": "5", "per": "month"}}],
            },
            {
                "id": "U1",
                "product": "CALLS",
                "charge": "usage",
                "pricing": {
                    "model": "graduated",
                    "tiers": [{"up_to": "10", "unit_price": "0"}, {"up_to": None, "unit_price": "0.02"}],
                },
            },
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
    "as_of": "2026-12-31",
}
