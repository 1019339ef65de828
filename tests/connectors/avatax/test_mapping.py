"""Our documents as AvaTax's, and back."""

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.avatax import mapping
from connectors.avatax.client import escaped
from connectors.avatax.wire import Transaction
from connectors.http import exact_json
from tests.connectors.contract_tax import ACCOUNT, CREDIT_KEY, INVOICE_KEY, credit_memo, invoice, line

COMMITTED = """
{"id": 85094861226845, "code": "C-1001/invoice/2026-01-01", "companyId": 700002, "date": "2026-01-01",
 "status": "Committed", "type": "SalesInvoice", "currencyCode": "USD", "customerVendorCode": "A-77",
 "customerCode": "A-77", "referenceCode": "C-1001/invoice/2026-01-01", "taxOverrideType": "None",
 "totalAmount": 12000.00, "totalExempt": 0, "totalTax": 1065.00, "totalTaxable": 12000.00,
 "totalTaxCalculated": 1065.00, "adjustmentReason": "NotAdjusted", "locked": false, "version": 1,
 "modifiedDate": "2026-01-01T10:00:00.51Z", "taxDate": "2026-01-01T00:00:00", "lines": [
  {"id": 1, "lineNumber": "1", "itemCode": "PLATFORM-SEAT", "lineAmount": 12000.00, "quantity": 10,
   "tax": 1065.00, "taxableAmount": 12000.00, "taxCalculated": 1065.00, "taxDate": "2026-01-01",
   "taxOverrideType": "None", "taxOverrideAmount": 0, "details": [
    {"jurisName": "NEW YORK", "jurisdictionType": "State", "rate": 0.04, "tax": 480.00,
     "taxableAmount": 12000.00},
    {"jurisName": "NEW YORK CITY", "jurisdictionType": "City", "rate": 0.045, "tax": 540.00,
     "taxableAmount": 12000.00},
    {"jurisName": "MCTD", "jurisdictionType": "Special", "rate": 0.00375, "tax": 45.00,
     "taxableAmount": 12000.00}]}]}
"""


def received(**changes: Any) -> Transaction:
    return Transaction.model_validate({**json.loads(COMMITTED, parse_float=Decimal), **changes})


def sent(document: Any) -> Any:
    """The request's body as AvaTax gets it, numbers exact."""
    return json.loads(exact_json(document.body()), parse_float=Decimal)


def test_invoice_is_a_committed_sale_with_its_key_as_code_and_reference() -> None:
    body = sent(mapping.recorded(invoice(reference="INV-1"), "US01", None))["createTransactionModel"]
    assert body == {
        "code": INVOICE_KEY,
        "type": "SalesInvoice",
        "companyCode": "US01",
        "date": "2026-01-01",
        "customerCode": "A-77",
        "currencyCode": "USD",
        "addresses": {
            "shipTo": {
                "line1": "350 5th Ave",
                "city": "New York",
                "region": "NY",
                "country": "US",
                "postalCode": "10118",
            }
        },
        "lines": [
            {
                "number": "1",
                "quantity": 10,
                "amount": Decimal("12000.00"),
                "itemCode": "PLATFORM-SEAT",
                "ref1": "C-1001",
                "ref2": "C-1001",
            }
        ],
        "commit": True,
        "referenceCode": INVOICE_KEY,
        "description": "INV-1",
    }


def test_credit_memo_is_a_return_below_zero_with_the_invoices_tax_date() -> None:
    body = sent(mapping.recorded(credit_memo(), "US01", None))["createTransactionModel"]
    (only,) = body["lines"]
    assert (body["type"], body["code"], body["date"]) == ("ReturnInvoice", CREDIT_KEY, "2026-08-15")
    assert body["taxOverride"]["type"] == "TaxDate"
    assert body["taxOverride"]["taxDate"] == "2026-01-01"
    assert (only["amount"], only["quantity"]) == (Decimal("-1366.03"), 10)
    assert only["taxOverride"]["taxAmount"] == Decimal("-121.24")
    assert only["taxOverride"]["taxDate"] == "2026-01-01"


def test_estimates_are_orders_that_are_not_committed() -> None:
    sale, back = mapping.estimate(invoice(), "US01", None), mapping.estimate(credit_memo(), "US01", None)
    assert (sale.type, sale.commit, back.type, back.commit) == ("SalesOrder", False, "ReturnOrder", False)


def test_origin_of_the_entity_is_the_place_it_ships_from() -> None:
    wanted = mapping.estimate(invoice(), "US01", ACCOUNT.billing_address)
    assert wanted.addresses.ship_from == wanted.addresses.ship_to


def test_amounts_are_sent_with_all_their_digits() -> None:
    body = exact_json(
        mapping.estimate(invoice(line("0.10"), line("1000000000.01", number="2")), "X", None).body()
    )
    assert b'"amount":0.10,' in body
    assert b'"amount":1000000000.01,' in body


@pytest.mark.parametrize(
    ("code", "number", "use"),
    [(None, None, None), ("G", None, "G"), ("TAXABLE", None, "TAXABLE"), ("EX-4711", "EX-4711", None)],
)
def test_exemption_is_a_certificates_number_or_an_entity_use(
    code: str | None, number: str | None, use: str | None
) -> None:
    account = ACCOUNT.model_copy(update={"exemption_code": code, "tax_registration": "DE123456789"})
    wanted = mapping.estimate(invoice(account=account), "US01", None)
    assert (wanted.exemption_no, wanted.entity_use_code) == (number, use)
    assert wanted.business_identification_no == "DE123456789"


def test_rate_is_the_exact_sum_of_the_jurisdictions() -> None:
    result = mapping.result(received())
    (only,) = result.lines
    assert only.rate_percent == Decimal("8.875")
    assert str(only.rate_percent) == "8.875"
    assert only.jurisdictions == ("NEW YORK", "NEW YORK CITY", "MCTD")
    assert (result.total_tax, result.date) == (Decimal("1065.00"), dt.date(2026, 1, 1))


def test_line_that_is_exempt_has_the_rate_zero() -> None:
    transaction = json.loads(COMMITTED, parse_float=Decimal)
    for detail in transaction["lines"][0]["details"]:
        detail["taxableAmount"] = 0
    (only,) = mapping.result(Transaction.model_validate(transaction)).lines
    assert (only.rate_percent, only.jurisdictions) == (Decimal(0), ())


@pytest.mark.parametrize(
    ("status", "ours"),
    [
        ("Temporary", "temporary"),
        ("Saved", "saved"),
        ("Posted", "saved"),
        ("Committed", "committed"),
        ("Cancelled", "cancelled"),
    ],
)
def test_status_is_one_of_ours(status: str, ours: str) -> None:
    assert mapping.result(received(status=status)).status == ours


@pytest.mark.parametrize(
    "change",
    [
        {"status": "Adjusted"},
        {"status": "Queued"},
        {"status": "PendingApproval"},
        {"type": "PurchaseInvoice"},
    ],
)
def test_any_other_status_or_type_is_an_error(change: dict[str, str]) -> None:
    with pytest.raises(mapping.UnknownStatus):
        mapping.result(received(**change))


@pytest.mark.parametrize("field", ["status", "totalTax", "lines", "customerCode", "locked", "code"])
def test_missing_field_is_an_error_and_no_default(field: str) -> None:
    document = json.loads(COMMITTED, parse_float=Decimal)
    del document[field]
    with pytest.raises(ValueError, match=field):
        Transaction.model_validate(document)


@pytest.mark.parametrize("value", ["1065.00", 1065.5, True, None])
def test_number_that_is_none_is_an_error(value: Any) -> None:
    with pytest.raises(ValueError, match="totalTax"):
        received(totalTax=value)


def test_document_of_somebody_else_has_its_own_code() -> None:
    assert mapping.result(received(code="SHOP-1", referenceCode="PO 5")).code == "SHOP-1"
    assert mapping.result(received(code="SHOP-1", referenceCode=None)).code == "SHOP-1"
    assert mapping.result(received(code="SHOP-1~2", referenceCode="SHOP")).code == "SHOP-1~2"


KEYS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=120)


@given(key=KEYS, generation=st.integers(min_value=1, max_value=99_999))
def test_code_fits_and_leads_back_to_its_key(key: str, generation: int) -> None:
    code = mapping.transaction_code(key, generation)
    assert len(code) <= 50
    assert mapping.business_key(received(code=code, referenceCode=key)) == key


@given(st.lists(KEYS, min_size=2, max_size=10, unique=True))
def test_other_keys_have_other_codes(keys: list[str]) -> None:
    assert len({mapping.transaction_code(key) for key in keys}) == len(keys)


def test_characters_that_a_path_cant_carry_are_escaped_as_the_vendor_says() -> None:
    assert escaped("a/b+c?d%e#f g") == "a_-ava2f-_b_-ava2b-_c_-ava3f-_d_-ava25-_e_-ava23-_f g"


def test_recorded_document_equal_to_the_wanted_has_no_differences() -> None:
    wanted = mapping.recorded(invoice(), "US01", None).create_transaction_model
    assert mapping.differences(received(), wanted) == ()
    assert mapping.differences(received(currencyCode="EUR", date="2026-01-02"), wanted) == (
        "date",
        "currencyCode",
    )
    assert mapping.differences(received(lines=[]), wanted) == ("lines",)
