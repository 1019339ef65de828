"""The contract of billing connectors: outcomes that are not known, errors, stale and changed answers."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest

from ports.errors import (
    AuthenticationFailed,
    OutcomeUnknown,
    PortError,
    RateLimited,
    Transient,
    UnexpectedAnswer,
)
from sandbox.kit.faults import Fault
from tests.connectors.contract_billing_stand import (
    CONTRACT,
    BillingStand,
    credit,
    customer_order,
    invoice,
    line,
    origin,
    subscription,
)

LOST = ("applied-then-timeout", "applied-then-cut", "applied-then-500", "not-applied-then-timeout", "500")
WRITES = ("customer", "subscription", "invoice", "lines", "finalize", "credit_memo")
_MOST_TRIES = 300


class BillingOutcomes:
    """Each fault on each kind of write ends in the one object, once the call is repeated."""

    async def act(self, stand: BillingStand, write: str) -> Callable[[], Awaitable[Any]]:
        """The write, everything before it done."""
        billing = stand.billing
        if write == "customer":
            return lambda: billing.ensure_customer(customer_order())
        customer = await stand.customer()
        if write == "subscription":
            return lambda: billing.set_subscription(subscription(customer))
        order = invoice(customer, line("120.00"), line("5.00", id="L2"))
        if write in ("invoice", "lines"):
            return lambda: billing.draft_invoice(order)
        made = await billing.draft_invoice(order)
        if write == "finalize":
            return lambda: billing.finalize_invoice(order.origin, made.id)
        await billing.finalize_invoice(order.origin, made.id)
        return lambda: billing.issue_credit_memo(credit(order))

    async def effects(self, stand: BillingStand) -> tuple[int, list[tuple[str, str, int]]]:
        """(customers' ids seen, documents): what there is at the platform."""
        documents = await stand.billing.documents()
        return len({d.customer_id for d in documents}), sorted(
            (document.kind, document.status, len(document.lines)) for document in documents
        )

    async def expected(self, write: str) -> list[tuple[str, str, int]]:
        return {
            "customer": [],
            "subscription": [],
            "invoice": [("invoice", "draft", 2)],
            "lines": [("invoice", "draft", 2)],
            "finalize": [("invoice", "open", 2)],
            "credit_memo": [("credit_memo", "issued", 1), ("invoice", "open", 2)],
        }[write]

    async def until_done(self, act: Callable[[], Awaitable[Any]]) -> Any:
        """What the caller does: again after each error that allows it, and after a person's word."""
        for _ in range(_MOST_TRIES):
            with suppress(Transient, OutcomeUnknown, AuthenticationFailed):
                return await act()
        raise AssertionError("never done")

    @pytest.mark.parametrize("forgotten", [False, True], ids=["key kept", "key forgotten"])
    @pytest.mark.parametrize("write", WRITES)
    @pytest.mark.parametrize("outcome", LOST)
    async def test_unknown_outcome_ends_in_one_object(
        self, stand: BillingStand, write: str, outcome: str, forgotten: bool
    ) -> None:
        act = await self.act(stand, write)
        stand.faults.add(Fault(outcome, route=stand.routes[write]))
        with pytest.raises(OutcomeUnknown):
            await act()
        if forgotten:
            stand.forget()
        first = await self.until_done(act)
        assert (await act()).id == first.id
        assert (await self.effects(stand))[1] == await self.expected(write)

    @pytest.mark.parametrize("write", WRITES)
    async def test_what_was_not_sent_is_transient(self, stand: BillingStand, write: str) -> None:
        act = await self.act(stand, write)
        stand.faults.add(Fault("refused", route=stand.routes[write]))
        with pytest.raises(Transient):
            await act()
        await act()
        assert (await self.effects(stand))[1] == await self.expected(write)

    @pytest.mark.parametrize("write", WRITES)
    async def test_request_executed_twice_has_one_effect(self, stand: BillingStand, write: str) -> None:
        act = await self.act(stand, write)
        stand.faults.add(Fault("twice", route=stand.routes[write]))
        await self.until_done(act)
        await act()
        assert (await self.effects(stand))[1] == await self.expected(write)

    @pytest.mark.parametrize("seed", range(6))
    async def test_random_faults_end_in_one_of_each(self, stand: BillingStand, seed: int) -> None:
        stand.faults.seed(seed, 0.3)
        customer = (await self.until_done(lambda: stand.billing.ensure_customer(customer_order()))).id
        await self.until_done(lambda: stand.billing.set_subscription(subscription(customer)))
        order = invoice(customer, line("120.00"), line("5.00", id="L2"))
        made = await self.until_done(lambda: stand.billing.draft_invoice(order))
        await self.until_done(lambda: stand.billing.finalize_invoice(order.origin, made.id))
        await self.until_done(lambda: stand.billing.issue_credit_memo(credit(order)))
        stand.faults.clear()
        assert (await self.effects(stand))[1] == await self.expected("credit_memo")

    @pytest.mark.parametrize("outcome", LOST)
    async def test_discard_with_unknown_outcome_ends_in_nothing(
        self, stand: BillingStand, outcome: str
    ) -> None:
        order = invoice(await stand.customer())
        made = await stand.billing.draft_invoice(order)
        await stand.billing.finalize_invoice(order.origin, made.id)
        stand.faults.add(Fault(outcome, route=stand.routes["void"]))
        with pytest.raises(OutcomeUnknown):
            await stand.billing.discard_invoice(origin("undo"), order.key, "wrong")
        await self.until_done(lambda: stand.billing.discard_invoice(origin("undo"), order.key, "wrong"))
        assert await stand.documents() == []

    async def test_refused_credentials_are_a_persons_matter(self, stand: BillingStand) -> None:
        stand.faults.add(Fault("token-expired", times=2))
        with pytest.raises(AuthenticationFailed):
            await stand.billing.ensure_customer(customer_order())

    async def test_rate_limit_says_how_long_to_wait(self, stand: BillingStand) -> None:
        stand.faults.add(Fault("429", seconds=7))
        with pytest.raises(RateLimited) as caught:
            await stand.billing.ensure_customer(customer_order())
        assert caught.value.retry_after_seconds == 7

    @pytest.mark.parametrize("outcome", ["500", "502", "503", "504", "refused", "slow"])
    async def test_failed_reads_are_transient(self, stand: BillingStand, outcome: str) -> None:
        made = await stand.billing.draft_invoice(invoice(await stand.customer()))
        stand.platform.slow_seconds = 600
        stand.faults.add(Fault(outcome, route=stand.read_route))
        with pytest.raises(Transient):
            await stand.billing.read_invoice(made.id)

    @pytest.mark.parametrize("outcome", ["enum-added", "field-removed", "field-renamed", "field-retyped"])
    async def test_changed_answers_are_noticed(self, stand: BillingStand, outcome: str) -> None:
        made = await stand.billing.draft_invoice(invoice(await stand.customer()))
        stand.faults.add(Fault(outcome, route=stand.read_route, field="status"))
        with pytest.raises(UnexpectedAnswer):
            await stand.billing.read_invoice(made.id)

    async def test_added_fields_change_nothing(self, stand: BillingStand) -> None:
        made = await stand.billing.draft_invoice(invoice(await stand.customer()))
        before = await stand.billing.read_invoice(made.id)
        stand.faults.add(Fault("field-added", route=stand.read_route))
        assert await stand.billing.read_invoice(made.id) == before

    async def test_errors_say_where_and_carry_no_personal_data(self, stand: BillingStand) -> None:
        stand.faults.add(Fault("token-expired"))
        with pytest.raises(PortError) as caught:
            await stand.billing.ensure_customer(customer_order())
        assert caught.value.platform == stand.platform.name
        assert "northwind" not in str(caught.value).lower()

    async def test_lookup_that_sees_old_data_makes_nothing_twice(self, stand: BillingStand) -> None:
        """The platform's own memory of the request stands in for what its lists do not show yet; where it
        can't be told what became of it, the caller waits."""
        order = invoice(await stand.customer())
        stand.faults.add(Fault("stale-read", times=30))
        first = await stand.billing.draft_invoice(order)
        with suppress(Transient):
            await stand.billing.draft_invoice(order)
        stand.faults.clear()
        stand.platform.state.drop_shadow()
        assert (await stand.billing.draft_invoice(order)).id == first.id
        assert len(await stand.documents(contract=CONTRACT)) == 1
