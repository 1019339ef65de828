"""What is NetSuite's own: items and accounts, external ids, closed periods without a code, concurrency."""

import asyncio
import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from ports.erp import Dimensions, ErpCheck, LedgerJournalLine
from ports.errors import (
    Conflict,
    OutcomeUnknown,
    Rejected,
)
from sandbox.kit.faults import Fault
from tests.connectors.contract_erp_stand import (
    ErpStand,
    balances,
    credit_memo,
    customer_order,
    invoice,
    journal,
    ledger_line,
    listed,
    origin,
    usage_line,
    void,
)
from tests.connectors.netsuite.stand import ACCOUNTS, Stand, customer_of, erp_stand

# Items decide about accounts


async def test_an_item_that_posts_elsewhere_is_refused_before_anything_is_sent(erp: ErpStand) -> None:
    customer = await customer_of(erp)
    lines = (ledger_line(erp, role="revenue", account=ACCOUNTS["revenue"]),)
    with pytest.raises(Rejected) as caught:
        await erp.erp.post_document(invoice(erp, customer, lines=lines))
    assert (caught.value.vendor_code, caught.value.field) == ("ITEM_ACCOUNT_DIFFERS", "account")
    assert erp.posted() == 0


async def test_a_tax_code_that_posts_elsewhere_is_refused(erp: ErpStand) -> None:
    customer = await customer_of(erp)
    with pytest.raises(Rejected) as caught:
        await erp.erp.post_document(invoice(erp, customer, tax_account=ACCOUNTS["customer_credits"]))
    assert caught.value.vendor_code == "TAX_CODE_ACCOUNT_DIFFERS"


async def test_an_account_without_our_tax_code_takes_untaxed_documents(made: Stand) -> None:
    erp = erp_stand(made, made.with_settings(tax_code="NONE"))
    customer = await customer_of(erp)
    await erp.erp.post_document(invoice(erp, customer, lines=(usage_line(erp),)))
    with pytest.raises(Rejected) as caught:
        await erp.erp.post_document(invoice(erp, customer, "C-1/invoice/2"))
    assert caught.value.vendor_code == "TAX_CODE_UNKNOWN"


async def test_an_item_that_posts_to_none_of_our_accounts_is_a_problem(erp: ErpStand) -> None:
    request = ErpCheck(
        legal_entity="US01", currency="USD", products=("PLATFORM-SEAT",), dates=(), accounts=("4010",)
    )
    [problem] = await erp.erp.check(request)
    assert (problem.field, problem.code) == ("item", "ITEM_ACCOUNT_DIFFERS")


async def test_an_item_that_was_moved_can_not_be_voided_blindly(made: Stand, erp: ErpStand) -> None:
    document = invoice(erp, await customer_of(erp))
    await erp.erp.post_document(document)
    item = made.platform.state.find_one("serviceSaleItem", itemId="PLATFORM-SEAT")
    assert item is not None
    made.platform.state.put("serviceSaleItem", item["id"], {**item, "directRevenuePosting": True})
    made.platform.suiteql.forget()
    with pytest.raises(Rejected) as caught:
        await void(erp, "invoice", document.key)
    assert caught.value.vendor_code == "ITEM_ACCOUNT_DIFFERS"
    assert erp.posted() == 1


async def test_departments_classes_and_locations_go_with_the_line(made: Stand, erp: ErpStand) -> None:
    await made.platform.load({"department": ["SALES"], "classification": ["SAAS"], "location": ["NYC"]})
    dimensions = Dimensions(department="SALES", class_="SAAS", location="NYC")
    lines = (ledger_line(erp, dimensions=dimensions),)
    await erp.erp.post_document(invoice(erp, await customer_of(erp), lines=lines))
    [posted] = made.platform.state.all("invoice")
    assert {"department", "class", "location"} <= posted["item"]["items"][0].keys()


async def test_an_unknown_department_is_refused(erp: ErpStand) -> None:
    lines = (ledger_line(erp, dimensions=Dimensions(department="NONE")),)
    with pytest.raises(Rejected) as caught:
        await erp.erp.post_document(invoice(erp, await customer_of(erp), lines=lines))
    assert caught.value.field == "department"


# Currency and periods


async def test_a_currency_with_three_decimals_is_a_problem(made: Stand, erp: ErpStand) -> None:
    made.platform.seeding._make("currency", name="Kuwaiti Dinar", symbol="KWD", currencyPrecision=2)
    request = ErpCheck(legal_entity="US01", currency="KWD", products=(), dates=(), accounts=())
    [problem] = await erp.erp.check(request)
    assert (problem.field, problem.code) == ("currency", "CURRENCY_PRECISION")


@pytest.mark.parametrize(
    ("closed", "date", "codes"),
    [
        ([], dt.date(2026, 1, 1), []),
        (["2026-01"], dt.date(2026, 1, 1), []),
        (["2032-11", "2032-12"], dt.date(2032, 11, 30), ["PERIOD_CLOSED"]),
        (["2032-11"], dt.date(2032, 11, 30), []),
        ([], dt.date(2033, 1, 1), ["PERIOD_MISSING"]),
        ([], dt.date(2022, 12, 31), ["PERIOD_MISSING"]),
    ],
)
async def test_a_date_is_a_problem_only_where_no_open_period_follows(
    made: Stand, erp: ErpStand, closed: list[str], date: dt.date, codes: list[str]
) -> None:
    await made.platform.load({"closed": closed})
    request = ErpCheck(legal_entity="US01", currency="USD", products=(), dates=(date,), accounts=())
    assert [problem.code for problem in await erp.erp.check(request)] == codes


async def test_there_is_no_posting_period_where_all_are_closed(made: Stand, erp: ErpStand) -> None:
    await made.platform.load({"closed": ["2032-12"]})
    with pytest.raises(Rejected) as caught:
        await erp.erp.posting_period("US01", dt.date(2032, 12, 24))
    assert caught.value.vendor_code == "NO_OPEN_PERIOD"


async def test_locked_receivables_close_a_period_too(made: Stand, erp: ErpStand) -> None:
    period = made.platform.state.find_one("accountingPeriod", periodName="Jan 2026")
    assert period is not None
    made.platform.state.put("accountingPeriod", period["id"], {**period, "arLocked": True})
    made.platform.suiteql.forget()
    assert (await erp.erp.posting_period("US01", dt.date(2026, 1, 5))).name == "Feb 2026"


async def test_a_refusal_for_another_reason_is_no_closed_period(made: Stand, erp: ErpStand) -> None:
    customer = await customer_of(erp)
    held = made.platform.state.get("customer", customer)
    assert held is not None
    made.platform.state.put("customer", customer, {**held, "isInactive": True})
    with pytest.raises(Rejected) as caught:
        await erp.erp.post_document(invoice(erp, customer))
    assert type(caught.value) is Rejected
    assert (caught.value.vendor_code, caught.value.field) == ("USER_ERROR", "entity")


# External ids


async def test_transactions_are_posted_and_never_put(made: Stand, erp: ErpStand) -> None:
    await erp.erp.post_document(invoice(erp, await customer_of(erp)))
    await erp.erp.post_journal(journal(erp))
    written = {(e.method, e.path.split("/")[5]) for e in made.recorder.exchanges if e.status == 204}
    assert written == {("PUT", "customer"), ("POST", "invoice"), ("POST", "journalEntry")}


async def test_two_workers_at_once_make_one_document(made: Stand, erp: ErpStand) -> None:
    customer = await customer_of(erp)
    other = made.with_settings()
    document = invoice(erp, customer)
    first, second = await asyncio.gather(
        erp.erp.post_document(document), other.post_document(document), return_exceptions=True
    )
    ids = {answer.id for answer in (first, second) if not isinstance(answer, BaseException)}
    assert len(ids) == 1
    assert erp.posted() == 1


async def test_a_key_that_another_kind_of_record_has_is_a_conflict(made: Stand, erp: ErpStand) -> None:
    """A payment of somebody else has our external id: SuiteQL's list of documents does not show it."""
    customer = await customer_of(erp)
    document = invoice(erp, customer)
    made.platform.writer.create(
        _record("customerPayment"),
        {
            "customer": {"id": customer},
            "payment": "1",
            "tranDate": "2026-01-01",
            "externalId": "q2c:C-1001~2Finvoice~2F2026-01-01",
        },
    )
    with pytest.raises(Conflict) as caught:
        await erp.erp.post_document(document)
    assert caught.value.vendor_code == "DUP_RCRD"


def _record(name: str) -> Any:
    from sandbox.netsuite.fields import RECORDS

    return RECORDS[name]


async def test_documents_of_others_are_listed_without_a_key(made: Stand, erp: ErpStand) -> None:
    customer = await customer_of(erp)
    item = made.platform.state.find_one("serviceSaleItem", itemId="PLATFORM-SEAT")
    assert item is not None
    body = {
        "entity": {"id": customer},
        "tranDate": "2026-01-01",
        "item": {"items": [{"item": {"id": item["id"]}, "amount": "5.00"}]},
    }
    made.platform.writer.create(_record("invoice"), body)
    [found] = await erp.erp.documents("US01")
    assert (found.key, found.total) == (None, Decimal("5.00"))


async def test_a_voiding_document_names_what_it_voids(made: Stand, erp: ErpStand) -> None:
    document = invoice(erp, await customer_of(erp))
    await erp.erp.post_document(document)
    reference = await void(erp, "invoice", document.key)
    assert reference is not None
    assert (reference.kind, reference.business_key) == ("credit_memo", f"void:{document.key}")
    [credit] = made.platform.state.all("creditMemo")
    assert credit["memo"].startswith("Void of BILL-0001: not due [contract C-1001")
    assert credit["otherRefNum"] == "BILL-0001"
    assert made.platform.state.all("invoice")[0]["amountRemaining"] == "0.00"
    assert (await listed(erp))[f"void:{document.key}"].kind == "credit_memo"


async def test_an_invoice_that_is_paid_in_part_is_voided_in_full(made: Stand, erp: ErpStand) -> None:
    customer = await customer_of(erp)
    document = invoice(erp, customer)
    posted = await erp.erp.post_document(document)
    apply = {"items": [{"doc": {"id": posted.id}, "apply": True, "amount": "65.00"}]}
    made.platform.writer.create(
        _record("customerPayment"),
        {"customer": {"id": customer}, "payment": "65.00", "tranDate": "2026-01-05", "apply": apply},
    )
    await void(erp, "invoice", document.key)
    [credit] = made.platform.state.all("creditMemo")
    assert (Decimal(credit["total"]), Decimal(credit["unapplied"])) == (Decimal("13065.00"), Decimal("65.00"))
    assert await balances(erp) == {}


async def test_a_void_of_a_credit_memo_that_was_not_finished_is_finished(made: Stand, erp: ErpStand) -> None:
    customer = await customer_of(erp)
    bill, credit = invoice(erp, customer), credit_memo(erp, customer)
    await erp.erp.post_document(bill)
    await erp.erp.post_document(credit)
    made.platform.faults.add(
        Fault("not-applied-then-timeout", route="PATCH /services/rest/record/v1/creditMemo/*")
    )
    with pytest.raises(OutcomeUnknown):
        await void(erp, "credit_memo", credit.key)
    await void(erp, "credit_memo", credit.key)
    [held] = made.platform.state.all("creditMemo")
    open_bill, counter = made.platform.state.all("invoice")
    assert [line["doc"]["id"] for line in held["apply"]["items"]] == [counter["id"]]
    assert open_bill["amountRemaining"] == "13065.00"


# Customers


async def test_an_account_is_one_customer_for_each_entity_and_currency(made: Stand, erp: ErpStand) -> None:
    await made.platform.load(
        {"scenario": {"contract": {"legal_entity": "DE01", "currency": "EUR", "lines": []}}}
    )
    first = await erp.erp.ensure_customer(customer_order(erp))
    elsewhere = customer_order(erp).model_copy(update={"legal_entity": "DE01", "currency": "EUR"})
    second = await erp.erp.ensure_customer(elsewhere)
    assert first.id != second.id
    assert first.business_key == second.business_key == "A-77"


async def test_only_our_fields_of_a_customer_are_set(made: Stand, erp: ErpStand) -> None:
    id_ = await customer_of(erp)
    held = made.platform.state.get("customer", id_)
    assert held is not None
    made.platform.state.put("customer", id_, {**held, "phone": "555", "comments": "good payer"})
    await erp.erp.ensure_customer(customer_order(erp, name="Northwind LLC"))
    after = made.platform.state.get("customer", id_)
    assert after is not None
    assert (after["companyName"], after["phone"], after["comments"]) == ("Northwind LLC", "555", "good payer")
    assert len(after["addressBook"]["items"]) == 1


async def test_a_customer_that_is_the_same_is_not_written(made: Stand, erp: ErpStand) -> None:
    await customer_of(erp)
    count = sum(e.status == 204 for e in made.recorder.exchanges)
    await customer_of(erp)
    assert sum(e.status == 204 for e in made.recorder.exchanges) == count


async def test_a_customer_that_somebody_changes_meanwhile_is_a_conflict(made: Stand, erp: ErpStand) -> None:
    id_ = await customer_of(erp)
    made.platform.contend("customer", id_)
    with pytest.raises(Conflict):
        await erp.erp.ensure_customer(customer_order(erp, name="Northwind LLC"))
    await erp.erp.ensure_customer(customer_order(erp, name="Northwind LLC"))


async def test_a_customer_without_its_entity_is_refused(erp: ErpStand) -> None:
    order = customer_order(erp).model_copy(update={"legal_entity": "XX99"})
    with pytest.raises(Rejected) as caught:
        await erp.erp.ensure_customer(order)
    assert (caught.value.field, caught.value.vendor_code) == ("legal_entity", "LEGAL_ENTITY_UNKNOWN")


# Journals with a customer


async def test_a_payment_journal_names_its_customer(made: Stand, erp: ErpStand) -> None:
    customer = await customer_of(erp)
    zero, amount = Decimal("0"), Decimal("13065.00")
    lines = (
        LedgerJournalLine(role="cash", account="1000", debit=amount, credit=zero, memo="P-1"),
        LedgerJournalLine(
            role="accounts_receivable",
            account="1200",
            debit=zero,
            credit=amount,
            memo="P-1",
            entity_customer_id=customer,
        ),
    )
    await erp.erp.post_journal(journal(erp, "C-1001/payment/P-1", lines=lines))
    [posted] = made.platform.state.all("journalEntry")
    assert posted["line"]["items"][1]["entity"] == {"id": customer}
    await erp.erp.reverse_journal(origin("r"), "C-1001/payment/P-1", dt.date(2026, 3, 1), "bounced")
    reversal = made.platform.state.all("journalEntry")[1]
    assert reversal["line"]["items"][1]["entity"] == {"id": customer}
    assert reversal["memo"].startswith("Reversal of JE1: bounced [contract C-1001")
    assert await balances(erp) == {}
