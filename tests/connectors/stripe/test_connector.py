"""What is Stripe's own, on its simulator."""

import asyncio
import datetime as dt
from decimal import Decimal
from typing import Any

import httpx
import pytest
from pydantic import SecretStr, ValidationError

from canonical.contract import Account
from canonical.document import DocumentLine
from connectors.stripe.connector import Stripe, create
from connectors.stripe.mapping import product_id, tax_id
from connectors.stripe.money import from_stripe, to_stripe
from connectors.stripe.settings import StripeSettings
from ports.errors import AuthenticationFailed, Conflict, OutcomeUnknown, Rejected, Transient
from sandbox.kit.faults import Fault
from sandbox.stripe import StripePlatform
from tests.connectors.contract_billing_stand import (
    ACCOUNT,
    TODAY,
    BillingStand,
    completion,
    credit,
    customer_order,
    invoice,
    line,
    origin,
    phase,
    seats,
    subscription,
    usage,
)
from tests.connectors.stripe.conftest import BASE_URL, clock
from tests.sandbox.stripe.api import Api

FEBRUARY = dt.date(2026, 2, 1)


async def test_wrong_key_is_a_persons_matter(transport: httpx.AsyncBaseTransport) -> None:
    settings = StripeSettings(base_url=BASE_URL, api_key=SecretStr("sk_test_wrong_wrong_wrong"))
    stripe = create(settings, transport=transport, clock=clock)
    with pytest.raises(AuthenticationFailed) as caught:
        await stripe.check()
    assert "wrong_wrong" not in str(caught.value)
    await stripe.aclose()


async def test_check_names_the_version_that_answers(stripe: Stripe) -> None:
    assert await stripe.check() == "2026-05-27.dahlia"


def test_settings_show_no_secret_and_take_no_other_version() -> None:
    settings = StripeSettings(api_key=SecretStr("sk_test_1234"))
    assert "1234" not in repr(settings)
    with pytest.raises(ValidationError):
        StripeSettings.model_validate({"api_key": "x", "api_version": "2024-06-20"})


async def test_customer_carries_the_accounts_data_and_tax_id(stripe: Stripe, api: Api) -> None:
    account = ACCOUNT.model_copy(update={"tax_registration": "12-3456789", "parent": "A-1"})
    id = (await stripe.ensure_customer(customer_order(account))).id
    customer = await api.get(f"customers/{id}", expand=["tax_ids"])
    assert (customer["name"], customer["email"]) == (account.name, account.email)
    assert (customer["address"]["state"], customer["address"]["country"]) == ("NY", "US")
    assert customer["metadata"]["q2c_account"] == "A-77"
    assert [(one["type"], one["value"]) for one in customer["tax_ids"]["data"]] == [("us_ein", "12-3456789")]
    other = account.model_copy(update={"tax_registration": "98-7654321", "email": None})
    await stripe.ensure_customer(customer_order(other))
    customer = await api.get(f"customers/{id}", expand=["tax_ids"])
    assert [one["value"] for one in customer["tax_ids"]["data"]] == ["98-7654321"]
    assert customer["email"] is None


async def test_tax_registration_that_stripe_refuses_is_rejected(stripe: Stripe) -> None:
    wrong = ACCOUNT.model_copy(update={"tax_registration": "not a number"})
    with pytest.raises(Rejected) as caught:
        await stripe.ensure_customer(customer_order(wrong))
    assert (caught.value.vendor_code, caught.value.field) == ("tax_id_invalid", "value")


@pytest.mark.parametrize(
    ("country", "registration", "expected"),
    [
        ("DE", "DE 123 456 789", ("eu_vat", "DE123456789")),
        ("DE", "123456789", ("eu_vat", "DE123456789")),
        ("GR", "123456789", ("eu_vat", "EL123456789")),
        ("US", "12-3456789", ("us_ein", "12-3456789")),
        ("BR", "12.345", None),
        ("DE", None, None),
    ],
)
def test_tax_id_type_is_told_by_the_country(
    country: str, registration: str | None, expected: tuple[str, str] | None
) -> None:
    address = ACCOUNT.billing_address.model_copy(update={"country": country})
    account = Account(id="A", name="A", billing_address=address, tax_registration=registration)
    assert tax_id(account) == expected


async def test_two_at_once_make_one_customer(stripe: Stripe, platform: StripePlatform) -> None:
    async def ensure() -> str:
        while True:
            try:
                return (await stripe.ensure_customer(customer_order())).id
            except Transient:
                await asyncio.sleep(0)

    assert len(set(await asyncio.gather(*(ensure() for _ in range(5))))) == 1
    assert platform.state.count("customer") == 1


async def test_subscription_says_where_it_comes_from(stand: BillingStand, api: Api) -> None:
    made = await stand.billing.set_subscription(subscription(await stand.customer(), phase(FEBRUARY)))
    found = await api.get(f"subscriptions/{made.id}")
    assert found["metadata"] == {
        "q2c_tenant": "t",
        "q2c_contract": "C-1001",
        "q2c_change": "C-1001",
        "q2c_correlation": "corr-1",
        "q2c_legal_entity": "US01",
    }
    assert (found["collection_method"], found["days_until_due"], found["schedule"]) == (
        "send_invoice",
        30,
        None,
    )
    (item,) = found["items"]["data"]
    assert (item["quantity"], item["price"]["unit_amount"]) == (10, 1200)
    assert item["metadata"] == {"q2c_line": "L1", "q2c_quantity": "10"}


async def test_catalog_is_shared_and_not_doubled(stand: BillingStand, platform: StripePlatform) -> None:
    customer = await stand.customer()
    for contract in ("C-1001", "C-2", "C-3"):
        order = subscription(customer, phase(FEBRUARY, seats(), seats(line="L2", product="A b/c")))
        await stand.billing.set_subscription(order.model_copy(update={"business_key": contract}))
    assert (platform.state.count("product"), platform.state.count("price")) == (2, 2)
    assert platform.state.count("tax_rate") == 1


@pytest.mark.parametrize("name", ["SEAT", "plan_a-1", "Ümlaut", "a b", "x" * 300])
def test_product_ids_are_names_that_stripe_can_take(name: str) -> None:
    id = product_id(name)
    assert id.isascii()
    assert len(id) <= 200
    assert (id == name) == (name in ("SEAT", "plan_a-1"))


@pytest.mark.parametrize("step", range(12))
@pytest.mark.parametrize("outcome", ["applied-then-timeout", "not-applied-then-timeout", "500"])
async def test_subscription_with_phases_survives_a_fault_at_each_of_its_writes(
    stand: BillingStand, platform: StripePlatform, step: int, outcome: str
) -> None:
    order = subscription(
        await stand.customer(),
        phase(FEBRUARY, seats("1.00"), seats("2.00", line="L2"), end=dt.date(2026, 3, 1)),
        phase(dt.date(2026, 3, 1), seats("3.00"), end=dt.date(2026, 4, 1)),
        current_lines=(seats(),),
        end_date=dt.date(2026, 4, 1),
    )
    platform.faults.add(Fault(outcome, route="POST /v1/*", after=step))
    for _ in range(3):
        try:
            await stand.billing.set_subscription(order)
        except (OutcomeUnknown, Transient):
            continue
    assert (platform.state.count("subscription"), platform.state.count("subscription_schedule")) == (1, 1)
    platform.faults.clear()
    await stand.until(dt.date(2026, 6, 1))
    assert [str(document.subtotal) for document in await stand.documents()] == ["3.00", "3.00"]


async def test_draft_is_not_swept_up_with_what_waits(stand: BillingStand, api: Api) -> None:
    customer = await stand.customer()
    await api.post("invoiceitems", customer=customer, amount=999, currency="usd")
    made = await stand.billing.draft_invoice(invoice(customer))
    assert (await stand.billing.read_invoice(made.id)).subtotal == Decimal("120.00")


@pytest.mark.parametrize(("credit_balance", "left"), [(0, ["void"]), (-5000, []), (-50_000, [])])
async def test_discarded_draft_leaves_nothing_waiting_and_no_credit_used(
    stand: BillingStand, api: Api, credit_balance: int, left: list[str]
) -> None:
    customer = await stand.customer()
    order = invoice(customer)
    await stand.billing.draft_invoice(order)
    if credit_balance:
        path = f"customers/{customer}/balance_transactions"
        await api.post(path, amount=credit_balance, currency="usd")
    gone = await stand.billing.discard_invoice(origin("undo"), order.key, "wrong")
    assert gone is not None
    assert gone.status == "void"
    assert (await api.get("invoiceitems", pending=True))["data"] == []
    assert [one["status"] for one in (await api.get("invoices"))["data"]] == left
    assert (await api.get(f"customers/{customer}"))["balance"] == credit_balance


async def test_credit_of_a_paid_invoice_pays_no_later_one(stand: BillingStand, api: Api) -> None:
    customer = await stand.customer()
    order = invoice(customer)
    made = await stand.billing.draft_invoice(order)
    await stand.billing.finalize_invoice(order.origin, made.id)
    await stand.pay(made.id)
    memo = await stand.billing.issue_credit_memo(credit(order))
    assert (await api.get(f"customers/{customer}"))["balance"] == 0
    assert (await api.get(f"credit_notes/{memo.id}"))["out_of_band_amount"] == to_stripe(memo.total, "USD")
    with pytest.raises(Rejected):  # Stripe voids only while the invoice is open
        await stand.billing.void_credit_memo(origin("undo"), memo.key or "", "wrong")


async def test_invoice_paid_while_it_is_credited_is_a_conflict(
    stand: BillingStand, platform: StripePlatform, api: Api
) -> None:
    order = invoice(await stand.customer())
    made = await stand.billing.draft_invoice(order)
    await stand.billing.finalize_invoice(order.origin, made.id)
    platform.faults.add(Fault("stale-read", times=100))
    await stand.pay(made.id)
    with pytest.raises(Conflict):
        await stand.billing.issue_credit_memo(credit(order))
    platform.faults.clear()
    platform.state.drop_shadow()
    assert (await stand.billing.issue_credit_memo(credit(order))).status == "issued"


async def test_true_due_date_is_kept_where_stripe_takes_no_past_one(stand: BillingStand, api: Api) -> None:
    past = dt.date(2025, 6, 1)
    made = await stand.billing.draft_invoice(invoice(await stand.customer(), date=past))
    found = await api.get(f"invoices/{made.id}")
    assert found["metadata"]["q2c_due_date"] == "2025-07-01"
    assert dt.datetime.fromtimestamp(found["effective_at"], dt.UTC).date() == past
    assert (await stand.billing.read_invoice(made.id)).due_date == dt.date(2025, 7, 1)


@pytest.mark.parametrize(
    ("currency", "amount", "units"),
    [
        ("USD", "12.34", 1234),
        ("JPY", "12", 12),
        ("KWD", "1.230", 1230),
        ("ISK", "12", 1200),
        ("MGA", "5.00", 5),
    ],
)
def test_minor_units_are_stripes(currency: str, amount: str, units: int) -> None:
    assert to_stripe(Decimal(amount), currency) == units
    assert format(from_stripe(units, currency), "f") == amount


def fils(amount: str, tax: str = "0.000", **more: Any) -> DocumentLine:
    return line(amount, tax, percent=Decimal(0), **more)


@pytest.mark.parametrize(
    ("amount", "tax", "field"),
    [("1.234", "0.000", "lines.U1.amount"), ("1.230", "0.123", "lines.U1.tax")],
)
async def test_three_decimals_that_stripe_can_not_settle_are_rejected_before_anything_is_made(
    stand: BillingStand, amount: str, tax: str, field: str
) -> None:
    order = invoice(await stand.customer(), fils("5.000"), fils(amount, tax, id="U1"), currency="KWD")
    with pytest.raises(Rejected, match=r"in steps of 0\.010") as caught:
        await stand.billing.draft_invoice(order)
    assert caught.value.field == field
    assert "invoice" not in stand.platform.dump()


async def test_a_cycles_draft_that_can_not_have_its_usage_is_held_open(stand: BillingStand, api: Api) -> None:
    """It would issue itself without the usage after an hour."""
    first = phase(FEBRUARY, seats("12.340", tax_rate_percent=Decimal(0)), usage())
    await stand.billing.set_subscription(subscription(await stand.customer(), first, currency="KWD"))
    await stand.until(FEBRUARY, hour=0)
    (draft,) = await stand.documents()
    used = fils("0.125", id="U1", kind="usage")
    with pytest.raises(Rejected) as caught:
        await stand.billing.complete_draft(completion(draft, used))
    assert caught.value.field == "lines.U1.amount"
    await stand.until(FEBRUARY, hour=12)
    assert (await api.get(f"invoices/{draft.id}"))["status"] == "draft"
    corrected = used.model_copy(update={"amount": Decimal("0.130")})
    done = await stand.billing.complete_draft(completion(draft, corrected))
    assert [str(each.amount) for each in done.lines if each.line == "U1" and each.amount] == ["0.130"]


async def test_a_credit_that_stripe_can_not_settle_is_rejected(stand: BillingStand) -> None:
    order = invoice(await stand.customer(), fils("5.000"), currency="KWD")
    made = await stand.billing.draft_invoice(order)
    await stand.billing.finalize_invoice(order.origin, made.id)
    piece = fils("1.005", kind="proration", start=TODAY, credits=0)
    with pytest.raises(Rejected) as caught:
        await stand.billing.issue_credit_memo(credit(order, piece, currency="KWD"))
    assert caught.value.field == "lines.L1.amount"
    assert "credit_note" not in stand.platform.dump()


async def test_a_recurring_price_that_stripe_can_not_settle_is_rejected(stand: BillingStand) -> None:
    first = phase(FEBRUARY, seats("12.345", tax_rate_percent=Decimal(0)))
    with pytest.raises(Rejected) as caught:
        await stand.billing.set_subscription(subscription(await stand.customer(), first, currency="KWD"))
    assert caught.value.field == "lines.L1.period_amount"


async def test_line_without_tax_can_not_be_credited_with_tax(stand: BillingStand) -> None:
    order = invoice(await stand.customer(), line("120.00", percent=Decimal(0)))
    made = await stand.billing.draft_invoice(order)
    await stand.billing.finalize_invoice(order.origin, made.id)
    piece = line("50.00", "4.44", kind="proration", start=TODAY, credits=0)
    with pytest.raises(Rejected):
        await stand.billing.issue_credit_memo(credit(order, piece))
