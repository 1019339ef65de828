"""The check of exchanges against the vendor's description does find what is wrong (the recorder runs it)."""

import json
from typing import Any

import pytest

from tests.connectors.netsuite.exchange import Exchange
from tests.connectors.netsuite.vendor_description import description_file, violations

pytestmark = pytest.mark.skipif(
    description_file() is None, reason="no vendor descriptions: set Q2C_SPECS or put them at ../shared/specs"
)


def exchange(**changes: Any) -> Exchange:
    fields: dict[str, Any] = {
        "method": "PUT",
        "path": "/services/rest/record/v1/customer/eid:q2c:A-1",
        "query": {"replace": "addressBook"},
        "headers": {"x-netsuite-propertynamevalidation": "Error"},
        "body": json.dumps({"companyName": "A", "subsidiary": {"id": "1"}}).encode(),
        "status": 204,
        "answer": b"",
    }
    return Exchange(**(fields | changes))


def test_an_exchange_as_described_passes() -> None:
    assert violations(exchange()) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "MERGE"},
        {"path": "/services/rest/record/v1/customers/1"},
        {"query": {"upsert": "true"}},
        {"headers": {"x-netsuite-unheard-of": "1"}},
        {"headers": {"x-netsuite-propertynamevalidation": "Strict"}},
        {"body": b'{"company_name": "A"}'},
        {"body": b'{"companyName": 7}'},
        {"status": 201},
        {"answer": b"{}"},
        {"status": 400, "answer": b'{"error": "no"}'},
        {"method": "GET", "body": b"", "query": {}, "status": 200, "answer": b'{"name": "A"}'},
    ],
)
def test_what_is_not_described_is_found(changes: dict[str, Any]) -> None:
    assert violations(exchange(**changes))
