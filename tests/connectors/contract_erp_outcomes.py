"""The contract of ERP connectors: outcomes that are not known, errors, listings."""

import datetime as dt
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest

from ports.errors import (
    AlreadyExists,
    AuthenticationFailed,
    Conflict,
    NotFound,
    OutcomeUnknown,
    PortError,
    RateLimited,
    Rejected,
    Transient,
    UnexpectedAnswer,
)
from sandbox.kit.faults import Fault
from tests.connectors.contract_erp_stand import (
    ErpStand,
    Write,
    balances,
    customer_order,
    invoice,
    journal,
    origin,
    void,
)

APPLIED = ("applied-then-timeout", "applied-then-cut", "applied-then-500")
NOT_APPLIED = ("not-applied-then-timeout",)
NOT_SENT = ("refused",)


class ErpFixtures:
    @pytest.fixture
    def stand(self) -> ErpStand:
        raise NotImplementedError

    @pytest.fixture
    async def customer(self, stand: ErpStand) -> str:
        return (await stand.erp.ensure_customer(customer_order(stand))).id


class ErpOutcomes(ErpFixtures):
    """Each fault on each kind of write ends in the one object, once the call is repeated."""

    @pytest.mark.parametrize("write", ["customer", "document", "journal"])
    @pytest.mark.parametrize("outcome", APPLIED)
    async def test_what_was_applied_and_not_answered_is_found_again(
        self, stand: ErpStand, write: Write, outcome: str
    ) -> None:
        act = await self._writing(stand, write)
        stand.faults.add(Fault(outcome, route=stand.routes[write]))
        with pytest.raises(OutcomeUnknown):
            await act()
        await act()
        assert self._count(stand, write) == 1

    @pytest.mark.parametrize("write", ["customer", "document", "journal"])
    @pytest.mark.parametrize("outcome", NOT_APPLIED)
    async def test_what_was_not_applied_and_not_answered_is_written_then(
        self, stand: ErpStand, write: Write, outcome: str
    ) -> None:
        act = await self._writing(stand, write)
        stand.faults.add(Fault(outcome, route=stand.routes[write]))
        with pytest.raises(OutcomeUnknown):
            await act()
        await act()
        assert self._count(stand, write) == 1

    @pytest.mark.parametrize("write", ["customer", "document", "journal"])
    @pytest.mark.parametrize("outcome", NOT_SENT)
    async def test_what_was_not_sent_can_just_be_tried_again(
        self, stand: ErpStand, write: Write, outcome: str
    ) -> None:
        act = await self._writing(stand, write)
        stand.faults.add(Fault(outcome, route=stand.routes[write]))
        with pytest.raises(Transient):
            await act()
        await act()
        assert self._count(stand, write) == 1

    @pytest.mark.parametrize("write", ["customer", "document", "journal"])
    async def test_what_is_executed_twice_at_once_is_there_once(self, stand: ErpStand, write: Write) -> None:
        act = await self._writing(stand, write)
        stand.faults.add(Fault("twice", route=stand.routes[write]))
        await act()
        await act()
        assert self._count(stand, write) == 1

    async def test_a_void_whose_answer_is_lost_is_done_once(self, stand: ErpStand, customer: str) -> None:
        document = invoice(stand, customer)
        await stand.erp.post_document(document)
        for outcome in (*APPLIED, *NOT_APPLIED):
            stand.faults.add(Fault(outcome))
            with suppress(OutcomeUnknown, Transient):
                await void(stand, "invoice", document.key)
            stand.faults.clear()
        assert await void(stand, "invoice", document.key) is not None
        assert await balances(stand) == {}

    async def test_a_reversal_whose_answer_is_lost_is_done_once(self, stand: ErpStand) -> None:
        entry = journal(stand)
        await stand.erp.post_journal(entry)
        stand.faults.add(Fault("applied-then-timeout", route=stand.routes["journal"]))
        with pytest.raises(OutcomeUnknown):
            await stand.erp.reverse_journal(origin("reverse"), entry.key, dt.date(2026, 2, 1), "wrong")
        await stand.erp.reverse_journal(origin("reverse"), entry.key, dt.date(2026, 2, 1), "wrong")
        assert stand.posted() == 2
        assert await balances(stand) == {}

    async def test_a_lookup_that_sees_old_data_makes_nothing_twice(
        self, stand: ErpStand, customer: str
    ) -> None:
        stand.faults.add(Fault("stale-read", times=50))
        await stand.erp.post_document(invoice(stand, customer))
        with pytest.raises((Conflict, OutcomeUnknown, Rejected, NotFound, AlreadyExists)):
            await stand.erp.post_document(invoice(stand, customer))
        stand.faults.clear()
        assert stand.posted() == 1
        await stand.erp.post_document(invoice(stand, customer))
        assert stand.posted() == 1

    # Errors

    @pytest.mark.parametrize(
        ("outcome", "expected"),
        [("429", RateLimited), ("500", OutcomeUnknown), ("502", OutcomeUnknown), ("503", OutcomeUnknown)],
    )
    async def test_a_refused_write_is_classed(
        self, stand: ErpStand, customer: str, outcome: str, expected: type[PortError]
    ) -> None:
        stand.faults.add(Fault(outcome, route=stand.routes["document"]))
        with pytest.raises(expected) as caught:
            await stand.erp.post_document(invoice(stand, customer))
        assert type(caught.value) is expected
        assert stand.posted() == 0

    async def test_a_read_that_fails_changes_nothing_and_is_tried_again(
        self, stand: ErpStand, customer: str
    ) -> None:
        stand.faults.add(Fault("503", route=stand.read_route))
        with pytest.raises(Transient):
            await stand.erp.post_document(invoice(stand, customer))
        assert stand.posted() == 0

    async def test_an_expired_token_is_renewed_without_a_word(self, stand: ErpStand, customer: str) -> None:
        stand.faults.add(Fault("token-expired"))
        await stand.erp.post_document(invoice(stand, customer))
        assert stand.posted() == 1

    async def test_revoked_credentials_are_a_persons_business(self, stand: ErpStand) -> None:
        if stand.revoke is None:
            pytest.skip("the simulator can't revoke credentials")
        stand.revoke()
        with pytest.raises(AuthenticationFailed):
            await stand.erp.documents(stand.legal_entity)

    @pytest.mark.parametrize("outcome", ["field-removed", "field-renamed", "field-retyped"])
    async def test_an_answer_without_what_it_must_have_is_an_error(
        self, stand: ErpStand, customer: str, outcome: str
    ) -> None:
        await stand.erp.post_document(invoice(stand, customer))
        stand.faults.add(Fault(outcome, route=stand.read_route, field=stand.extra["drifting_field"]))
        with pytest.raises(UnexpectedAnswer):
            await stand.erp.documents(stand.legal_entity)

    async def test_a_field_that_is_new_disturbs_nobody(self, stand: ErpStand, customer: str) -> None:
        await stand.erp.post_document(invoice(stand, customer))
        stand.faults.add(Fault("field-added", route=stand.read_route))
        assert len(await stand.erp.documents(stand.legal_entity)) == 1

    # Listings

    async def test_listings_are_read_to_their_end(self, stand: ErpStand) -> None:
        for number in range(7):
            await stand.erp.post_journal(journal(stand, f"C-1001/revenue/{number}"))
        found = await stand.erp.documents(stand.legal_entity)
        assert [document.key for document in found] == [f"C-1001/revenue/{number}" for number in range(7)]

    async def test_another_entity_is_not_listed(self, stand: ErpStand) -> None:
        await stand.erp.post_journal(journal(stand))
        assert await stand.erp.documents("XX99") == ()

    async def _writing(self, stand: ErpStand, write: Write) -> Callable[[], Awaitable[Any]]:
        if write == "customer":
            return lambda: stand.erp.ensure_customer(customer_order(stand))
        if write == "journal":
            return lambda: stand.erp.post_journal(journal(stand))
        customer = (await stand.erp.ensure_customer(customer_order(stand))).id
        return lambda: stand.erp.post_document(invoice(stand, customer))

    def _count(self, stand: ErpStand, write: Write) -> int:
        return stand.customers() if write == "customer" else stand.posted()
