"""Foreign currency in the account: rates, base amounts, and what applying at another rate realises."""

from decimal import Decimal
from typing import Any

import pytest

from sandbox.netsuite.fields import RECORDS
from tests.sandbox.netsuite.conftest import Account, code_of, path_of


async def euro_customer(account: Account) -> dict[str, str]:
    body = {
        "companyName": "Südwind",
        "subsidiary": account.ref("subsidiary", externalId="US01"),
        "currency": account.ref("currency", symbol="EUR"),
    }
    return {"id": await account.make("customer", body)}


async def ledger(account: Account) -> list[tuple[str, str, Decimal]]:
    """Type, account and base amount of each line, a debit above zero."""
    rows = await account.rows(
        "SELECT t.type AS type, a.acctnumber AS number, g.amount AS amount"
        " FROM transactionaccountingline g JOIN transaction t ON t.id = g.transaction"
        " JOIN account a ON a.id = g.account ORDER BY t.id, g.transactionline"
    )
    return [(row["type"], row["number"], Decimal(row["amount"])) for row in rows]


async def balances(account: Account) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for _, number, amount in await ledger(account):
        sums[number] = sums.get(number, Decimal(0)) + amount
    return {number: amount for number, amount in sums.items() if amount}


def pays(customer: dict[str, str], invoice: str, amount: float, rate: float) -> dict[str, Any]:
    applied = {"items": [{"doc": {"id": invoice}, "apply": True, "amount": amount}]}
    day = {"tranDate": "2026-02-10", "exchangeRate": rate}
    return {"customer": customer, "payment": amount, "apply": applied} | day


async def test_base_amounts_are_at_the_transactions_rate(account: Account) -> None:
    sale = account.sale(await euro_customer(account), "100.01", exchangeRate=1.0857)
    made = await account.get("invoice", await account.make("invoice", sale))
    assert made["exchangeRate"] == Decimal("1.0857")
    # 100.01 × 1.0857 = 108.580857
    assert await ledger(account) == [
        ("CustInvc", "1200", Decimal("108.58")),
        ("CustInvc", "2400", Decimal("-108.58")),
    ]


async def test_a_rate_that_is_not_given_is_the_currencys_own(account: Account) -> None:
    euro = account.platform.state.find_one("currency", symbol="EUR")
    assert euro is not None
    account.platform.store.change(RECORDS["currency"], {**euro, "exchangeRate": "1.25"})
    made = await account.make("invoice", account.sale(await euro_customer(account)))
    assert (await account.get("invoice", made))["exchangeRate"] == Decimal("1.25")


async def test_the_base_currencys_rate_is_one(account: Account) -> None:
    made = await account.make("invoice", account.sale(await account.customer(), exchangeRate=1.5))
    assert (await account.get("invoice", made))["exchangeRate"] == 1


@pytest.mark.parametrize("rate", [0, -1.1, 1.123456789])
async def test_a_rate_is_positive_and_has_up_to_eight_decimals(account: Account, rate: float) -> None:
    sale = account.sale(await euro_customer(account), exchangeRate=rate)
    refused = await account.send("POST", "invoice", sale)
    assert (code_of(refused), path_of(refused)) == ("INVALID_VALUE", "exchangeRate")


async def test_what_a_payment_at_another_rate_realises_is_a_transaction_of_its_own(account: Account) -> None:
    customer = await euro_customer(account)
    invoice = await account.make("invoice", account.sale(customer, "360.00", exchangeRate=1.1))
    await account.make("customerPayment", pays(customer, invoice, 360.0, 1.25))
    assert (await ledger(account))[2:] == [
        ("CustPymt", "1000", Decimal("450.00")),
        ("CustPymt", "1200", Decimal("-450.00")),
        ("FxReval", "1200", Decimal("54.00")),
        ("FxReval", "7100", Decimal("-54.00")),
    ]
    assert "1200" not in await balances(account)


async def test_the_payment_that_settles_takes_all_that_is_left_in_the_base_currency(account: Account) -> None:
    customer = await euro_customer(account)
    invoice = await account.make("invoice", account.sale(customer, "360.00", exchangeRate=1.1))
    await account.make("customerPayment", pays(customer, invoice, 0.05, 1.1))  # 0.055, so 0.06
    await account.make("customerPayment", pays(customer, invoice, 359.95, 1.1))
    assert (await balances(account)) == {
        "1000": Decimal("396.01"),
        "2400": Decimal("-396.00"),
        "7100": Decimal("-0.01"),
    }


async def test_a_payment_that_is_taken_off_has_realised_nothing(account: Account) -> None:
    customer = await euro_customer(account)
    invoice = await account.make("invoice", account.sale(customer, "360.00", exchangeRate=1.1))
    payment = await account.make("customerPayment", pays(customer, invoice, 360.0, 1.25))
    off = {"apply": {"items": [{"doc": {"id": invoice}, "apply": False}]}}
    assert (await account.send("PATCH", f"customerPayment/{payment}", off)).status_code == 204
    assert "7100" not in await balances(account)
    refund = {"customer": customer, "tranDate": "2026-02-20", "exchangeRate": 1.3}
    refund["apply"] = {"items": [{"doc": {"id": payment}, "apply": True, "amount": 360.0}]}
    await account.make("customerRefund", refund)
    # 450 came in and 468 goes out
    assert await balances(account) == {
        "1000": Decimal("-18.00"), "1200": Decimal("396.00"), "2400": Decimal("-396.00"),
        "7100": Decimal("18.00"),
    }  # fmt: skip


async def test_a_deposit_goes_back_at_another_rate(account: Account) -> None:
    customer = await euro_customer(account)
    held = {"customer": customer, "payment": 100.0, "tranDate": "2026-02-01", "exchangeRate": 1.1}
    deposit = await account.make("customerDeposit", held)
    used = {"items": [{"doc": {"id": deposit}, "apply": True, "amount": 100.0}]}
    back = {"customer": customer, "tranDate": "2026-02-20", "exchangeRate": 1.25, "deposit": used}
    await account.make("customerRefund", back)
    assert await balances(account) == {"1000": Decimal("-15.00"), "7100": Decimal("15.00")}


async def test_a_deposit_is_applied_at_the_rate_at_which_it_came_in(account: Account) -> None:
    customer = await euro_customer(account)
    held = {"customer": customer, "payment": 100.0, "tranDate": "2026-02-01", "exchangeRate": 1.25}
    deposit = await account.make("customerDeposit", held)
    invoice = await account.make("invoice", account.sale(customer, "100.00", exchangeRate=1.1))
    used = {"items": [{"doc": {"id": invoice}, "apply": True, "amount": 100.0}]}
    await account.make("depositApplication", {"deposit": {"id": deposit}, "apply": used})
    assert await balances(account) == {
        "1000": Decimal("125.00"), "2400": Decimal("-110.00"), "7100": Decimal("-15.00"),
    }  # fmt: skip


async def test_a_credit_at_its_invoices_rate_realises_nothing(account: Account) -> None:
    customer = await euro_customer(account)
    invoice = await account.make("invoice", account.sale(customer, "100.01", exchangeRate=1.0857))
    answer = await account.send("POST", f"invoice/{invoice}/!transform/creditMemo", {})
    assert answer.status_code == 204, answer.text
    assert await balances(account) == {}
