"""The ledger of the running system is the preview's, by account role, whatever money does."""

from decimal import Decimal
from typing import Any

import pytest

from canonical.document import AccountRole
from governance.policy import load_policy
from rules.invariants import findings
from rules.preview import preview
from tests.agreement import listings, scenario_of, until_agreed
from tests.rules.scenarios import amendment, seats
from tests.workflows.cash import balances, call, issued, people, until_receipts
from tests.workflows.sales import day, month, scenario, sold
from tests.world import World, today

pytestmark = pytest.mark.xdist_group("payments")

ROLES: tuple[AccountRole, ...] = (
    "cash",
    "accounts_receivable",
    "customer_credits",
    "bad_debt",
    "dispute_fees",
)


def predicted(told: dict[str, Any]) -> dict[str, Decimal]:
    """The balances of money by account number, as preview's entries leave them; zeros are left out."""
    policy, sums = load_policy(None), dict.fromkeys(ROLES, Decimal(0))
    for entry in preview(scenario_of(told)).journal_entries:
        for line in entry.lines:
            if line.account in sums:
                sums[line.account] += line.debit - line.credit
    numbers = {role: policy.account("netsuite", "US01", role) for role in ROLES}
    return {numbers[role]: amount for role, amount in sums.items() if amount}


async def of_money(made: World) -> dict[str, Decimal]:
    policy = load_policy(None)
    numbers = {policy.account("netsuite", "US01", role) for role in ROLES}
    return {account: amount for account, amount in (await balances(made)).items() if account in numbers}


async def test_ledger_agrees_with_preview_about_all_kinds_of_money(made: World) -> None:
    told = scenario(sold(seats(tax_rate_percent="8.875"), start=month(-2), every=1))
    await made.load(told)
    await made.until_status("C-1", "active")
    await until_agreed(made, told)
    first, second, third = await issued(made)
    total = first["total"]
    now = today().isoformat()
    full = str(Decimal(total) / 100)
    first_payment = await people(made, pay={"invoice": first["id"]})
    await until_receipts(made, 1)
    await people(made, pay={"invoice": second["id"], "amount": 3000})
    await until_receipts(made, 2)
    await people(made, pay={"invoice": third["id"], "amount": total + 2500})
    await until_receipts(made, 4)
    await people(made, refund={"payment": first_payment["pay"]["id"], "amount": 1000})
    await until_receipts(made, 5)
    rest = {"payment": first_payment["pay"]["id"], "amount": total - 1000, "fee": 1500}
    await people(made, dispute=rest)
    await until_receipts(made, 7)
    more = str(Decimal(total + 2500) / 100)
    told["payments"] = [
        {"id": "P1", "date": now, "amount": full, "invoice": "INV-1"},
        {"id": "P2", "date": now, "amount": "30.00", "invoice": "INV-2"},
        {"id": "P3", "date": now, "amount": more, "invoice": "INV-3"},
        {"id": "R1", "date": now, "amount": "10.00", "invoice": "INV-1", "kind": "refund"},
        {
            "id": "D1",
            "date": now,
            "amount": str(Decimal(total - 1000) / 100),
            "invoice": "INV-1",
            "kind": "chargeback",
            "fee": "15.00",
        },
    ]
    assert await of_money(made) == predicted(told)
    assert findings(await listings(made, told)) == ()


async def test_credit_of_a_paid_invoice_stays_on_it_and_pays_no_later_one(made: World) -> None:
    told = scenario(
        sold(seats(tax_rate_percent="8.875"), start=day(-1), every=1),
        amendment(day(0), {"id": "L1", "quantity": "4"}, name="CH-1"),
    )
    await made.load(told)
    await made.until_status("C-1", "active")
    await made.until_posted("C-1", 1)
    [invoice] = await issued(made)
    await people(made, pay={"invoice": invoice["id"]})
    await until_receipts(made, 1)
    await made.load(told, approve="CH-1")
    await made.until_status("C-1", "active", changes=2)
    await made.until_posted("C-1", 2)
    customer = await call(made, "GET", f"/v1/customers/{invoice['customer']}")
    assert customer["balance"] == 0
    now = today().isoformat()
    paid = str(Decimal(invoice["total"]) / 100)
    told["payments"] = [{"id": "P1", "date": now, "amount": paid, "invoice": "INV-1"}]
    held, expected = await of_money(made), predicted(told)
    assert held["1000"] == expected["1000"]
    assert held["1200"] < 0
