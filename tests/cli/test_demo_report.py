"""What the demo shows of each platform at its end."""

from typing import Any

from cli.demo_report import held
from ports.tax import TaxResult
from rules.invariants import Listings


def test_every_platform_has_a_table_of_its_own_and_the_crm_shows_what_was_written_back() -> None:
    crm: dict[str, list[dict[str, Any]]] = {
        "Contract": [{"Integration_Status__c": "Active"}, {"Integration_Status__c": "Active"}],
        "Order": [
            {"Type": "New", "Integration_Status__c": None},
            {"Type": "Renewal", "Integration_Status__c": "Done"},
            {"Type": "Amendment", "Integration_Status__c": None},
        ],
    }
    tax = TaxResult.model_validate(
        {"code": "C-1/invoice/2026-01-01", "id": "9", "status": "committed", "total_tax": "1.00", "lines": ()}
    )
    assert held(crm, Listings(issued=(), posted=(), taxes=[tax])) == {
        "salesforce": [
            ["change", "done", "1"],
            ["change", "nothing written back", "1"],
            ["contract", "active", "2"],
        ],
        "avatax": [["tax_document", "committed", "1"]],
    }
