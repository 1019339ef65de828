"""Schedules: phases in order, what an update may change, how they end."""

import pytest

from tests.sandbox.stripe.api import Api, Json
from tests.sandbox.stripe.test_subscriptions import SENT, Own, at, day, own

__all__ = ["own"]  # a fixture

DUE: Json = {
    "default_settings": {"collection_method": "send_invoice", "invoice_settings": {"days_until_due": 30}}
}


async def phases(own: Own, *amounts: int) -> list[Json]:
    """One month each, without proration."""
    month = {"interval": "month"}
    return [
        {
            "items": [{"price": await own.api.price(amount)}],
            "duration": month,
            "proration_behavior": "none",
            "metadata": {"contract": "C-1"},
        }
        for amount in amounts
    ]


@pytest.mark.parametrize(("behaviour", "after"), [("cancel", "canceled"), ("release", "active")])
async def test_phases_are_billed_in_order_and_end_as_told(own: Own, behaviour: str, after: str) -> None:
    schedule = await own.api.post(
        "subscription_schedules",
        customer=own.customer,
        start_date=at("2025-02-10"),
        phases=await phases(own, 1000, 2000),
        end_behavior=behaviour,
        **DUE,
    )
    assert (schedule["status"], schedule["subscription"]) == ("not_started", None)
    await own.until("2025-02-10")
    started = await own.api.get(f"subscription_schedules/{schedule['id']}", expand=["subscription"])
    assert (started["status"], started["subscription"]["metadata"]) == ("active", {"contract": "C-1"})
    await own.until("2025-04-11")
    billed = [("2025-02-10", "create", 1000), ("2025-03-10", "cycle", 2000)]
    if behaviour == "release":
        billed.append(("2025-04-10", "cycle", 2000))
    assert await own.invoices() == billed
    subscription = await own.api.get(f"subscriptions/{started['subscription']['id']}")
    assert (subscription["status"], subscription["schedule"]) == (after, None)
    ended = await own.api.get(f"subscription_schedules/{schedule['id']}")
    assert ended["status"] == {"cancel": "completed", "release": "released"}[behaviour]
    assert (await own.api.refused(f"subscription_schedules/{schedule['id']}", metadata={"a": "b"}))[
        "status"
    ] == 400


async def test_schedule_of_a_running_subscription_keeps_its_period(own: Own) -> None:
    subscription = await own.api.post(
        "subscriptions", customer=own.customer, items=[{"price": await own.api.price()}], **SENT
    )
    schedule = await own.api.post("subscription_schedules", from_subscription=subscription["id"])
    (phase,) = schedule["phases"]
    assert (day(phase["start_date"]), day(phase["end_date"])) == ("2025-01-31", "2025-02-28")
    path = f"subscription_schedules/{schedule['id']}"
    again = await own.api.refused("subscription_schedules", from_subscription=subscription["id"])
    assert again["param"] == "from_subscription"
    current = {"items": [{"price": phase["items"][0]["price"]}], "end_date": phase["end_date"]}
    missing = await own.api.refused(path, phases=[current])
    assert "start_date" in missing["message"]
    moved = await own.api.refused(path, phases=[{**current, "start_date": phase["start_date"] + 60}])
    assert "can not modify the start date" in moved["message"]
    first = {**current, "start_date": phase["start_date"]}
    await own.api.post(path, phases=[first, *await phases(own, 3000)], end_behavior="cancel")
    error = await own.api.refused(f"subscriptions/{subscription['id']}", cancel_at_period_end=True)
    assert schedule["id"] in error["message"]
    await own.until("2025-06-01")
    assert await own.invoices() == [("2025-01-31", "create", 1000), ("2025-02-28", "cycle", 3000)]


async def test_change_of_the_current_phase_is_prorated_unless_told(own: Own) -> None:
    subscription = await own.api.post(
        "subscriptions", customer=own.customer, items=[{"price": await own.api.price(2800)}], **SENT
    )
    schedule = await own.api.post("subscription_schedules", from_subscription=subscription["id"])
    (phase,) = schedule["phases"]
    await own.until("2025-02-14")
    for quantity, behaviour, waiting in ((2, "none", 0), (3, "create_prorations", 2)):
        items = [{"price": phase["items"][0]["price"], "quantity": quantity}]
        changed = {"items": items, "start_date": phase["start_date"], "end_date": phase["end_date"]}
        path = f"subscription_schedules/{schedule['id']}"
        await own.api.post(path, phases=[changed], proration_behavior=behaviour)
        found = await own.api.get("invoiceitems", customer=own.customer, pending=True)
        assert len(found["data"]) == waiting


async def test_interval_that_changes_with_the_phase_bills_on_its_day(own: Own) -> None:
    yearly = {
        "items": [{"price": await own.api.price(12_000, interval="year")}],
        "duration": {"interval": "year"},
        "proration_behavior": "none",
    }
    await own.api.post(
        "subscription_schedules",
        customer=own.customer,
        start_date="now",
        phases=[*await phases(own, 1000), yearly],
        **DUE,
    )
    await own.until("2025-06-01")
    assert [(when, total) for when, _, total in await own.invoices()] == [
        ("2025-01-31", 1000),
        ("2025-02-28", 12_000),
    ]


async def test_cancelled_schedule_ends_its_subscription(own: Own, api: Api) -> None:
    schedule = await api.post(
        "subscription_schedules", customer=own.customer, start_date="now", phases=await phases(own, 1), **DUE
    )
    cancelled = await api.post(f"subscription_schedules/{schedule['id']}/cancel")
    assert cancelled["status"] == "canceled"
    subscription = await api.get(f"subscriptions/{schedule['subscription']}")
    assert subscription["status"] == "canceled"
