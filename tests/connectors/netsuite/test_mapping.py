"""Names, bodies and comparisons: pure functions."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from canonical.contract import Account, Address
from canonical.origin import Origin
from connectors.netsuite import bodies, mapping, queries
from connectors.netsuite.bodies import Credited, Targets
from connectors.netsuite.wire import Customer, LineRow, TransactionRow
from ports.billing import CustomerOrder
from ports.erp import Dimensions, LedgerDocument, LedgerLine

ORIGIN = Origin(tenant="t", contract="C-1", change="CH-1", step="post", correlation_id="corr")
TARGETS = Targets(
    subsidiary="1",
    currency="2",
    accounts={"1200": "12"},
    items={"SEAT": "31", "SEAT-ARREARS": "32"},
    segments={("department", "SALES"): "5", ("class", "SAAS"): "6"},
    tax_code="9",
    tax_type="EXTERNAL",
)
SUFFIXES = {"unbilled_receivable": "-ARREARS"}


def line(**changes: Any) -> LedgerLine:
    fields: dict[str, Any] = {
        "line": "L1",
        "item": "SEAT",
        "role": "deferred_revenue",
        "account": "2400",
        "amount": Decimal("100.00"),
        "tax": Decimal("8.88"),
        "tax_rate_percent": Decimal("8.875"),
        "quantity": Decimal("1500.5"),
        "period_start": dt.date(2026, 1, 1),
        "period_end": dt.date(2027, 1, 1),
        "memo": "Seats",
    }
    return LedgerLine(**(fields | changes))


def document(**changes: Any) -> LedgerDocument:
    fields: dict[str, Any] = {
        "origin": ORIGIN,
        "kind": "invoice",
        "key": "C-1/invoice/2026-01-01",
        "contract": "C-1",
        "number": "IN-1",
        "customer_id": "7",
        "legal_entity": "US01",
        "currency": "USD",
        "document_date": dt.date(2026, 1, 1),
        "posting_date": dt.date(2026, 1, 1),
        "due_date": dt.date(2026, 1, 31),
        "receivable_account": "1200",
        "tax_account": "2200",
        "lines": (line(),),
        "subtotal": Decimal("100.00"),
        "tax": Decimal("8.88"),
        "total": Decimal("108.88"),
        "memo": "Invoice IN-1",
    }
    return LedgerDocument(**(fields | changes))


@given(st.text(min_size=1))
def test_a_key_is_read_back_from_its_external_id(key: str) -> None:
    assume_encodable(key)
    external_id = mapping.external_id(key)
    assert external_id.isascii()
    assert mapping.key_of(external_id) == key


def assume_encodable(key: str) -> None:
    assume(not any(0xD800 <= ord(character) <= 0xDFFF for character in key))


@given(st.text(), st.text())
def test_two_keys_never_share_an_external_id(first: str, second: str) -> None:
    assume_encodable(first + second)
    assert (mapping.external_id(first) == mapping.external_id(second)) == (first == second)


def test_an_external_id_stays_readable_and_fits_in_a_path() -> None:
    assert mapping.external_id("C-1001/invoice/2026-01-01") == "q2c:C-1001~2Finvoice~2F2026-01-01"
    assert mapping.external_id(mapping.customer_key("A-77", "US01", "USD")) == "q2c:customer:A-77:US01:USD"


@pytest.mark.parametrize("external", [None, "", "INV-7", "other:C-1"])
def test_a_foreign_external_id_is_no_key_of_ours(external: str | None) -> None:
    assert mapping.key_of(external) is None


def test_an_invoice_body_has_all_that_finance_asks_for() -> None:
    dimensions = Dimensions(department="SALES", class_="SAAS")
    body = bodies.sale_body(document(lines=(line(dimensions=dimensions),)), TARGETS, SUFFIXES, None)
    assert body == {
        "externalId": "q2c:C-1~2Finvoice~2F2026-01-01",
        "entity": {"id": "7"},
        "subsidiary": {"id": "1"},
        "currency": {"id": "2"},
        "account": {"id": "12"},
        "tranDate": "2026-01-01",
        "tranId": "IN-1",
        "otherRefNum": "IN-1",
        "memo": "Invoice IN-1 [contract C-1, change CH-1, C-1/invoice/2026-01-01, correlation corr]",
        "dueDate": "2026-01-31",
        "item": {
            "items": [
                {
                    "item": {"id": "31"},
                    "quantity": Decimal("1500.5"),
                    "price": {"id": "-1"},
                    "amount": Decimal("100.00"),
                    "description": "Seats (2026-01-01 to 2027-01-01)",
                    "taxDetailsReference": "line1",
                    "department": {"id": "5"},
                    "class": {"id": "6"},
                }
            ]
        },
        "taxDetailsOverride": True,
        "taxDetails": {
            "items": [
                {
                    "taxDetailsReference": {"id": "line1"},
                    "taxType": "EXTERNAL",
                    "taxCode": {"id": "9"},
                    "taxBasis": Decimal("100.00"),
                    "taxRate": Decimal("8.875"),
                    "taxAmount": Decimal("8.88"),
                }
            ]
        },
    }


def test_the_role_chooses_the_item() -> None:
    body = bodies.sale_body(document(lines=(line(role="unbilled_receivable"),)), TARGETS, SUFFIXES, None)
    assert body["item"]["items"][0]["item"] == {"id": "32"}


def test_a_credit_memo_is_applied_and_has_no_due_date() -> None:
    credit = document(kind="credit_memo", applies_to_key="K")
    body = bodies.sale_body(credit, TARGETS, SUFFIXES, Credited("55", Decimal("12.34"), Decimal("1.0857")))
    assert body["exchangeRate"] == Decimal("1.0857")
    assert body["apply"] == {"items": [{"doc": {"id": "55"}, "apply": True, "amount": Decimal("12.34")}]}
    assert "dueDate" not in body


def test_where_it_comes_from_is_never_cut_off_a_memo() -> None:
    memo = mapping.memo("x" * 2000, ORIGIN, "C-1/invoice/2026-01-01")
    assert len(memo) == 999
    assert memo.endswith("[contract C-1, change CH-1, C-1/invoice/2026-01-01, correlation corr]")


def row(**changes: Any) -> TransactionRow:
    fields: dict[str, Any] = {
        "id": "5",
        "trantype": "CustInvc",
        "tranid": "IN-1",
        "externalid": "q2c:C-1~2Finvoice~2F2026-01-01",
        "trandate": "2026-01-01",
        "periodname": "Jan 2026",
        "periodstart": "2026-01-01",
        "entity": "7",
        "currency": "USD",
        "subsidiary": "US01",
        "foreigntotal": "108.88",
        "exchangerate": "1",
        "openamount": "108.88",
        "status": "A",
    }
    return TransactionRow.model_validate(fields | changes)


def rows(*lines: tuple[str, str, str, str]) -> list[LineRow]:
    return [
        LineRow.model_validate(
            {
                "tran": "5",
                "lineid": str(number),
                "mainline": mainline,
                "taxline": taxline,
                "account": account,
                "amount": amount,
            }
        )
        for number, (mainline, taxline, account, amount) in enumerate(lines)
    ]


POSTED = (("T", "F", "1200", "108.88"), ("F", "F", "2400", "-100"), ("F", "T", "2200", "-8.88"))


def test_the_posted_document_is_the_one_that_is_asked_for() -> None:
    assert mapping.difference(row(), rows(*POSTED), mapping.expected_sale(document())) is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"trantype": "CustCred"}, "type"),
        ({"subsidiary": "DE01"}, "legal_entity"),
        ({"currency": "EUR"}, "currency"),
        ({"trandate": "2026-01-02"}, "date"),
        ({"entity": "8"}, "customer_id"),
        ({"foreigntotal": "108.87"}, "total"),
    ],
)
def test_each_difference_is_named(changes: dict[str, str], field: str) -> None:
    assert mapping.difference(row(**changes), rows(*POSTED), mapping.expected_sale(document())) == field


def test_the_same_total_on_other_accounts_is_a_difference() -> None:
    other = (POSTED[0], ("F", "F", "4000", "-100"), POSTED[2])
    assert mapping.difference(row(), rows(*other), mapping.expected_sale(document())) == "lines"


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("13065", "USD", "13065.00"),
        ("5.5", "USD", "5.50"),
        ("7", "JPY", "7"),
        ("1.005", "USD", "1.005"),
        ("7", "XXX", "7"),
    ],
)
def test_amounts_are_written_with_their_currencys_decimals(amount: str, currency: str, text: str) -> None:
    assert str(mapping.written(Decimal(amount), currency)) == text


@pytest.mark.parametrize("status", ["Z", "", "Open"])
def test_an_unknown_status_is_no_status(status: str) -> None:
    with pytest.raises(ValueError, match="status"):
        row(status=status)


def test_a_binary_number_is_no_amount() -> None:
    with pytest.raises(ValueError, match="foreigntotal"):
        row(foreigntotal=108.88)


def test_only_what_differs_of_a_customer_is_sent() -> None:
    address = Address(line1="1 Main St", city="Berlin", postal_code="10115", country="DE")
    order = CustomerOrder(
        origin=ORIGIN,
        account=Account(id="A-1", name="Alpha", billing_address=address, email="a@alpha.example"),
        legal_entity="DE01",
        currency="EUR",
    )
    held: dict[str, Any] = {
        "id": "7",
        "companyName": "Alpha",
        "email": "a@alpha.example",
        "subsidiary": {"id": "1"},
        "currency": {"id": "2"},
        "addressBook": {
            "items": [
                {"internalId": 3, "label": "Warehouse", "addressBookAddress": {"addr1": "elsewhere"}},
                {
                    "internalId": 4,
                    "label": "Billing (q2c)",
                    "addressBookAddress": {
                        "addressee": "Alpha",
                        "addr1": "1 Main St",
                        "city": "Berlin",
                        "zip": "10115",
                        "country": {"id": "DE", "refName": "Germany"},
                    },
                },
            ]
        },
    }
    assert bodies.changed_customer(order, Customer.model_validate(held)) == {}
    held["email"] = "old@alpha.example"
    held["addressBook"]["items"][1]["addressBookAddress"]["city"] = "Bonn"
    changes = bodies.changed_customer(order, Customer.model_validate(held))
    assert changes["email"] == "a@alpha.example"
    assert [item["internalId"] for item in changes["addressBook"]["items"]] == [4]
    assert "companyName" not in changes


def test_a_value_in_a_query_stays_a_value() -> None:
    statement = queries.transactions(["x' OR '1'='1"])
    assert "'x'' OR ''1''=''1'" in statement
