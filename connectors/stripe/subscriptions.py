"""Subscriptions: one for each contract, found by the contract's id in its metadata."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from canonical.origin import NOT_NEEDED, Origin, Reference
from connectors.stripe import mapping
from connectors.stripe.catalog import Catalog
from connectors.stripe.client import PLATFORM, StripeClient
from connectors.stripe.forms import day_of, midnight
from connectors.stripe.lookups import Lookups
from connectors.stripe.plan import Item, Plan, PriceSpec, Stage, plan, timestamps
from connectors.stripe.wire import Schedule, Subscription
from connectors.stripe.writes import StripeWrites
from ports.billing import SubscriptionCancellation, SubscriptionOrder
from ports.errors import Rejected

_SCHEDULES = "/v1/subscription_schedules"
_SUBSCRIPTIONS = "/v1/subscriptions"
_SET, _CANCEL = "set_subscription", "cancel_subscription"

_Named = SubscriptionOrder | SubscriptionCancellation
"""What names a subscription by its business key and its contract."""


class _Priced:
    """An order with the ids of its prices and tax rates."""

    def __init__(
        self, order: SubscriptionOrder, prices: dict[PriceSpec, str], rates: dict[Any, list[str]]
    ) -> None:
        self.order, self._prices, self._rates = order, prices, rates

    def item(self, item: Item) -> dict[str, Any]:
        return {
            "price": self._prices[item.price],
            "quantity": item.quantity,
            "metadata": item.metadata,
            "tax_rates": self._rates[item.percent],
        }

    def stage(self, stage: Stage, *, first: bool, start: int | None = None) -> dict[str, Any]:
        """A stage as a schedule's phase."""
        begin, end = timestamps(stage)
        return {
            "items": [self.item(item) for item in stage.items],
            "start_date": (begin if start is None else start) if first else None,
            "end_date": end,
            "proration_behavior": "none",
            "collection_method": "send_invoice",
            "invoice_settings": {"days_until_due": self.order.payment_terms_days},
            "metadata": _metadata(self.order),
        }


class Subscriptions:
    def __init__(self, client: StripeClient, catalog: Catalog, lookups: Lookups) -> None:
        self._client, self._catalog, self._lookups = client, catalog, lookups
        self._writes = StripeWrites(client)

    async def set(self, order: SubscriptionOrder) -> Reference:
        """Reads what there is, and makes or changes it to the order. Each of its writes leads to the same
        state however often it happens, so the whole can be repeated from any point."""
        subscription = await self._live(order.customer_id, order)
        waiting = None
        if subscription is None:
            waiting = await self._waiting(order.customer_id, order)
        months = _interval(subscription)
        wanted = plan(order, self._client.now(), months)
        if wanted.nothing:
            return await self._nothing(order, subscription, waiting)
        if subscription is not None and not _fits(subscription, wanted):
            await self._end(subscription.id)  # its cycles can't be moved without billing at once
            subscription, wanted = None, plan(order, self._client.now())
        priced = await self._priced(order, wanted)
        if wanted.current is None:
            return await self._schedule_ahead(priced, wanted, waiting)
        if waiting is not None:
            await self._client.post(Schedule, _SCHEDULES + "/{id}/cancel", waiting.id, body={})
        if subscription is None:
            subscription = await self._create(priced, wanted)
        return await self._bring_in_line(priced, wanted, subscription)

    # Looking

    async def _live(self, customer: str, order: _Named) -> Subscription | None:
        asked = {"customer": customer, "status": "all"}
        async for one in self._client.list(Subscription, _SUBSCRIPTIONS, params=asked):
            if _is(one.metadata, order) and not one.ended:
                return one
        return None

    async def _waiting(self, customer: str, order: _Named) -> Schedule | None:
        """The schedule of a contract that begins later."""
        async for one in self._client.list(Schedule, _SCHEDULES, params={"customer": customer}):
            if _is(one.metadata, order) and one.status == "not_started":
                return one
        return None

    async def _priced(self, order: SubscriptionOrder, wanted: Plan) -> _Priced:
        items = [item for stage in wanted.stages for item in stage.items]
        prices = await self._catalog.prices(order.origin, (item.price for item in items))
        rates = await self._catalog.tax_rates(order.origin, [item.percent for item in items])
        return _Priced(order, prices, rates)

    # Making

    async def _nothing(
        self, order: SubscriptionOrder, subscription: Subscription | None, waiting: Schedule | None
    ) -> Reference:
        """No line is billed by itself (one-time lines only): Stripe has no subscription without items."""
        if waiting is not None:
            await self._client.post(Schedule, _SCHEDULES + "/{id}/cancel", waiting.id, body={})
        if subscription is not None:
            await self._end(subscription.id)
            return _reference(order.business_key, subscription.id, "canceled")
        return _none(order.business_key)

    async def _schedule_ahead(self, priced: _Priced, wanted: Plan, waiting: Schedule | None) -> Reference:
        """A contract that begins later: the schedule makes the subscription on the day."""
        order = priced.order
        phases = [priced.stage(stage, first=index == 0) for index, stage in enumerate(wanted.stages)]
        behaviour = "cancel" if wanted.end is not None else "release"
        if waiting is not None:
            body = {"phases": phases, "end_behavior": behaviour, "metadata": _metadata(order)}
            posted = await self._client.post(Schedule, _SCHEDULES + "/{id}", waiting.id, body=body)
            return _reference(order.business_key, posted.value.id, posted.value.status)
        start, phases[0]["start_date"] = phases[0]["start_date"], None
        body = {
            "customer": order.customer_id,
            "start_date": start,
            "phases": phases,
            "end_behavior": behaviour,
            "metadata": _metadata(order),
        }
        made = await self._writes.create(
            Schedule,
            _SCHEDULES,
            body=body,
            origin=order.origin,
            part="schedule",
            find=lambda: self._waiting(order.customer_id, order),
        )
        return _reference(order.business_key, made.id, made.status)

    async def _create(self, priced: _Priced, wanted: Plan) -> Subscription:
        """Free until its anchor, the next date on which it has to bill."""
        order, current = priced.order, wanted.current
        if current is None or wanted.boundary is None:
            raise Rejected(
                "a subscription that never bills by itself and never ends can't be expressed",
                platform=PLATFORM,
                operation=_SET,
                field="phases",
            )
        body = {
            "customer": order.customer_id,
            "currency": order.currency.lower(),
            "items": [priced.item(item) for item in current.items],
            "collection_method": "send_invoice",
            "days_until_due": order.payment_terms_days,
            "backdate_start_date": self._backdate(order),
            "proration_behavior": "none",
            "metadata": _metadata(order),
            **_anchor(wanted.boundary, order.anchor_day),
        }
        return await self._writes.create(
            Subscription,
            _SUBSCRIPTIONS,
            body=body,
            origin=order.origin,
            part="subscription",
            find=lambda: self._live(order.customer_id, order),
        )

    def _backdate(self, order: SubscriptionOrder) -> int | None:
        start = midnight(order.start_date)
        return start if start < self._client.now().timestamp() else None

    async def _bring_in_line(self, priced: _Priced, wanted: Plan, subscription: Subscription) -> Reference:
        order = priced.order
        schedule = await self._schedule_of(subscription)
        if wanted.simple and schedule is not None and schedule.status == "active":
            await self._client.post(Schedule, _SCHEDULES + "/{id}/release", schedule.id, body={})
            schedule = None
        body: dict[str, Any] = {
            "metadata": _metadata(order),
            "days_until_due": order.payment_terms_days,
            "collection_method": "send_invoice",
            "proration_behavior": "none",
        }
        if wanted.simple and wanted.current is not None:
            items = (wanted.future or (wanted.current,))[0].items
            body["items"] = _item_changes(subscription, [priced.item(item) for item in items])
            body["cancel_at"] = midnight(wanted.end) if wanted.end is not None else ""
        posted = await self._client.post(Subscription, _SUBSCRIPTIONS + "/{id}", subscription.id, body=body)
        if not wanted.simple:
            await self._set_schedule(priced, wanted, posted.value, schedule)
        return _reference(order.business_key, subscription.id, posted.value.status)

    async def _schedule_of(self, subscription: Subscription) -> Schedule | None:
        if subscription.schedule is None:
            return None
        return await self._client.find(Schedule, _SCHEDULES + "/{id}", subscription.schedule)

    async def _set_schedule(
        self, priced: _Priced, wanted: Plan, subscription: Subscription, schedule: Schedule | None
    ) -> None:
        order = priced.order
        if schedule is None:
            schedule = await self._schedule_from(subscription, order.origin)
        running = schedule.current_phase
        if running is None:
            raise Rejected(
                "the schedule runs no phase", platform=PLATFORM, operation=_SET, field="current_phase"
            )
        phases = [
            priced.stage(stage, first=index == 0, start=running.start_date if index == 0 else None)
            for index, stage in enumerate(wanted.stages)
        ]
        body = {
            "phases": phases,
            "end_behavior": "cancel" if wanted.end is not None else "release",
            "proration_behavior": "none",
            "metadata": _metadata(order),
        }
        await self._client.post(Schedule, _SCHEDULES + "/{id}", schedule.id, body=body)

    async def _schedule_from(self, subscription: Subscription, origin: Origin) -> Schedule:
        if subscription.cancel_at is not None:
            body: Mapping[str, Any] = {"cancel_at": ""}
            await self._client.post(Subscription, _SUBSCRIPTIONS + "/{id}", subscription.id, body=body)

        async def find() -> Schedule | None:
            there = await self._client.get(Subscription, _SUBSCRIPTIONS + "/{id}", subscription.id)
            return await self._schedule_of(there)

        return await self._writes.create(
            Schedule,
            _SCHEDULES,
            body={"from_subscription": subscription.id},
            origin=origin,
            part=f"schedule/{subscription.id}",
            find=find,
        )

    # Ending

    async def cancel(self, order: SubscriptionCancellation) -> Reference:
        """Ends now; where the effective date lies ahead, on that date, without proration."""
        ended: str | None = None
        for customer in sorted(await self._lookups.customers_of(order.contract or order.business_key)):
            live = await self._live(customer, order)
            if live is not None:
                ended = live.id
                await self._end_on(live, order)
            waiting = await self._waiting(customer, order)
            if waiting is not None:
                ended = ended or waiting.id
                await self._client.post(Schedule, _SCHEDULES + "/{id}/cancel", waiting.id, body={})
        if ended is None:
            return _none(order.business_key)
        return _reference(order.business_key, ended, "canceled")

    async def _end_on(self, subscription: Subscription, order: SubscriptionCancellation) -> None:
        if order.effective_date <= self._client.now().date():
            await self._end(subscription.id)
            return
        schedule = await self._schedule_of(subscription)
        if schedule is not None and schedule.status == "active":
            await self._client.post(Schedule, _SCHEDULES + "/{id}/release", schedule.id, body={})
        body = {"cancel_at": midnight(order.effective_date), "proration_behavior": "none"}
        await self._client.post(Subscription, _SUBSCRIPTIONS + "/{id}", subscription.id, body=body)

    async def _end(self, id: str) -> None:
        await self._client.delete(
            _SUBSCRIPTIONS + "/{id}", id, params={"invoice_now": False, "prorate": False}
        )


def _is(metadata: Mapping[str, str], order: _Named) -> bool:
    """Whether the subscription, or schedule, is the one that the order names."""
    contract = order.contract or order.business_key
    return (metadata.get(mapping.CONTRACT), mapping.subscription_key(metadata)) == (
        contract,
        order.business_key,
    )


def _metadata(order: SubscriptionOrder) -> dict[str, str]:
    """Names are written where they are not the contract's own."""
    contract = order.contract or order.business_key
    documents = order.documents or order.business_key
    more = {
        mapping.CONTRACT: contract,
        mapping.KEY: order.business_key if order.business_key != contract else None,
        mapping.DOCUMENTS: documents if documents != contract else None,
        mapping.PARTY: order.account,
        "q2c_legal_entity": order.legal_entity,
    }
    return mapping.metadata(order.origin, **more)


def _anchor(boundary: dt.date, anchor_day: int) -> dict[str, Any]:
    """The first date of billing. Where it had to be clamped (the 31st, in June), the day that is meant."""
    if boundary.day >= anchor_day:
        return {"billing_cycle_anchor": midnight(boundary)}
    meant = {"day_of_month": anchor_day, "month": boundary.month, "hour": 0, "minute": 0, "second": 0}
    return {"billing_cycle_anchor_config": meant}


def _interval(subscription: Subscription | None) -> int | None:
    if subscription is None or not subscription.items:
        return None
    price = subscription.items[0].price
    count = price.interval_count or 1
    return count * 12 if price.interval == "year" else count


def _fits(subscription: Subscription, wanted: Plan) -> bool:
    """Whether the subscription's running period ends when the order wants it to."""
    if wanted.current is None or wanted.boundary is None:
        return False
    ends = {day_of(item.current_period_end) for item in subscription.items}
    return ends == {wanted.boundary}


def _item_changes(subscription: Subscription, wanted: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Items by line: changed, added, deleted."""
    left = {item.metadata.get(mapping.LINE, item.id): item for item in subscription.items}
    changes = []
    for item in wanted:
        there = left.pop(item["metadata"][mapping.LINE], None)
        changes.append(item if there is None else {"id": there.id, **item})
    return changes + [{"id": item.id, "deleted": True} for item in left.values()]


def _reference(contract: str, id: str, status: str) -> Reference:
    return Reference(platform=PLATFORM, kind="subscription", id=id, business_key=contract, status=status)


def _none(contract: str) -> Reference:
    """There is no subscription, and none is needed."""
    return _reference(contract, f"none:{contract}", NOT_NEEDED)
