"""Stripe's own list of events, read as its webhooks are."""

import datetime as dt

from assembly.handoff import CASH_EVENTS, CREDIT_EVENTS, EDIT_EVENTS, INVOICE_EVENTS, INVOICE_NEWS
from connectors.stripe.connector import Stripe
from connectors.stripe.events import KEPT, TYPES
from connectors.stripe.webhook import event_of
from ports.events import EventPage
from sandbox.stripe import StripePlatform
from tests.connectors.contract_billing_stand import NOON
from tests.sandbox.stripe.api import Api

EARLIER = NOON - dt.timedelta(days=3)


async def pages(stripe: Stripe, since: dt.datetime) -> list[EventPage]:
    return [page async for page in stripe.events(since)]


def test_every_event_that_leads_to_something_is_listed() -> None:
    assert set(TYPES) == INVOICE_EVENTS | INVOICE_NEWS | CREDIT_EVENTS | EDIT_EVENTS | CASH_EVENTS
    assert len(TYPES) <= 20  # as many types as one question takes


async def test_a_listed_event_says_what_its_webhook_says(stripe: Stripe, api: Api) -> None:
    draft = await api.draft(await api.customer(), 4200)
    [page] = await pages(stripe, EARLIER)
    [listed] = [each for each in page.events if each.event.object_kind == "invoice"]
    assert (listed.event.type, listed.event.object_kind) == ("invoice.created", "invoice")
    assert (listed.event.object_id, listed.event.occurred_at) == (draft["id"], NOON)
    assert listed.event == event_of(listed.body)
    assert page.complete_since == EARLIER


async def test_an_edit_of_a_draft_is_listed_and_concerns_nobody(stripe: Stripe, api: Api) -> None:
    await api.draft(await api.customer(), 4200)  # its lines come after it was made
    [page] = await pages(stripe, EARLIER)
    kinds = {each.event.type: each.event.object_kind for each in page.events}
    assert kinds == {"invoice.created": "invoice", "invoice.updated": "other"}


async def test_what_is_older_than_stripe_keeps_is_named(
    stripe: Stripe, platform: StripePlatform, api: Api
) -> None:
    await api.draft(await api.customer(), 4200)
    later = NOON + dt.timedelta(days=31)
    await platform.advance_clock(later)
    [page] = await pages(stripe, EARLIER)
    assert (page.events, page.complete_since) == ((), later - KEPT)


async def test_a_long_list_comes_page_by_page(stripe: Stripe, api: Api) -> None:
    customer = await api.customer()
    for _ in range(103):
        await api.post("invoices", customer=customer)
    found = await pages(stripe, EARLIER)
    assert [len(page.events) for page in found] == [100, 3]
    assert len({listed.event.id for page in found for listed in page.events}) == 103
    assert await pages(stripe, NOON + dt.timedelta(seconds=1)) == [
        EventPage(events=(), complete_since=NOON + dt.timedelta(seconds=1))
    ]
