"""How subscriptions bill: cycles, prorations, trials, anchors, ends. Days are of a test clock."""

import datetime as dt
from typing import Any

import pytest

from tests.sandbox.stripe.api import Api, Json

SENT: Json = {"collection_method": "send_invoice", "days_until_due": 30}


def at(day: str) -> int:
    return int(dt.datetime.fromisoformat(day).replace(tzinfo=dt.UTC).timestamp())


def day(moment: int) -> str:
    return dt.datetime.fromtimestamp(moment, dt.UTC).date().isoformat()


class Own:
    """A customer with a time of its own."""

    def __init__(self, api: Api, clock: str, customer: str) -> None:
        self.api, self.clock, self.customer = api, clock, customer

    async def until(self, moment: str) -> None:
        await self.api.post(f"test_helpers/test_clocks/{self.clock}/advance", frozen_time=at(moment))

    async def subscribe(self, *prices: str, **params: Any) -> Json:
        given = {"customer": self.customer, "items": [{"price": price} for price in prices], **SENT, **params}
        return await self.api.post("subscriptions", **given)

    async def invoices(self) -> list[tuple[str, str, int]]:
        """(day, reason, total), oldest first."""
        found = await self.api.get("invoices", customer=self.customer, limit=100)
        return [
            (day(one["created"]), one["billing_reason"].removeprefix("subscription_"), one["total"])
            for one in reversed(found["data"])
        ]


@pytest.fixture
async def own(api: Api) -> Own:
    clock = await api.post("test_helpers/test_clocks", frozen_time=at("2025-01-31"))
    return Own(api, clock["id"], await api.customer(test_clock=clock["id"]))


async def test_cycles_follow_the_anchors_day_and_clamp(own: Own) -> None:
    subscription = await own.subscribe(await own.api.price())
    await own.until("2025-05-01")
    assert await own.invoices() == [
        ("2025-01-31", "create", 1000),
        ("2025-02-28", "cycle", 1000),
        ("2025-03-31", "cycle", 1000),
        ("2025-04-30", "cycle", 1000),
    ]
    (item,) = (await own.api.get(f"subscriptions/{subscription['id']}"))["items"]["data"]
    assert (day(item["current_period_start"]), day(item["current_period_end"])) == (
        "2025-04-30",
        "2025-05-31",
    )


async def test_cycles_draft_is_finalized_an_hour_later(own: Own) -> None:
    await own.subscribe(await own.api.price())
    await own.until("2025-02-28T00:30:00")
    (draft, first) = (await own.api.get("invoices", customer=own.customer))["data"]
    assert (draft["status"], first["status"]) == ("draft", "open")
    assert draft["automatically_finalizes_at"] - draft["created"] == 3600
    await own.until("2025-02-28T01:00:00")
    (issued, _) = (await own.api.get("invoices", customer=own.customer))["data"]
    assert (issued["status"], issued["due_date"]) == ("open", at("2025-03-30T01:00:00"))


@pytest.mark.parametrize(("behaviour", "first"), [("create_prorations", [500]), ("none", [])])
async def test_time_to_a_future_anchor_is_prorated_or_free(
    own: Own, behaviour: str, first: list[int]
) -> None:
    await own.until("2025-02-15")
    await own.subscribe(
        await own.api.price(), billing_cycle_anchor=at("2025-03-01"), proration_behavior=behaviour
    )
    assert [total for _, _, total in await own.invoices()] == first
    await own.until("2025-03-02")
    assert (await own.invoices())[-1] == ("2025-03-01", "cycle", 1000)


async def test_anchor_after_the_next_natural_date_is_refused(own: Own) -> None:
    params: Json = {"customer": own.customer, "items": [{"price": await own.api.price()}], **SENT}
    error = await own.api.refused("subscriptions", **params, billing_cycle_anchor=at("2025-03-01"))
    assert error["param"] == "billing_cycle_anchor"
    assert "later than next natural billing date" in error["message"]


async def test_backdated_time_is_billed_by_natural_periods_unless_free(own: Own) -> None:
    price = await own.api.price()
    paid = await own.subscribe(price, backdate_start_date=at("2024-12-31"), expand=["latest_invoice"])
    assert [line["amount"] for line in paid["latest_invoice"]["lines"]["data"]] == [1000, 1000]
    assert paid["start_date"] == at("2024-12-31")
    free = await own.subscribe(
        price,
        backdate_start_date=at("2024-12-01"),
        billing_cycle_anchor=at("2025-02-01"),
        proration_behavior="none",
    )
    assert free["latest_invoice"] is None


async def test_configured_day_of_month_is_kept_through_short_months(own: Own) -> None:
    await own.until("2025-02-10")
    await own.subscribe(
        await own.api.price(),
        billing_cycle_anchor_config={"day_of_month": 31, "hour": 0, "minute": 0, "second": 0},
        proration_behavior="none",
    )
    await own.until("2025-05-01")
    assert [when for when, _, _ in await own.invoices()] == ["2025-02-28", "2025-03-31", "2025-04-30"]


async def test_changed_quantity_is_prorated_on_the_next_invoice(own: Own) -> None:
    subscription = await own.subscribe(await own.api.price(2800))
    item = subscription["items"]["data"][0]["id"]
    await own.until("2025-02-14")  # half of the 28 days to 28 February
    await own.api.post(f"subscriptions/{subscription['id']}", items=[{"id": item, "quantity": 3}])
    await own.until("2025-03-01")
    assert (await own.invoices())[-1] == ("2025-02-28", "cycle", -1400 + 4200 + 8400)


@pytest.mark.parametrize(("behaviour", "now"), [("none", []), ("always_invoice", [("update", 1400)])])
async def test_proration_can_be_left_out_or_invoiced_at_once(
    own: Own, behaviour: str, now: list[tuple[str, int]]
) -> None:
    subscription = await own.subscribe(await own.api.price(2800))
    item = subscription["items"]["data"][0]["id"]
    await own.until("2025-02-14")
    changes = [{"id": item, "quantity": 2}]
    path = f"subscriptions/{subscription['id']}"
    await own.api.post(path, items=changes, proration_behavior=behaviour)
    assert [(reason, total) for _, reason, total in (await own.invoices())[1:]] == now


async def test_other_interval_starts_a_new_cycle_and_bills_at_once(own: Own) -> None:
    subscription = await own.subscribe(await own.api.price(2800))
    yearly = await own.api.price(12_000, interval="year")
    item = subscription["items"]["data"][0]["id"]
    await own.until("2025-02-14")
    await own.api.post(f"subscriptions/{subscription['id']}", items=[{"id": item, "price": yearly}])
    assert (await own.invoices())[-1] == ("2025-02-14", "update", 12_000 - 1400)


async def test_items_are_added_and_deleted(own: Own) -> None:
    seats, calls = await own.api.price(), await own.api.price(500)
    subscription = await own.subscribe(seats, proration_behavior="none")
    path = f"subscriptions/{subscription['id']}"
    changed = await own.api.post(path, items=[{"price": calls}], proration_behavior="none")
    assert len(changed["items"]["data"]) == 2
    error = await own.api.refused(path, items=[{"price": calls}])
    assert "same price" in error["message"]
    first = subscription["items"]["data"][0]["id"]
    await own.api.delete(f"subscription_items/{first}", proration_behavior="none")
    listed = await own.api.get("subscription_items", subscription=subscription["id"])
    assert [item["price"]["id"] for item in listed["data"]] == [calls]
    last = listed["data"][0]["id"]
    assert (await own.api.refused(path, items=[{"id": last, "deleted": True}]))["status"] == 400


async def test_trial_is_free_and_then_billed(own: Own) -> None:
    subscription = await own.subscribe(await own.api.price(), trial_period_days=10)
    assert (subscription["status"], await own.invoices()) == ("trialing", [("2025-01-31", "create", 0)])
    await own.until("2025-02-11")
    assert (await own.invoices())[-1] == ("2025-02-10", "cycle", 1000)
    assert (await own.api.get(f"subscriptions/{subscription['id']}"))["status"] == "active"


async def test_cancelled_at_period_end_bills_no_more(own: Own) -> None:
    subscription = await own.subscribe(await own.api.price())
    told = await own.api.post(f"subscriptions/{subscription['id']}", cancel_at_period_end=True)
    assert day(told["cancel_at"]) == "2025-02-28"
    await own.until("2025-06-01")
    ended = await own.api.get(f"subscriptions/{subscription['id']}")
    assert (ended["status"], day(ended["ended_at"])) == ("canceled", "2025-02-28")
    assert len(await own.invoices()) == 1
    assert (await own.api.get("subscriptions", customer=own.customer))["data"] == []
    assert len((await own.api.get("subscriptions", customer=own.customer, status="all"))["data"]) == 1
    assert (await own.api.refused(f"subscriptions/{subscription['id']}", days_until_due=3))["status"] == 400


async def test_last_period_is_shortened_by_cancel_at(own: Own) -> None:
    await own.subscribe(await own.api.price(3100), cancel_at=at("2025-03-10"))
    await own.until("2025-04-01")
    assert (await own.invoices())[-1] == ("2025-02-28", "cycle", 1000)  # 10 of 31 days


async def test_cancelled_now_leaves_its_invoices(own: Own) -> None:
    subscription = await own.subscribe(await own.api.price())
    assert (await own.api.delete(f"subscriptions/{subscription['id']}"))["status"] == "canceled"
    (invoice,) = (await own.api.get("invoices", customer=own.customer))["data"]
    assert (invoice["status"], invoice["auto_advance"]) == ("draft", False)
    assert (await own.api.refused(f"subscriptions/{subscription['id']}", "DELETE"))["status"] == 404


async def test_cancelled_with_proration_gives_back_what_is_unused(own: Own) -> None:
    subscription = await own.subscribe(await own.api.price(2800))
    await own.until("2025-02-14")
    await own.api.delete(f"subscriptions/{subscription['id']}", prorate=True, invoice_now=True)
    assert (await own.invoices())[-1] == ("2025-02-14", "update", -1400)
    assert (await own.api.get(f"customers/{own.customer}"))["balance"] == -1400


async def test_paused_collection_keeps_the_drafts(own: Own) -> None:
    subscription = await own.subscribe(await own.api.price())
    path = f"subscriptions/{subscription['id']}"
    await own.api.post(path, pause_collection={"behavior": "keep_as_draft"})
    await own.until("2025-03-02")
    (latest, _) = (await own.api.get("invoices", customer=own.customer))["data"]
    assert (latest["status"], latest["auto_advance"]) == ("draft", False)
    assert (await own.api.post(path, pause_collection=""))["pause_collection"] is None


async def test_inline_price_can_be_sent_again(own: Own) -> None:
    await own.api.post("products", id="P", name="P")
    data = {"currency": "usd", "product": "P", "unit_amount": 700, "recurring": {"interval": "month"}}
    items = [{"price_data": data}]
    subscription = await own.api.post("subscriptions", customer=own.customer, items=items, **SENT)
    price = subscription["items"]["data"][0]["price"]["id"]
    schedule = await own.api.post("subscription_schedules", from_subscription=subscription["id"])
    (phase,) = schedule["phases"]
    again = {"items": [{"price": price}], "start_date": phase["start_date"]}
    await own.api.post(f"subscription_schedules/{schedule['id']}", phases=[again])
    packed = await own.api.price(500, transform_quantity={"divide_by": 10, "round": "up"})
    preview = await own.api.post(
        "invoices/create_preview",
        customer=own.customer,
        subscription_details={"items": [{"price": packed, "quantity": 21}]},
    )
    assert preview["total"] == 1500


async def test_card_is_charged_and_a_declined_one_is_past_due(own: Own) -> None:
    method = await own.api.post("payment_methods/pm_card_visa/attach", customer=own.customer)
    subscription = await own.api.post(
        "subscriptions",
        customer=own.customer,
        items=[{"price": await own.api.price()}],
        default_payment_method=method["id"],
        expand=["latest_invoice"],
    )
    assert (subscription["status"], subscription["latest_invoice"]["status"]) == ("active", "paid")
    card = {"number": "4000000000000341", "exp_month": 1, "exp_year": 2040}
    bad = await own.api.post("payment_methods", type="card", card=card)
    await own.api.post(f"payment_methods/{bad['id']}/attach", customer=own.customer)
    await own.api.post(f"subscriptions/{subscription['id']}", default_payment_method=bad["id"])
    await own.until("2025-03-01")
    assert (await own.api.get(f"subscriptions/{subscription['id']}"))["status"] == "past_due"


async def test_first_payment_that_fails_leaves_it_incomplete(own: Own) -> None:
    given: Json = {"customer": own.customer, "items": [{"price": await own.api.price()}]}
    assert (await own.api.post("subscriptions", **given))["status"] == "incomplete"
    assert (await own.api.refused("subscriptions", **given, payment_behavior="error_if_incomplete"))[
        "status"
    ] == 402


async def test_tiers_and_usage_are_billed(own: Own) -> None:
    tiers = [{"up_to": 10, "unit_amount": 100}, {"up_to": "inf", "unit_amount": 50, "flat_amount": 7}]
    scheme: Json = {"billing_scheme": "tiered", "tiers": tiers, "currency": "usd"}
    meter = await own.api.post(
        "billing/meters", display_name="Calls", event_name="calls", default_aggregation={"formula": "sum"}
    )
    await own.api.post("products", id="T", name="T")
    prices = []
    for mode in ("graduated", "volume"):
        recurring = {"interval": "month"}
        price = await own.api.post("prices", product="T", recurring=recurring, tiers_mode=mode, **scheme)
        prices.append(price["id"])
    metered = await own.api.post(
        "prices",
        product="T",
        currency="usd",
        unit_amount_decimal="0.5",
        recurring={"interval": "month", "usage_type": "metered", "meter": meter["id"]},
    )
    items = [
        {"price": prices[0], "quantity": 12},
        {"price": prices[1], "quantity": 12},
        {"price": metered["id"]},
    ]
    await own.api.post("subscriptions", customer=own.customer, items=items, **SENT)
    assert (await own.invoices())[0][2] == (1000 + 100 + 7) + (600 + 7)
    for identifier, value in (("e1", "70.5"), ("e2", "10.4")):
        payload = {"stripe_customer_id": own.customer, "value": value}
        await own.api.post("billing/meter_events", event_name="calls", payload=payload, identifier=identifier)
    error = await own.api.refused(
        "billing/meter_events", event_name="calls", payload=payload, identifier="e1"
    )
    assert error["param"] == "identifier"
    await own.until("2025-03-01")
    assert (await own.invoices())[1][2] == 1107 + 607 + 40  # 80.9 × 0.5 is 40.45
    used = await own.api.get(
        f"billing/meters/{meter['id']}/event_summaries",
        customer=own.customer,
        start_time=at("2025-01-31"),
        end_time=at("2025-02-28"),
    )
    assert [one["aggregated_value"] for one in used["data"]] == [80.9]


async def test_preview_bills_nothing(own: Own) -> None:
    subscription = await own.subscribe(await own.api.price())
    before = await own.invoices()
    item = subscription["items"]["data"][0]["id"]
    preview = await own.api.post(
        "invoices/create_preview",
        subscription=subscription["id"],
        subscription_details={"items": [{"id": item, "quantity": 5}], "proration_behavior": "none"},
    )
    assert (preview["total"], preview["status"]) == (5000, "draft")
    assert await own.invoices() == before
    found = await own.api.get(f"subscriptions/{subscription['id']}")
    assert found["items"]["data"][0]["quantity"] == 1
    assert (await own.api.refused("invoices/create_preview", customer=await own.api.customer()))[
        "status"
    ] == 404


async def test_waiting_items_come_with_the_next_cycle(own: Own) -> None:
    await own.subscribe(await own.api.price())
    item = await own.api.post("invoiceitems", customer=own.customer, amount=250, currency="usd")
    await own.until("2025-03-01")
    assert (await own.invoices())[-1][2] == 1250
    assert (await own.api.get(f"invoiceitems/{item['id']}"))["invoice"] is not None
