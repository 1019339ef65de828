"""Money at NetSuite: each effect is posted once, with the record that NetSuite has for it."""

import datetime as dt
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from canonical.payment import CashApplication, InvoiceChange
from ports.errors import AlreadyExists, Conflict, OutcomeUnknown, PeriodClosed
from ports.receipts import CashAccounts, CashEntry
from sandbox.kit.faults import Fault
from tests.connectors.contract_erp_stand import ErpStand, credit_memo, customer_order, invoice, origin
from tests.connectors.netsuite.stand import erp_stand
from tests.connectors.netsuite.stand import stand as netsuite

INVOICE = "C-1001/invoice/2026-01-01"
DAY = dt.date(2026, 2, 1)


@pytest.fixture
async def stand(secrets_dir: Path) -> AsyncIterator[ErpStand]:
    made = await netsuite(secrets_dir)
    yield erp_stand(made, made.erp)
    await made.erp.aclose()


@pytest.fixture
async def customer(stand: ErpStand) -> str:
    """A customer with one posted invoice over 13,065.00."""
    made = await stand.erp.ensure_customer(customer_order(stand))
    await stand.erp.post_document(invoice(stand, made.id))
    return made.id


def entry(stand: ErpStand, customer: str, key: str, kind: str, amount: str, **more: Any) -> CashEntry:
    change, unapplied = more.pop("change", None), Decimal(more.pop("unapplied", "0"))
    application = CashApplication.model_validate(
        {
            "kind": kind,
            "amount": amount,
            "invoices": [InvoiceChange(invoice_key=INVOICE, change=Decimal(change))] if change else [],
            "unapplied": unapplied,
            "fee": more.pop("fee", "0"),
        }
    )
    accounts = stand.accounts
    figures: dict[str, Any] = {
        "origin": origin("cash"),
        "key": key,
        "contract": "C-1001",
        "customer_id": customer,
        "legal_entity": stand.legal_entity,
        "currency": stand.currency,
        "date": DAY,
        "posting_date": DAY,
        "application": application,
        "accounts": CashAccounts(
            cash=accounts["cash"],
            accounts_receivable=accounts["accounts_receivable"],
            customer_credits=accounts["customer_credits"],
            bad_debt=accounts["bad_debt"],
            dispute_fees=accounts["dispute_fees"],
        ),
        "memo": "Money",
    }
    return CashEntry(**(figures | more))


async def open_and_unapplied(stand: ErpStand, customer: str) -> tuple[Decimal, Decimal]:
    account = await stand.erp.receivables(stand.legal_entity, customer)
    return account.invoices[0].open, sum((each.amount for each in account.unapplied), Decimal(0))


async def kinds(stand: ErpStand) -> list[str]:
    return [receipt.kind for receipt in await stand.erp.receipts(stand.legal_entity)]


async def test_payment_and_its_rest_are_posted_once_however_often(stand: ErpStand, customer: str) -> None:
    money = entry(stand, customer, "payment/p/1", "payment", "13100.00", change="-13065", unapplied="35")
    first = await stand.erp.post_cash(money)
    assert (await stand.erp.post_cash(money)).id == first.id
    assert await kinds(stand) == ["payment", "unapplied"]
    assert await open_and_unapplied(stand, customer) == (Decimal(0), Decimal(35))


@pytest.mark.parametrize("outcome", ["applied-then-timeout", "not-applied-then-timeout", "applied-then-500"])
async def test_payment_whose_answer_is_lost_is_found_again(
    stand: ErpStand, customer: str, outcome: str
) -> None:
    money = entry(stand, customer, "payment/p/1", "payment", "100.00", change="-100")
    stand.faults.add(Fault(outcome, route="POST /services/rest/record/v1/customerPayment"))
    with pytest.raises(OutcomeUnknown):
        await stand.erp.post_cash(money)
    await stand.erp.post_cash(money)
    assert await kinds(stand) == ["payment"]


async def test_other_money_under_the_same_key_is_refused(stand: ErpStand, customer: str) -> None:
    await stand.erp.post_cash(entry(stand, customer, "payment/p/1", "payment", "100.00", change="-100"))
    with pytest.raises(AlreadyExists):
        await stand.erp.post_cash(entry(stand, customer, "payment/p/1", "payment", "90.00", change="-90"))


async def test_more_than_is_open_by_now_is_a_conflict(stand: ErpStand, customer: str) -> None:
    with pytest.raises(Conflict):
        await stand.erp.post_cash(
            entry(stand, customer, "payment/p/1", "payment", "13066.00", change="-13066")
        )
    assert await kinds(stand) == []


async def test_unapplied_money_is_applied_later_and_not_twice(stand: ErpStand, customer: str) -> None:
    await stand.erp.post_cash(entry(stand, customer, "payment/p/1", "payment", "50.00", unapplied="50"))
    use = entry(
        stand,
        customer,
        "application/p/1",
        "application",
        "50.00",
        change="-50",
        unapplied="-50",
        source_key="payment/p/1",
    )
    await stand.erp.post_cash(use)
    await stand.erp.post_cash(use)
    assert await kinds(stand) == ["unapplied", "application"]
    assert await open_and_unapplied(stand, customer) == (Decimal(13015), Decimal(0))


async def test_chargeback_opens_the_invoice_and_its_fee_is_posted_apart(
    stand: ErpStand, customer: str
) -> None:
    await stand.erp.post_cash(entry(stand, customer, "payment/p/1", "payment", "100.00", change="-100"))
    back = entry(
        stand,
        customer,
        "dispute/p/1/withdrawn",
        "chargeback",
        "60.00",
        change="60",
        fee="15",
        source_key="payment/p/1",
    )
    await stand.erp.post_cash(back)
    await stand.erp.post_cash(back)
    assert await kinds(stand) == ["payment", "refund", "fee"]
    account = await stand.erp.receivables(stand.legal_entity, customer)
    assert (account.invoices[0].open, account.invoices[0].paid) == (Decimal(13025), Decimal(40))
    assert [d.key for d in await stand.erp.documents(stand.legal_entity)] == [INVOICE]


async def test_chargeback_over_two_invoices_is_completed_after_its_answer_was_lost(
    stand: ErpStand, customer: str
) -> None:
    """Both payments are off both invoices when it is tried again: each is given back once."""
    other = {"key": "C-1001/invoice/2026-02-01", "number": "BILL-0002"}
    await stand.erp.post_document(invoice(stand, customer).model_copy(update=other))
    first = entry(stand, customer, "payment/p/1", "payment", "300.00", change="-100")
    await stand.erp.post_cash(over(first, (INVOICE, "-100"), (other["key"], "-200")))
    await stand.erp.post_cash(entry(stand, customer, "payment/p/2", "payment", "50.00", change="-50"))
    back = entry(stand, customer, "dispute/p/1/withdrawn", "chargeback", "350.00")
    back = over(back, (other["key"], "200"), (INVOICE, "150"))
    stand.faults.add(Fault("not-applied-then-timeout", route="POST /services/rest/record/v1/customerRefund"))
    with pytest.raises(OutcomeUnknown):
        await stand.erp.post_cash(back)
    await stand.erp.post_cash(back)
    assert await kinds(stand) == ["payment", "payment", "refund"]
    account = await stand.erp.receivables(stand.legal_entity, customer)
    assert [each.paid for each in account.invoices] == [Decimal(0), Decimal(0)]


def over(made: CashEntry, *changes: tuple[str, str]) -> CashEntry:
    """The same over these invoices."""
    invoices = tuple(InvoiceChange(invoice_key=key, change=Decimal(change)) for key, change in changes)
    return made.model_copy(update={"application": made.application.model_copy(update={"invoices": invoices})})


async def test_refund_of_a_credited_paid_invoice_uses_its_credit_memo(stand: ErpStand, customer: str) -> None:
    await stand.erp.post_cash(entry(stand, customer, "payment/p/1", "payment", "13065.00", change="-13065"))
    await stand.erp.post_document(credit_memo(stand, customer))
    credited = (await open_and_unapplied(stand, customer))[0]
    assert credited == Decimal("-1492.63")
    await stand.erp.post_cash(entry(stand, customer, "refund/p/1", "refund", "1492.63", change="1492.63"))
    assert (await open_and_unapplied(stand, customer))[0] == 0


async def test_write_off_settles_the_invoice_and_is_no_document(stand: ErpStand, customer: str) -> None:
    await stand.erp.post_cash(entry(stand, customer, "write-off/p/1", "write_off", "65.00", change="-65"))
    assert await kinds(stand) == ["write_off"]
    assert (await open_and_unapplied(stand, customer))[0] == Decimal(13000)
    assert [d.key for d in await stand.erp.documents(stand.legal_entity)] == [INVOICE]


async def test_money_of_a_closed_period_is_refused_as_such(stand: ErpStand, customer: str) -> None:
    stand.close_month("2026-02")
    with pytest.raises(PeriodClosed):
        await stand.erp.post_cash(entry(stand, customer, "payment/p/1", "payment", "1.00", unapplied="1"))


async def test_open_invoices_of_an_entity_are_listed_with_their_customers(
    stand: ErpStand, customer: str
) -> None:
    [found] = await stand.erp.open_receivables(stand.legal_entity, "USD")
    assert (found.key, found.number, found.customer_id) == (INVOICE, "BILL-0001", customer)
    assert (found.open, found.due_date) == (Decimal("13065.00"), dt.date(2026, 1, 31))
    assert "Northwind Analytics Inc." in found.customer_names
    assert await stand.erp.open_receivables(stand.legal_entity, "EUR") == ()
    assert await stand.erp.open_receivables("XX99", "USD") == ()
    await stand.erp.post_cash(entry(stand, customer, "payment/p/1", "payment", "65.00", change="-65"))
    [found] = await stand.erp.open_receivables(stand.legal_entity, "USD")
    assert found.open == Decimal("13000.00")
    await stand.erp.post_cash(entry(stand, customer, "payment/p/2", "payment", "13000.00", change="-13000"))
    assert await stand.erp.open_receivables(stand.legal_entity, "USD") == ()
