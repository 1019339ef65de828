"""A transaction's life: what each status allows, and how the vendor refuses the rest."""

from decimal import Decimal
from typing import Any

import pytest

from sandbox.kit.platform import Platform
from tests.sandbox.avatax.conftest import Api
from tests.sandbox.avatax.documents import line, one, sale

CREATE, OR_ADJUST = "/transactions/create", "/transactions/createoradjust"
REFUSED_STATUS = (400, "GetTaxError", "DocStatus")


async def committed(api: Api, **changes: Any) -> Any:
    return await api.post(CREATE, sale(commit=True, **changes))


async def test_order_is_computed_and_not_recorded(api: Api) -> None:
    made = await api.post(CREATE, sale(type="SalesOrder", commit=True))
    assert (made["status"], str(made["totalTax"])) == ("Temporary", "8.88")
    assert await api.refused("GET", one()) == (404, "EntityNotFoundError", None)


async def test_type_left_out_is_an_order(api: Api) -> None:
    request = sale()
    del request["type"]
    assert (await api.post(CREATE, request))["type"] == "SalesOrder"


async def test_saved_document_is_replaced_by_a_repetition(api: Api) -> None:
    await api.post(CREATE, sale())
    await api.post(CREATE, sale(line("200.00")))
    found = await api.get(one(), **{"$include": "Lines"})
    assert (found["status"], str(found["totalAmount"]), found["version"]) == ("Saved", "200.00", 1)
    assert (await api.get("/companies/US01/transactions", **{"$filter": "date gt '2000-01-01'"}))[
        "@recordsetCount"
    ] == 1


async def test_committed_document_is_not_replaced(api: Api) -> None:
    await committed(api)
    assert await api.refused("POST", CREATE, sale()) == REFUSED_STATUS


async def test_create_or_adjust_makes_a_new_version_of_a_committed_document(api: Api) -> None:
    first = await committed(api)
    request = {"adjustmentReason": "PriceAdjusted", "createTransactionModel": sale(line("50"), commit=True)}
    second = await api.post(OR_ADJUST, request)
    assert (second["version"], second["adjustmentReason"], second["status"]) == (
        2,
        "PriceAdjusted",
        "Committed",
    )
    assert second["id"] != first["id"]
    listed = await api.get("/companies/US01/transactions", **{"$filter": "date gt '2000-01-01'"})
    assert [document["status"] for document in listed["value"]] == ["Adjusted", "Committed"]
    assert (await api.get(one()))["id"] == second["id"]


async def test_create_or_adjust_creates_what_is_not_there_and_replaces_what_is_saved(api: Api) -> None:
    made = await api.post(OR_ADJUST, {"createTransactionModel": sale()})
    again = await api.post(OR_ADJUST, {"createTransactionModel": sale(line("5"), commit=True)})
    assert (made["status"], again["status"], again["version"]) == ("Saved", "Committed", 1)


async def test_adjust_keeps_the_type(api: Api) -> None:
    await committed(api)
    other = {"adjustmentReason": "Other", "newTransaction": sale(line("-1"), type="ReturnInvoice")}
    refused = await api.refused("POST", one(action="adjust"), other)
    assert refused == (400, "CannotAdjustDocumentType", "type")
    same = {"adjustmentReason": "Other", "newTransaction": sale(line("1"), commit=True)}
    assert (await api.post(one(action="adjust"), same))["version"] == 2


async def test_commit_takes_saved_documents_once(api: Api) -> None:
    await api.post(CREATE, sale())
    assert (await api.post(one(action="commit"), {"commit": True}))["status"] == "Committed"
    assert await api.refused("POST", one(action="commit"), {"commit": True}) == REFUSED_STATUS


async def test_void_cancels_once_and_unvoid_brings_it_back(api: Api) -> None:
    await committed(api)
    void = {"code": "DocVoided"}
    assert (await api.post(one(action="void"), void))["status"] == "Cancelled"
    assert await api.refused("POST", one(action="void"), void) == (400, "TransactionAlreadyCancelled", None)
    assert await api.refused("POST", CREATE, sale()) == REFUSED_STATUS
    refused = await api.refused("POST", OR_ADJUST, {"createTransactionModel": sale()})
    assert refused == REFUSED_STATUS
    assert (await api.post(one(action="unvoid")))["status"] == "Committed"
    assert (await api.refused("POST", one(action="unvoid")))[1] == "InvalidDocumentStatus"


async def test_void_needs_a_code_that_exists(api: Api) -> None:
    await committed(api)
    assert await api.refused("POST", one(action="void"), {}) == (400, "ValueRequiredError", "code")
    assert (await api.refused("POST", one(action="void"), {"code": "Gone"}))[1] == "InvalidEnumValue"


async def test_locked_document_is_final(api: Api) -> None:
    await api.post(CREATE, sale())
    assert (await api.refused("POST", one(action="lock"), {"isLocked": True}))[1] == "DocumentNotCommitted"
    await api.post(one(action="commit"), {"commit": True})
    await api.post(one(action="lock"), {"isLocked": True})
    for action, body in (("void", {"code": "DocVoided"}), ("uncommit", None)):
        assert (await api.refused("POST", one(action=action), body))[1] == "CannotModifyLockedTransaction"
    adjusted = await api.refused("POST", OR_ADJUST, {"createTransactionModel": sale()})
    assert adjusted[1] == "CannotModifyLockedTransaction"


async def test_uncommit_makes_it_saved_again(api: Api) -> None:
    await committed(api)
    assert (await api.post(one(action="uncommit")))["status"] == "Saved"
    assert await api.refused("POST", one(action="uncommit")) == REFUSED_STATUS


async def test_verify_compares_and_says_what_differs(api: Api) -> None:
    await api.post(CREATE, sale())
    wrong = {"verifyTotalAmount": Decimal("100.00"), "verifyTotalTax": Decimal("8.87")}
    assert (await api.refused("POST", one(action="verify"), wrong))[1] == "TotalTaxMismatch"
    assert (await api.refused("POST", one(action="verify"), {"verifyTotalAmount": 1}))[
        1
    ] == "TotalAmountMismatch"
    early = {"verifyTransactionDate": "2025-12-31"}
    assert (await api.refused("POST", one(action="verify"), early))[1] == "DateMismatch"
    right = {
        "verifyTotalAmount": 100,
        "verifyTotalTax": Decimal("8.88"),
        "verifyTransactionDate": "2026-01-01",
    }
    assert (await api.post(one(action="verify"), right))["status"] == "Posted"
    assert (await api.post(one(action="commit"), {"commit": True}))["status"] == "Committed"


async def test_settle_does_all_or_nothing(api: Api) -> None:
    await api.post(CREATE, sale())
    change = {"changeCode": {"newCode": "I-2"}, "commit": {"commit": True}}
    assert (await api.refused("POST", one(action="settle"), {**change, "verify": {"verifyTotalTax": 1}}))[
        1
    ] == "TotalTaxMismatch"
    assert (await api.get(one()))["status"] == "Saved"
    settled = await api.post(one(action="settle"), change)
    assert (settled["code"], settled["status"]) == ("I-2", "Committed")


async def test_code_that_is_taken_can_not_be_changed_to(api: Api) -> None:
    await api.post(CREATE, sale())
    await api.post(CREATE, sale(code="I-2"))
    refused = await api.refused("POST", one(action="changecode"), {"newCode": "I-2"})
    assert refused == (400, "DocumentCodeConflict", "newCode")
    assert (await api.post(one(action="changecode"), {"newCode": "I-3"}))["code"] == "I-3"
    await api.post(one("I-3", "commit"), {"commit": True})
    assert (await api.refused("POST", one("I-3", "changecode"), {"newCode": "I-4"}))[
        1
    ] == "TransactionIsCommitted"


async def test_code_with_a_slash_is_reached_by_the_vendors_escape(api: Api) -> None:
    await committed(api, code="C-1/invoice+1?")
    assert (await api.get(one("C-1_-ava2f-_invoice_-ava2b-_1_-ava3f-_")))["code"] == "C-1/invoice+1?"


async def test_types_of_one_code_are_told_apart(api: Api) -> None:
    await committed(api)
    await api.post(CREATE, sale(line("-1.00"), type="ReturnInvoice", commit=True))
    assert (await api.get(one()))["type"] == "SalesInvoice"
    assert (await api.get(one(), documentType="ReturnInvoice"))["type"] == "ReturnInvoice"
    await api.post(one(action="void"), {"code": "DocVoided"}, documentType="ReturnInvoice")
    assert (await api.get(one()))["status"] == "Committed"


@pytest.mark.parametrize(
    ("request_body", "total", "tax"),
    [
        ({"refundType": "Full"}, "-300.00", "-26.63"),
        ({"refundType": "Partial", "refundLines": ["2"]}, "-200.00", "-17.75"),
        ({"refundType": "Percentage", "refundPercentage": 50}, "-150.00", "-13.32"),
        ({"refundType": "TaxOnly"}, "0", "-26.63"),
    ],
)
async def test_refund_gives_back_the_tax_of_the_sale(
    api: Api, request_body: dict[str, Any], total: str, tax: str
) -> None:
    await api.post(CREATE, sale(line("100.00"), line("200.00", number="2"), commit=True))
    asked = {"refundDate": "2026-02-01", "refundTransactionCode": "R-1", **request_body}
    made = await api.post(one(action="refund"), asked)
    assert (made["type"], made["status"], made["code"]) == ("ReturnInvoice", "Committed", "R-1")
    assert (str(made["totalAmount"]), str(made["totalTax"])) == (total, tax)


@pytest.mark.parametrize(
    ("request_body", "code"),
    [
        ({"refundType": "Full", "refundLines": ["1"]}, "RefundTypeAndLineMismatch"),
        ({"refundType": "Partial"}, "RefundLinesRequired"),
        ({"refundType": "Partial", "refundLines": ["9"]}, "LineNoOutOfRange"),
        ({"refundType": "Percentage"}, "RefundPercentageMissing"),
        ({"refundType": "Percentage", "refundPercentage": 101}, "RefundPercentageOutOfRange"),
    ],
)
async def test_refund_that_makes_no_sense_is_refused(
    api: Api, request_body: dict[str, Any], code: str
) -> None:
    await committed(api)
    asked = {"refundDate": "2026-02-01", **request_body}
    assert (await api.refused("POST", one(action="refund"), asked))[1] == code


async def test_refusal_of_commits_lasts_until_it_is_taken_back(api: Api, platform: Platform) -> None:
    await platform.load({"refuse_commit": {"customer": "A-77", "code": "CertificatesError"}})
    for method, path, body in (
        ("POST", CREATE, sale(commit=True)),
        ("POST", OR_ADJUST, {"createTransactionModel": sale(commit=True)}),
    ):
        assert await api.refused(method, path, body) == (400, "CertificatesError", "exemptionNo")
    assert (await api.refused("GET", one()))[0] == 404
    await api.post(CREATE, sale())
    assert (await api.refused("POST", one(action="commit"), {"commit": True}))[1] == "CertificatesError"
    await platform.load({"refuse_commit": {"customer": "A-77", "code": None}})
    assert (await api.post(one(action="commit"), {"commit": True}))["status"] == "Committed"


@pytest.mark.parametrize(
    "document", [{"refuse_commit": {"customer": "A", "code": "NoSuchCode"}}, {"scenarios": {}}]
)
async def test_load_refuses_what_it_does_not_know(platform: Platform, document: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"NoSuchCode|scenarios"):
        await platform.load(document)
