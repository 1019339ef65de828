"""What is posted in another currency than the subsidiary's, and at which rate."""

import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from canonical.payment import InvoiceChange
from ports.errors import Rejected
from tests.connectors.contract_erp_stand import (
    ErpStand,
    complete_check,
    credit_memo,
    customer_order,
    invoice,
    origin,
)
from tests.connectors.netsuite.stand import erp_stand
from tests.connectors.netsuite.stand import stand as netsuite
from tests.connectors.netsuite.test_receipts import INVOICE, entry

OTHER = "C-1001/invoice/2026-02-01"


@pytest.fixture
async def stand(secrets_dir: Path) -> AsyncIterator[ErpStand]:
    made = await netsuite(secrets_dir)
    yield replace(erp_stand(made, made.erp), currency="EUR")
    await made.erp.aclose()


@pytest.fixture
async def customer(stand: ErpStand) -> str:
    """With an invoice over 13,065.00 EUR at 1.10 and another one at 1.20 in the books of a USD subsidiary."""
    made = await stand.erp.ensure_customer(customer_order(stand))
    await stand.erp.post_document(invoice(stand, made.id, exchange_rate=Decimal("1.10")))
    day = dt.date(2026, 2, 1)
    more: dict[str, Any] = {"document_date": day, "posting_date": day, "number": "BILL-0002"}
    await stand.erp.post_document(invoice(stand, made.id, OTHER, exchange_rate=Decimal("1.20"), **more))
    return made.id


async def base(stand: ErpStand) -> dict[str, Decimal]:
    """Balances in the subsidiary's currency, debits above zero."""
    sums: dict[str, Decimal] = {}
    for line in await stand.erp.general_ledger(stand.legal_entity):
        sums[line.account] = sums.get(line.account, Decimal(0)) + line.debit - line.credit
    return {account: amount for account, amount in sums.items() if amount}


async def moved(stand: ErpStand, before: dict[str, Decimal]) -> dict[str, Decimal]:
    after = await base(stand)
    changes = {each: after.get(each, Decimal(0)) - before.get(each, Decimal(0)) for each in after | before}
    return {account: amount for account, amount in changes.items() if amount}


async def test_documents_tell_the_rate_at_which_they_stand(stand: ErpStand, customer: str) -> None:
    found = {each.key: each.exchange_rate for each in await stand.erp.documents(stand.legal_entity)}
    assert found == {INVOICE: Decimal("1.1"), OTHER: Decimal("1.2")}


async def test_a_credit_memo_has_the_rate_of_its_invoice_whatever_is_said(
    stand: ErpStand, customer: str
) -> None:
    await stand.erp.post_document(credit_memo(stand, customer, exchange_rate=Decimal("9")))
    found = {each.kind: each.exchange_rate for each in await stand.erp.documents(stand.legal_entity)}
    assert found["credit_memo"] == Decimal("1.1")


async def test_a_void_leaves_nothing_in_the_books(stand: ErpStand, customer: str) -> None:
    for key in (INVOICE, OTHER):
        await stand.erp.void_document(origin("void"), "invoice", key, dt.date(2026, 3, 1), "not due")
    assert await base(stand) == {}


async def test_what_is_written_off_goes_at_its_invoices_rate(stand: ErpStand, customer: str) -> None:
    before = await base(stand)
    await stand.erp.post_cash(entry(stand, customer, "write-off/p/1", "write_off", "65.00", change="-65"))
    assert await moved(stand, before) == {"1200": Decimal("-71.50"), "6100": Decimal("71.50")}


async def test_invoices_of_different_rates_are_not_written_off_together(
    stand: ErpStand, customer: str
) -> None:
    both = entry(stand, customer, "write-off/p/1", "write_off", "20.00", change="-10")
    changes = (*both.application.invoices, InvoiceChange(invoice_key=OTHER, change=Decimal(-10)))
    both = both.model_copy(update={"application": both.application.model_copy(update={"invoices": changes})})
    with pytest.raises(Rejected, match="one by one"):
        await stand.erp.post_cash(both)


async def test_a_disputes_fee_is_at_its_days_rate(stand: ErpStand, customer: str) -> None:
    paid = entry(stand, customer, "payment/p/1", "payment", "100.00", change="-100")
    await stand.erp.post_cash(paid.model_copy(update={"exchange_rate": Decimal("1.25")}))
    before = await base(stand)
    source = {"change": "100", "fee": "16", "source_key": "payment/p/1"}
    back = entry(stand, customer, "dispute/p/1/withdrawn", "chargeback", "100.00", **source)
    await stand.erp.post_cash(back.model_copy(update={"exchange_rate": Decimal("1.50")}))
    # 100 came in at 1.25 and goes back at 1.50, when the invoice is open again at 1.10; the fee is 24
    assert await moved(stand, before) == {
        "1000": Decimal("-174.00"), "1200": Decimal("110.00"), "6200": Decimal("24.00"),
        "7100": Decimal("40.00"),
    }  # fmt: skip


async def test_unapplied_money_is_applied_at_the_rate_at_which_it_came_in(
    stand: ErpStand, customer: str
) -> None:
    came = entry(stand, customer, "payment/p/1", "payment", "50.00", unapplied="50")
    await stand.erp.post_cash(came.model_copy(update={"exchange_rate": Decimal("1.30")}))
    before = await base(stand)
    use = {"change": "-50", "unapplied": "-50", "source_key": "payment/p/1"}
    await stand.erp.post_cash(entry(stand, customer, "application/p/1", "application", "50.00", **use))
    assert await moved(stand, before) == {
        "1200": Decimal("-55.00"), "2300": Decimal("65.00"), "7100": Decimal("-10.00"),
    }  # fmt: skip


async def test_books_that_the_policy_says_otherwise_are_refused(stand: ErpStand) -> None:
    assert await stand.erp.check(complete_check(stand, books_currency="USD")) == ()
    [problem] = await stand.erp.check(complete_check(stand, books_currency="CHF"))
    assert (problem.field, problem.code) == ("legal_entity", "BOOKS_CURRENCY_DIFFERS")


async def test_a_currency_of_three_decimals_is_refused_in_words(stand: ErpStand) -> None:
    [problem] = await stand.erp.check(complete_check(stand, currency="KWD"))
    assert (problem.field, problem.value, problem.code) == ("currency", "KWD", "CURRENCY_UNKNOWN")
    assert "NetSuite" in problem.message
    assert "0 or 2 decimals, KWD has 3" in problem.message
