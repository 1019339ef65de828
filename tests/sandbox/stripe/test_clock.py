"""The platform's clock, its webhooks and events; what a restart and a reset keep."""

import datetime as dt
import json
from pathlib import Path

import httpx
import pytest
import stripe

from sandbox.kit.faults import Fault
from sandbox.kit.platform import PlatformConfig, build_app
from sandbox.kit.state import State
from sandbox.stripe import StripePlatform
from tests.sandbox.stripe.api import Api
from tests.sandbox.stripe.conftest import WEBHOOK_URL
from tests.sandbox.stripe.test_subscriptions import SENT

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


async def monthly(api: Api) -> str:
    made = await api.post(
        "subscriptions", customer=await api.customer(), items=[{"price": await api.price()}], **SENT
    )
    return str(made["id"])


async def statuses(api: Api) -> list[str]:
    """Of the invoices, oldest first."""
    return [one["status"] for one in reversed((await api.get("invoices", limit=100))["data"])]


async def test_leap_bills_all_that_falls_due_and_leaves_the_drafts_an_hour(
    api: Api, platform: StripePlatform
) -> None:
    await monthly(api)
    await platform.advance_clock(platform.clock.now() + 70 * DAY)
    assert await statuses(api) == ["open", "draft", "draft"]
    await platform.advance_clock(platform.clock.now() + HOUR / 2)
    assert await statuses(api) == ["open", "draft", "draft"]
    await platform.advance_clock(platform.clock.now() + HOUR)
    assert await statuses(api) == ["open", "open", "open"]


async def test_draft_that_was_finalized_by_hand_stays_as_it_is(api: Api, platform: StripePlatform) -> None:
    await monthly(api)
    await platform.advance_clock(platform.clock.now() + 32 * DAY)
    draft = (await api.get("invoices", status="draft"))["data"][0]
    issued = await api.post(f"invoices/{draft['id']}/finalize", auto_advance=False)
    await platform.advance_clock(platform.clock.now() + 2 * HOUR)
    assert await api.get(f"invoices/{draft['id']}") == issued


async def test_one_off_draft_finalizes_by_itself_only_where_told(api: Api, platform: StripePlatform) -> None:
    customer = await api.customer()
    await api.draft(customer, 100)
    await api.draft(customer, 200, auto_advance=True)
    await platform.advance_clock(platform.clock.now() + 2 * HOUR)
    assert await statuses(api) == ["draft", "open"]


async def test_draft_finalizes_when_it_was_told_to(api: Api, platform: StripePlatform) -> None:
    when = int((platform.clock.now() + DAY).timestamp())
    await api.draft(await api.customer(), 100, auto_advance=True, automatically_finalizes_at=when)
    for ahead, status in ((DAY - HOUR, "draft"), (2 * HOUR, "open")):
        await platform.advance_clock(platform.clock.now() + ahead)
        assert await statuses(api) == [status]


async def test_time_that_goes_by_bills_too(api: Api, platform: StripePlatform) -> None:
    """What the ticking task of a serving process does."""
    await monthly(api)
    platform.tick()
    assert await statuses(api) == ["draft"]
    platform.clock.advance_to(platform.clock.now() + 2 * HOUR)
    platform.tick()
    assert await statuses(api) == ["open"]


async def test_reset_forgets_everything_but_the_keys(api: Api, platform: StripePlatform) -> None:
    before = platform.credentials()
    await monthly(api)
    platform.reset()
    assert platform.credentials() == before
    assert (await api.get("invoices"))["data"] == []
    (endpoint,) = (await api.get("webhook_endpoints"))["data"]
    assert endpoint["url"] == WEBHOOK_URL


async def test_started_again_it_bills_on(tmp_path: Path) -> None:
    config = PlatformConfig(secrets_dir=tmp_path, control_token="t", base_url="https://stripe.test")
    path = str(tmp_path / "state.sqlite")
    first = StripePlatform(State(path), config=config)
    build_app(first)
    headers = {"Authorization": f"Bearer {first.credentials()['api_key']}"}
    transport = httpx.ASGITransport(build_app(first))
    async with httpx.AsyncClient(transport=transport, base_url="https://x", headers=headers) as client:
        await monthly(Api(client))
    first.state.close()
    second = StripePlatform(State(path), config=config)
    build_app(second)
    await second.advance_clock(second.clock.now() + 40 * DAY)
    assert second.state.count("invoice") == 2
    second.state.close()


# Webhooks and events


class Receiver:
    """Takes webhooks and checks them with Stripe's own library."""

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self.types: list[str] = []
        self.client = httpx.AsyncClient(transport=httpx.MockTransport(self._take))

    def _take(self, request: httpx.Request) -> httpx.Response:
        signature = request.headers["stripe-signature"]
        event = stripe.Webhook.construct_event(request.content, signature, self.secret)
        self.types.append(event.type)
        return httpx.Response(202)


async def test_webhooks_are_signed_and_tell_the_story(api: Api, platform: StripePlatform) -> None:
    receiver = Receiver(platform.credentials()["webhook_secret"])
    invoice = await api.issued(await api.customer(), 100)
    await api.post(f"invoices/{invoice['id']}/pay", paid_out_of_band=True)
    async with receiver.client as client:
        await platform.outbox.flush(client)
    told = [type for type in receiver.types if type.startswith("invoice.")]
    assert [type for type in told if type != "invoice.updated"] == [
        "invoice.created",
        "invoice.finalized",
        "invoice.paid",
        "invoice.payment_succeeded",
    ]
    assert receiver.types == await api.event_types()


async def test_endpoints_have_secrets_and_events_of_their_own(api: Api, platform: StripePlatform) -> None:
    made = await api.post("webhook_endpoints", url="http://other.test/", enabled_events=["customer.created"])
    shown = await api.get(f"webhook_endpoints/{made['id']}")
    assert ("secret" in made, "secret" in shown) == (True, False)
    await api.customer()
    await api.post("products", name="P")
    sent = [entry for entry in platform.outbox.entries() if entry["url"] == "http://other.test/"]
    assert [entry["topic"] for entry in sent] == ["customer.created"]
    receiver = Receiver(made["secret"])
    async with receiver.client as client:
        for entry in platform.outbox.entries():
            if entry["url"] != "http://other.test/":
                platform.state.delete("_webhook", str(entry["number"]))
        await platform.outbox.flush(client)
    assert receiver.types == ["customer.created"]
    await api.delete(f"webhook_endpoints/{made['id']}")


async def test_event_names_its_request_and_counts_waiting_webhooks(
    api: Api, platform: StripePlatform
) -> None:
    await api.post("customers", key="key", name="N")
    (event,) = (await api.get("events"))["data"]
    assert event["request"]["idempotency_key"] == "key"
    assert event["request"]["id"].startswith("req_")
    assert event["pending_webhooks"] == 1
    assert (await api.get("events", delivery_success=True))["data"] == []
    receiver = Receiver(platform.credentials()["webhook_secret"])
    async with receiver.client as client:
        await platform.outbox.flush(client)
    assert (await api.get(f"events/{event['id']}"))["pending_webhooks"] == 0
    assert len((await api.get("events", delivery_success=True))["data"]) == 1


async def test_events_go_back_thirty_days(api: Api, platform: StripePlatform) -> None:
    await api.customer()
    await platform.advance_clock(platform.clock.now() + 31 * DAY)
    assert (await api.get("events"))["data"] == []


async def test_events_of_a_leap_can_be_listed_after_it(api: Api, platform: StripePlatform) -> None:
    """However far back the cycles were, it is now that the platform tells of them."""
    await monthly(api)
    await platform.advance_clock(platform.clock.now() + 200 * DAY)
    created = await api.get("events", types=["invoice.created"], limit=100)
    assert len(created["data"]) == 6


async def test_refusals_leave_nothing_but_a_declined_charge_does(api: Api) -> None:
    invoice = await api.issued(await api.customer(), 100)
    before = await api.event_types()
    await api.refused(f"invoices/{invoice['id']}/pay")
    assert await api.event_types() == before
    await api.refused(f"invoices/{invoice['id']}/pay", payment_method="pm_card_chargeDeclined")
    told = (await api.event_types())[len(before) :]
    assert {"charge.failed", "payment_intent.payment_failed", "invoice.payment_failed"} <= set(told)
    assert [charge["status"] for charge in (await api.get("charges"))["data"]] == ["failed"]
    assert (await api.get(f"invoices/{invoice['id']}"))["attempt_count"] == 1


@pytest.mark.parametrize("outcome", ["webhook-lost", "webhook-duplicate"])
async def test_lost_webhooks_are_found_again_as_events(
    api: Api, platform: StripePlatform, outcome: str
) -> None:
    platform.faults.add(Fault(outcome, route="customer.created"))
    await api.customer()
    receiver = Receiver(platform.credentials()["webhook_secret"])
    async with receiver.client as client:
        await platform.outbox.flush(client)
    assert len(receiver.types) == {"webhook-lost": 0, "webhook-duplicate": 2}[outcome]
    assert await api.event_types() == ["customer.created"]


async def test_dump_shows_objects_as_the_api_does(api: Api, platform: StripePlatform) -> None:
    invoice = await api.issued(await api.customer(), 100)
    dumped = platform.dump()
    assert dumped["invoice"] == [invoice]
    text = json.dumps(dumped)
    assert '"_' not in text
    assert "whsec_" not in text
    assert await platform.load({"scenario": {"contract": {"id": "C-1"}}}) == {}
