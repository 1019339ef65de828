"""Invoices, credit memos, payments, journals: what NetSuite computes and what it refuses."""

from decimal import Decimal
from typing import Any

import pytest

from sandbox.kit.faults import Fault
from tests.sandbox.netsuite.conftest import Account, code_of, path_of


def taxed(account: Account, customer: dict[str, str], **changes: Any) -> dict[str, Any]:
    """An invoice of 100.00 and 8.88 of tax, computed elsewhere."""
    body = account.sale(customer)
    body["item"]["items"][0]["taxDetailsReference"] = "line1"
    detail = {
        "taxDetailsReference": {"id": "line1"},
        "taxType": "EXTERNAL",
        "taxCode": account.ref("salesTaxItem", externalId="EXTERNAL"),
        "taxBasis": 100.00,
        "taxRate": 8.875,
        "taxAmount": 8.88,
    }
    return body | {"taxDetailsOverride": True, "taxDetails": {"items": [detail | changes]}}


async def ledger(account: Account, id_: str) -> list[tuple[str, str, str]]:
    """Account number, debit and credit of a transaction's lines."""
    rows = await account.rows(
        "SELECT a.acctnumber, g.debit, g.credit FROM transactionaccountingline g JOIN account a"  # noqa: S608
        f" ON a.id = g.account WHERE g.transaction = {id_} ORDER BY g.transactionline"
    )
    return [(row["acctnumber"], row.get("debit", ""), row.get("credit", "")) for row in rows]


async def test_an_invoice_is_added_up_and_posted(account: Account) -> None:
    id_ = await account.make("invoice", taxed(account, await account.customer()))
    found = await account.get("invoice", id_)
    assert (found["subtotal"], found["taxTotal"], found["total"]) == (100, Decimal("8.88"), Decimal("108.88"))
    assert (found["amountRemaining"], found["status"]["id"]) == (Decimal("108.88"), "A")
    assert await ledger(account, id_) == [
        ("1200", "108.88", ""),
        ("2400", "", "100"),
        ("2200", "", "8.88"),
    ]


async def test_the_item_decides_about_the_account(account: Account) -> None:
    customer = await account.customer()
    line = {"item": account.item("API-CALLS-ARREARS"), "amount": 10.01}
    id_ = await account.make("invoice", account.sale(customer, item={"items": [line]}))
    assert await ledger(account, id_) == [("1200", "10.01", ""), ("1250", "", "10.01")]


async def test_quantity_times_rate_is_the_amount_unless_it_is_given(account: Account) -> None:
    customer = await account.customer()
    lines = [
        {"item": account.item("SUPPORT"), "quantity": 3, "rate": 33.335},
        {"item": account.item("SUPPORT"), "quantity": 3, "amount": 100},
    ]
    id_ = await account.make("invoice", account.sale(customer, item={"items": lines}))
    found = await account.get("invoice", id_)
    assert [line["amount"] for line in found["item"]["items"]] == [Decimal("100.01"), Decimal(100)]


@pytest.mark.parametrize("missing", ["taxType", "taxCode", "taxBasis", "taxRate", "taxAmount"])
async def test_overridden_tax_details_are_complete(account: Account, missing: str) -> None:
    body = taxed(account, await account.customer())
    del body["taxDetails"]["items"][0][missing]
    answer = await account.send("POST", "invoice", body)
    assert (code_of(answer), path_of(answer)) == ("USER_ERROR", f"taxDetails.items[0].{missing}")


async def test_tax_details_need_the_override_and_their_line(account: Account) -> None:
    customer = await account.customer()
    body = taxed(account, customer) | {"taxDetailsOverride": False}
    assert code_of(await account.send("POST", "invoice", body)) == "USER_ERROR"
    body = taxed(account, customer, taxDetailsReference={"id": "line2"})
    assert code_of(await account.send("POST", "invoice", body)) == "INVALID_VALUE"


async def test_amounts_keep_to_the_currencys_decimals(account: Account) -> None:
    customer = await account.customer()
    answer = await account.send("POST", "invoice", account.sale(customer, "100.001"))
    assert (code_of(answer), path_of(answer)) == ("INVALID_VALUE", "item.items[0].amount")


@pytest.mark.parametrize("path", ["currency", "subsidiary"])
async def test_an_invoice_is_in_its_customers_books(account: Account, path: str) -> None:
    await account.platform.load(
        {"scenario": {"contract": {"legal_entity": "DE01", "currency": "EUR", "lines": []}}}
    )
    refs = {
        "currency": account.ref("currency", symbol="EUR"),
        "subsidiary": account.ref("subsidiary", externalId="DE01"),
    }
    body = account.sale(await account.customer()) | {path: refs[path]}
    answer = await account.send("POST", "invoice", body)
    assert (answer.status_code, code_of(answer), path_of(answer)) == (400, "USER_ERROR", path)


async def test_an_invoice_needs_a_line_and_may_not_be_negative(account: Account) -> None:
    customer = await account.customer()
    answer = await account.send("POST", "invoice", account.sale(customer, item={"items": []}))
    assert (code_of(answer), path_of(answer)) == ("USER_ERROR", "item")
    assert code_of(await account.send("POST", "invoice", account.sale(customer, "-1.00"))) == "USER_ERROR"


# Periods


async def test_a_closed_period_takes_nothing(account: Account) -> None:
    customer = await account.customer()
    await account.platform.load({"closed": ["2026-01"]})
    answer = await account.send("POST", "invoice", account.sale(customer))
    assert (answer.status_code, code_of(answer), path_of(answer)) == (400, "USER_ERROR", "tranDate")
    answer = await account.send("POST", "journalEntry", entry(account))
    assert code_of(answer) == "USER_ERROR"


async def test_another_period_can_be_named(account: Account) -> None:
    customer = await account.customer()
    await account.platform.load({"closed": ["2026-01"]})
    february = account.ref("accountingPeriod", periodName="Feb 2026")
    id_ = await account.make("invoice", account.sale(customer, postingPeriod=february))
    found = await account.get("invoice", id_)
    assert (found["tranDate"], found["postingPeriod"]["refName"]) == ("2026-01-15", "Feb 2026")


async def test_an_account_may_forbid_dates_outside_of_the_period(account: Account) -> None:
    customer = await account.customer()
    await account.platform.load({"preferences": {"allowTransactionDateOutsideOfPostingPeriod": "DISALLOW"}})
    february = account.ref("accountingPeriod", periodName="Feb 2026")
    answer = await account.send("POST", "invoice", account.sale(customer, postingPeriod=february))
    assert (code_of(answer), path_of(answer)) == ("USER_ERROR", "tranDate")


async def test_locked_receivables_take_journals_still(account: Account) -> None:
    january = account.ref("accountingPeriod", periodName="Jan 2026")
    assert (await account.send("PATCH", f"accountingPeriod/{january['id']}", {"arLocked": True})).is_success
    answer = await account.send("POST", "invoice", account.sale(await account.customer()))
    assert code_of(answer) == "USER_ERROR"
    await account.make("journalEntry", entry(account))


async def test_a_day_without_a_period_is_refused(account: Account) -> None:
    answer = await account.send(
        "POST", "invoice", account.sale(await account.customer(), tranDate="2044-01-01")
    )
    assert code_of(answer) == "USER_ERROR"


async def test_what_is_posted_stays_in_a_closed_period(account: Account) -> None:
    id_ = await account.make("invoice", account.sale(await account.customer()))
    await account.platform.load({"closed": ["2026-01"]})
    changed = {"item": {"items": [{"line": 1, "amount": 70}]}}
    assert code_of(await account.send("PATCH", f"invoice/{id_}", changed)) == "USER_ERROR"
    assert (await account.send("PATCH", f"invoice/{id_}", {"memo": "seen"})).is_success


async def test_a_period_that_closes_by_fault_is_closed_for_all(account: Account) -> None:
    customer = await account.customer()
    account.platform.faults.add(Fault("period-closed"))
    assert code_of(await account.send("POST", "invoice", account.sale(customer))) == "USER_ERROR"
    assert await account.rows("SELECT periodname FROM accountingperiod WHERE closed = 'T'") == [
        {"periodname": "Jan 2026"}
    ]
    await account.platform.load({"open": ["2026-01"]})
    await account.make("invoice", account.sale(customer))


# Credits and cash


async def test_a_credit_memo_settles_what_it_is_applied_to(account: Account) -> None:
    customer = await account.customer()
    bill = await account.make("invoice", account.sale(customer))
    apply = {"items": [{"doc": {"id": bill}, "apply": True, "amount": 30}]}
    credit = await account.make("creditMemo", account.sale(customer, "40.00", apply=apply))
    assert (await account.get("invoice", bill))["amountRemaining"] == 70
    found = await account.get("creditMemo", credit)
    assert (found["applied"], found["unapplied"], found["status"]["id"]) == (30, 10, "A")
    assert await ledger(account, credit) == [("1200", "", "40"), ("2400", "40", "")]


@pytest.mark.parametrize("amount", [100.01, 40.01])
async def test_nothing_is_applied_beyond_what_is_open(account: Account, amount: float) -> None:
    customer = await account.customer()
    bill = await account.make("invoice", account.sale(customer))
    apply = {"items": [{"doc": {"id": bill}, "apply": True, "amount": amount}]}
    answer = await account.send("POST", "creditMemo", account.sale(customer, "40.00", apply=apply))
    assert (code_of(answer), path_of(answer)) == ("USER_ERROR", "apply.items[0].amount")
    assert account.platform.state.count("creditMemo") == 0


async def test_another_customers_invoice_cannot_be_settled(account: Account) -> None:
    bill = await account.make("invoice", account.sale(await account.customer()))
    apply = {"items": [{"doc": {"id": bill}, "apply": True, "amount": 10}]}
    other = await account.customer("Other")
    answer = await account.send("POST", "creditMemo", account.sale(other, apply=apply))
    assert code_of(answer) == "USER_ERROR"


async def test_an_application_can_be_taken_off_again(account: Account) -> None:
    customer = await account.customer()
    bill = await account.make("invoice", account.sale(customer))
    apply = {"items": [{"doc": {"id": bill}, "apply": True, "amount": 40}]}
    credit = await account.make("creditMemo", account.sale(customer, "40.00", apply=apply))
    off = {"apply": {"items": [{"doc": {"id": bill}, "apply": False}]}}
    assert (await account.send("PATCH", f"creditMemo/{credit}", off)).is_success
    assert (await account.get("invoice", bill))["amountRemaining"] == 100
    assert (await account.get("creditMemo", credit))["unapplied"] == 40


async def test_an_invoice_transforms_into_its_credit_and_its_payment(account: Account) -> None:
    customer = await account.customer()
    for target in ("creditMemo", "customerPayment"):
        bill = await account.make("invoice", taxed(account, customer))
        answer = await account.send("POST", f"invoice/{bill}/!transform/{target}", {})
        assert answer.status_code == 204
        assert f"/{target}/" in answer.headers["location"]
        assert (await account.get("invoice", bill))["status"]["id"] == "B"


async def test_a_customer_transforms_into_an_invoice(account: Account) -> None:
    customer = await account.customer()
    body = account.sale(customer)
    del body["entity"]
    answer = await account.send("POST", f"customer/{customer['id']}/!transform/invoice", body)
    assert answer.status_code == 204
    answer = await account.send("POST", f"customer/{customer['id']}/!transform/journalEntry", {})
    assert answer.status_code == 400


async def test_a_payment_and_its_refund(account: Account) -> None:
    customer = await account.customer()
    body = {"customer": customer, "payment": 50, "tranDate": "2026-02-01", "account": account.account("1000")}
    paid = await account.make("customerPayment", body)
    assert await ledger(account, paid) == [("1000", "50", ""), ("1200", "", "50")]
    apply = {"items": [{"doc": {"id": paid}, "apply": True, "amount": 20}]}
    refund = {
        "customer": customer,
        "tranDate": "2026-02-02",
        "account": account.account("1000"),
        "apply": apply,
    }
    back = await account.make("customerRefund", refund)
    assert await ledger(account, back) == [("1000", "", "20"), ("1200", "20", "")]
    assert (await account.get("customerPayment", paid))["unapplied"] == 30


# Journals


def entry(account: Account, debit: float = 10.01, credit: float = 10.01, **changes: Any) -> dict[str, Any]:
    lines = [
        {"account": account.account("2400"), "debit": debit},
        {"account": account.account("4000"), "credit": credit},
    ]
    subsidiary = account.ref("subsidiary", externalId="US01")
    body = {"subsidiary": subsidiary, "tranDate": "2026-01-31", "line": {"items": lines}}
    return body | changes


async def test_a_journal_balances_to_the_minor_unit(account: Account) -> None:
    id_ = await account.make("journalEntry", entry(account))
    assert await ledger(account, id_) == [("2400", "10.01", ""), ("4000", "", "10.01")]
    answer = await account.send("POST", "journalEntry", entry(account, credit=10.00))
    assert (answer.status_code, code_of(answer), path_of(answer)) == (400, "USER_ERROR", "line")


@pytest.mark.parametrize(
    "line",
    [{"debit": 1, "credit": 1}, {}, {"debit": 0}],
)
async def test_a_journal_line_has_one_side(account: Account, line: dict[str, Any]) -> None:
    body = entry(account)
    body["line"]["items"].append({"account": account.account("1000"), **line})
    assert code_of(await account.send("POST", "journalEntry", body)) == "USER_ERROR"


async def test_a_reversal_date_writes_the_reversing_entry(account: Account) -> None:
    id_ = await account.make("journalEntry", entry(account, reversalDate="2026-02-01"))
    found = await account.get("journalEntry", id_)
    reversal = await account.get("journalEntry", found["reversalEntry"])
    assert (reversal["tranDate"], reversal["isReversal"]) == ("2026-02-01", True)
    assert await ledger(account, reversal["id"]) == [("2400", "", "10.01"), ("4000", "10.01", "")]


async def test_every_transaction_balances(account: Account) -> None:
    customer = await account.customer()
    bill = await account.make("invoice", taxed(account, customer))
    await account.send("POST", f"invoice/{bill}/!transform/creditMemo", {})
    await account.make("journalEntry", entry(account))
    await account.make("customerPayment", {"customer": customer, "payment": 0.01})
    rows = await account.rows(
        "SELECT transaction, SUM(debit) AS debits, SUM(credit) AS credits FROM transactionaccountingline"
        " GROUP BY transaction ORDER BY transaction"
    )
    assert len(rows) == 4
    assert all(row["debits"] == row["credits"] for row in rows)
