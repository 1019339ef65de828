"""What every tax engine's connector must hold, given the connector on its simulator.

A vendor subclasses `TaxContract` in its own folder and gives the fixture `engine`.
"""

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from canonical.contract import Account, Address
from canonical.origin import Origin
from ports.errors import (
    AuthenticationFailed,
    Conflict,
    NotFound,
    OutcomeUnknown,
    PeriodClosed,
    PortError,
    RateLimited,
    Rejected,
    Transient,
)
from ports.tax import Tax, TaxDocument, TaxLine, TaxResult
from sandbox.kit.faults import Fault
from sandbox.kit.platform import Platform

ENTITY = "US01"
ACCOUNT = Account(
    id="A-77",
    name="Northwind Analytics Inc.",
    billing_address=Address(
        line1="350 5th Ave", city="New York", region="NY", postal_code="10118", country="US"
    ),
)
ORIGIN = Origin(tenant="t", contract="C-1001", change="C-1001", step="tax", correlation_id="corr-1")
INVOICE_DAY, CREDIT_DAY = dt.date(2026, 1, 1), dt.date(2026, 8, 15)
INVOICE_KEY = "C-1001/invoice/2026-01-01"
CREDIT_KEY = "C-1001/credit-memo/2026-08-15/2026-01-01"

SCENARIO: dict[str, Any] = {
    "contract": {
        "id": "C-1001",
        "account": ACCOUNT.model_dump(mode="json", exclude_none=True),
        "legal_entity": ENTITY,
        "currency": "USD",
        "start_date": "2026-01-01",
        "term_months": 12,
        "billing": {"frequency_months": 12, "timing": "advance"},
        "lines": [
            {"id": "L1", "product": "PLATFORM-SEAT", "pricing": {}, "tax_rate_percent": "8.875"},
            {"id": "U1", "product": "API-CALLS", "charge": "usage", "pricing": {}, "tax_rate_percent": "0"},
            {
                "id": "L2",
                "product": "SUPPORT",
                "pricing": {},
                "tax_rates": [
                    {"from": "2026-01-01", "percent": "8"},
                    {"from": "2026-07-01", "percent": "9.5"},
                ],
            },
        ],
    },
    "as_of": "2027-12-31",
}


@dataclass
class Engine:
    """A tax connector on its simulator, with the routes by which faults find its calls."""

    tax: Tax
    platform: Platform
    commit_route: str
    void_route: str
    quote_route: str
    list_route: str


def line(
    amount: str, product: str = "PLATFORM-SEAT", number: str = "1", tax_amount: str | None = None
) -> TaxLine:
    given = Decimal(tax_amount) if tax_amount is not None else None
    return TaxLine(
        number=number, product=product, amount=Decimal(amount), quantity=Decimal(10), tax_amount=given
    )


def invoice(*lines: TaxLine, **changes: Any) -> TaxDocument:
    document = TaxDocument(
        origin=ORIGIN,
        code=INVOICE_KEY,
        kind="invoice",
        legal_entity=ENTITY,
        account=ACCOUNT,
        currency="USD",
        date=INVOICE_DAY,
        tax_date=INVOICE_DAY,
        lines=lines or (line("12000.00"),),
    )
    return document.model_copy(update=changes)


def credit_memo(*lines: TaxLine, **changes: Any) -> TaxDocument:
    given = lines or (line("1366.03", tax_amount="121.24"),)
    memo = invoice(*given, code=CREDIT_KEY, kind="credit_memo", date=CREDIT_DAY, tax_date=INVOICE_DAY)
    return memo.model_copy(update=changes)


LOST_AND_APPLIED = ("applied-then-timeout", "applied-then-cut", "applied-then-500")


class TaxContract:
    @pytest.fixture
    async def engine(self) -> Engine:
        raise NotImplementedError("the vendor's subclass gives the engine, with SCENARIO loaded")

    async def committed(self, engine: Engine) -> list[TaxResult]:
        found = await engine.tax.documents(ENTITY)
        return [result for result in found if result.status == "committed"]

    # Quotes

    async def test_quote_has_rate_and_rounded_tax_and_records_nothing(self, engine: Engine) -> None:
        (result,) = await engine.tax.quote((invoice(line("333.33"), line("10", "API-CALLS", "2")),))
        assert result.status == "temporary"
        assert [(each.number, each.rate_percent, each.tax) for each in result.lines] == [
            ("1", Decimal("8.875"), Decimal("29.58")),
            ("2", Decimal(0), Decimal(0)),
        ]
        assert result.total_tax == Decimal("29.58")
        assert result.lines[0].jurisdictions
        assert await engine.tax.documents(ENTITY) == ()

    async def test_quotes_come_in_the_order_of_their_documents(self, engine: Engine) -> None:
        asked = tuple(invoice(line(f"{n}.00"), code=f"C-1001/invoice/q{n}") for n in range(1, 12))
        results = await engine.tax.quote(asked)
        assert [result.code for result in results] == [document.code for document in asked]
        assert [result.total_tax for result in results[:2]] == [Decimal("0.09"), Decimal("0.18")]

    async def test_quote_of_nothing_is_nothing(self, engine: Engine) -> None:
        assert await engine.tax.quote(()) == ()

    async def test_rate_is_the_one_in_force_on_the_tax_date(self, engine: Engine) -> None:
        july = dt.date(2026, 7, 1)
        before, after, credited = await engine.tax.quote(
            (
                invoice(line("100", "SUPPORT"), code="a"),
                invoice(line("100", "SUPPORT"), code="b", date=july, tax_date=july),
                credit_memo(line("100", "SUPPORT"), code="c", date=july, tax_date=INVOICE_DAY),
            )
        )
        rates = [result.lines[0].rate_percent for result in (before, after, credited)]
        assert rates == [Decimal(8), Decimal("9.5"), Decimal(8)]
        assert credited.total_tax == Decimal("8.00")

    @pytest.mark.parametrize("outcome", ["not-applied-then-timeout", "503", "refused"])
    async def test_quote_that_gets_lost_is_transient(self, engine: Engine, outcome: str) -> None:
        engine.platform.faults.add(Fault(outcome, route=engine.quote_route))
        with pytest.raises(Transient):
            await engine.tax.quote((invoice(),))
        assert len(await engine.tax.quote((invoice(),))) == 1

    # Commits

    async def test_commit_records_the_invoice_as_final(self, engine: Engine) -> None:
        result = await engine.tax.commit(invoice())
        assert (result.code, result.status, result.kind) == (INVOICE_KEY, "committed", "invoice")
        assert (result.total_tax, result.currency, result.date) == (Decimal("1065.00"), "USD", INVOICE_DAY)
        assert await engine.tax.documents(ENTITY) == (result,)

    async def test_commit_of_a_credit_memo_gives_back_the_tax_it_is_told(self, engine: Engine) -> None:
        result = await engine.tax.commit(credit_memo())
        assert (result.status, result.kind, result.total_tax) == (
            "committed",
            "credit_memo",
            Decimal("121.24"),
        )
        assert (result.lines[0].tax, result.lines[0].rate_percent) == (Decimal("121.24"), Decimal("8.875"))

    async def test_credit_memo_may_give_back_no_tax_at_all(self, engine: Engine) -> None:
        result = await engine.tax.commit(credit_memo(line("10.00", tax_amount="0")))
        assert result.total_tax == 0
        assert await engine.tax.commit(credit_memo(line("10.00", tax_amount="0"))) == result

    async def test_commit_again_returns_what_is_there(self, engine: Engine) -> None:
        first = await engine.tax.commit(invoice())
        assert await engine.tax.commit(invoice()) == first
        assert len(await engine.tax.documents(ENTITY)) == 1

    @pytest.mark.parametrize(
        "other",
        [
            invoice(line("12000.01")),
            invoice(line("12000.00", "API-CALLS")),
            invoice(line("12000.00"), line("1", number="2")),
            invoice(date=dt.date(2026, 1, 2), tax_date=dt.date(2026, 1, 2)),
            invoice(account=ACCOUNT.model_copy(update={"id": "A-78"})),
        ],
    )
    async def test_commit_of_other_content_under_the_same_code_is_a_conflict(
        self, engine: Engine, other: TaxDocument
    ) -> None:
        await engine.tax.commit(invoice())
        with pytest.raises(Conflict):
            await engine.tax.commit(other)
        (only,) = await self.committed(engine)
        assert only.total_tax == Decimal("1065.00")

    @pytest.mark.parametrize("outcome", LOST_AND_APPLIED)
    async def test_commit_whose_answer_is_lost_is_found_and_not_doubled(
        self, engine: Engine, outcome: str
    ) -> None:
        engine.platform.faults.add(Fault(outcome, route=engine.commit_route))
        with pytest.raises(OutcomeUnknown):
            await engine.tax.commit(invoice())
        result = await engine.tax.commit(invoice())
        assert result.status == "committed"
        assert await engine.tax.documents(ENTITY) == (result,)

    async def test_commit_that_never_arrived_is_unknown_and_then_done_once(self, engine: Engine) -> None:
        engine.platform.faults.add(Fault("not-applied-then-timeout", route=engine.commit_route))
        with pytest.raises(OutcomeUnknown):
            await engine.tax.commit(invoice())
        assert await engine.tax.documents(ENTITY) == ()
        await engine.tax.commit(invoice())
        assert len(await engine.tax.documents(ENTITY)) == 1

    async def test_commit_that_was_refused_a_connection_is_transient(self, engine: Engine) -> None:
        engine.platform.faults.add(Fault("refused", route=engine.commit_route))
        with pytest.raises(Transient):
            await engine.tax.commit(invoice())
        assert (await engine.tax.commit(invoice())).status == "committed"

    async def test_commit_executed_twice_is_one_document(self, engine: Engine) -> None:
        engine.platform.faults.add(Fault("twice", route=engine.commit_route))
        try:
            await engine.tax.commit(invoice())
        except (Conflict, OutcomeUnknown):
            await engine.tax.commit(invoice())
        (only,) = await engine.tax.documents(ENTITY)
        assert (only.status, only.total_tax) == ("committed", Decimal("1065.00"))

    async def test_commits_at_once_are_one_document(self, engine: Engine) -> None:
        answers = await asyncio.gather(
            *(engine.tax.commit(invoice()) for _ in range(4)), return_exceptions=True
        )
        unexpected = [a for a in answers if isinstance(a, BaseException) and not isinstance(a, PortError)]
        assert unexpected == []
        await engine.tax.commit(invoice())
        (only,) = await engine.tax.documents(ENTITY)
        assert only.total_tax == Decimal("1065.00")

    async def test_commit_seen_late_by_reads_is_one_document(self, engine: Engine) -> None:
        engine.platform.faults.add(Fault("stale-read", times=1))
        await engine.tax.commit(invoice())
        await engine.tax.commit(invoice())
        (only,) = await engine.tax.documents(ENTITY)
        assert (only.status, only.total_tax) == ("committed", Decimal("1065.00"))

    async def test_adjusted_document_takes_the_place_of_the_recorded_one_with_the_tax_it_is_told(
        self, engine: Engine
    ) -> None:
        await engine.tax.commit(invoice())
        edited = invoice(line("12000.00", tax_amount="1000.00"), line("5.00", number="2", tax_amount="0"))
        result = await engine.tax.adjust(edited)
        assert (result.status, result.total_tax) == ("committed", Decimal("1000.00"))
        assert await engine.tax.adjust(edited) == result
        assert await engine.tax.documents(ENTITY) == (result,)

    @pytest.mark.parametrize("outcome", LOST_AND_APPLIED)
    async def test_adjustment_whose_answer_is_lost_is_found_and_not_repeated(
        self, engine: Engine, outcome: str
    ) -> None:
        first = await engine.tax.commit(invoice())
        edited = invoice(line("12005.00", tax_amount="1065.00"))
        engine.platform.faults.add(Fault(outcome, route=engine.commit_route))
        with pytest.raises(OutcomeUnknown):
            await engine.tax.adjust(edited)
        held = engine.platform.dump()
        result = await engine.tax.adjust(edited)
        assert engine.platform.dump() == held
        assert (result.total_tax, await engine.tax.documents(ENTITY)) == (first.total_tax, (result,))

    async def test_adjustment_of_what_is_not_recorded_records_it(self, engine: Engine) -> None:
        result = await engine.tax.adjust(credit_memo())
        assert (result.status, result.total_tax) == ("committed", Decimal("121.24"))

    async def test_same_code_may_be_an_invoice_and_a_credit_memo(self, engine: Engine) -> None:
        await engine.tax.commit(invoice(code="C/1"))
        await engine.tax.commit(credit_memo(code="C/1"))
        assert sorted(str(result.kind) for result in await self.committed(engine)) == [
            "credit_memo",
            "invoice",
        ]

    # Voids

    async def test_void_cancels_and_deletes_nothing(self, engine: Engine) -> None:
        committed = await engine.tax.commit(invoice())
        voided = await engine.tax.void(ORIGIN, INVOICE_KEY, "invoice", ENTITY)
        assert voided is not None
        assert (voided.id, voided.status, voided.code) == (committed.id, "cancelled", INVOICE_KEY)
        assert [result.status for result in await engine.tax.documents(ENTITY)] == ["cancelled"]

    async def test_void_again_is_the_same(self, engine: Engine) -> None:
        await engine.tax.commit(invoice())
        first = await engine.tax.void(ORIGIN, INVOICE_KEY, "invoice", ENTITY)
        assert await engine.tax.void(ORIGIN, INVOICE_KEY, "invoice", ENTITY) == first

    async def test_void_of_what_is_not_there_is_none(self, engine: Engine) -> None:
        assert await engine.tax.void(ORIGIN, INVOICE_KEY, "invoice", ENTITY) is None
        await engine.tax.commit(invoice())
        assert await engine.tax.void(ORIGIN, INVOICE_KEY, "credit_memo", ENTITY) is None

    @pytest.mark.parametrize("outcome", [*LOST_AND_APPLIED, "not-applied-then-timeout", "twice"])
    async def test_void_whose_answer_is_lost_may_be_repeated(self, engine: Engine, outcome: str) -> None:
        await engine.tax.commit(invoice())
        engine.platform.faults.add(Fault(outcome, route=engine.void_route))
        try:
            await engine.tax.void(ORIGIN, INVOICE_KEY, "invoice", ENTITY)
        except OutcomeUnknown:
            await engine.tax.void(ORIGIN, INVOICE_KEY, "invoice", ENTITY)
        assert [result.status for result in await engine.tax.documents(ENTITY)] == ["cancelled"]

    async def test_void_seen_late_by_reads_may_be_repeated(self, engine: Engine) -> None:
        await engine.tax.commit(invoice())
        engine.platform.faults.add(Fault("stale-read", times=1))
        await engine.tax.void(ORIGIN, INVOICE_KEY, "invoice", ENTITY)
        again = await engine.tax.void(ORIGIN, INVOICE_KEY, "invoice", ENTITY)
        assert again is not None
        assert again.status == "cancelled"

    async def test_commit_after_a_void_is_a_new_document_of_the_same_key(self, engine: Engine) -> None:
        voided = await engine.tax.commit(invoice())
        await engine.tax.void(ORIGIN, INVOICE_KEY, "invoice", ENTITY)
        again = await engine.tax.commit(invoice(line("500.00")))
        assert (again.code, again.status) == (INVOICE_KEY, "committed")
        assert again.id != voided.id
        assert await engine.tax.commit(invoice(line("500.00"))) == again
        assert [result.status for result in await engine.tax.documents(ENTITY)] == ["cancelled", "committed"]
        last = await engine.tax.void(ORIGIN, INVOICE_KEY, "invoice", ENTITY)
        assert last is not None
        assert last.id == again.id

    @pytest.mark.parametrize("seed", range(12))
    async def test_any_weather_ends_in_one_document_and_then_in_none(self, engine: Engine, seed: int) -> None:
        async def insist(call: Callable[[], Awaitable[TaxResult | None]]) -> TaxResult | None:
            for _ in range(100):
                try:
                    return await call()
                except PortError:
                    continue
            pytest.fail("never done")

        engine.platform.faults.seed(seed, 0.5)
        committed = await insist(lambda: engine.tax.commit(invoice()))
        engine.platform.faults.clear()
        (only,) = await engine.tax.documents(ENTITY)
        assert (only, only.status) == (committed, "committed")
        engine.platform.faults.seed(seed, 0.5)
        voided = await insist(lambda: engine.tax.void(ORIGIN, INVOICE_KEY, "invoice", ENTITY))
        engine.platform.faults.clear()
        assert await engine.tax.documents(ENTITY) == (voided,)
        assert await self.committed(engine) == []

    # Listings

    async def test_documents_are_all_of_the_entity_page_after_page(self, engine: Engine) -> None:
        keys = [f"C-{number}/invoice/2019-01-01" for number in range(7)]
        old = dt.date(2019, 1, 1)
        for key in keys:
            await engine.tax.commit(invoice(code=key, date=old, tax_date=old))
        assert [result.code for result in await engine.tax.documents(ENTITY)] == keys

    async def test_documents_since_a_day_leave_out_what_is_older(self, engine: Engine) -> None:
        day = dt.date(2026, 3, 1)
        for number, date in enumerate((day - dt.timedelta(days=1), day, day + dt.timedelta(days=1))):
            await engine.tax.commit(invoice(code=f"C-{number}/invoice/x", date=date, tax_date=date))
        found = await engine.tax.documents(ENTITY, since=day)
        assert [result.date for result in found] == [day, day + dt.timedelta(days=1)]

    async def test_keys_of_any_length_and_with_any_characters_come_back(self, engine: Engine) -> None:
        keys = [f"{'C' * 60}/invoice/2026-01-01/A-77", "C+1 ?/%#/ü", f"{'C' * 60}/invoice/2026-01-01/A-78"]
        for key in keys:
            first = await engine.tax.commit(invoice(code=key))
            assert await engine.tax.commit(invoice(code=key)) == first
            assert first.code == key
        assert [result.code for result in await engine.tax.documents(ENTITY)] == keys

    @pytest.mark.parametrize("outcome", ["500", "503", "not-applied-then-timeout"])
    async def test_listing_that_fails_is_transient(self, engine: Engine, outcome: str) -> None:
        engine.platform.faults.add(Fault(outcome, route=engine.list_route))
        with pytest.raises(Transient):
            await engine.tax.documents(ENTITY)

    async def test_listing_of_an_unknown_entity_is_not_found(self, engine: Engine) -> None:
        with pytest.raises(NotFound):
            await engine.tax.documents("XX99")

    # Refusals

    async def test_unknown_entity_is_refused_and_nothing_recorded(self, engine: Engine) -> None:
        with pytest.raises((Rejected, NotFound)):
            await engine.tax.quote((invoice(legal_entity="XX99"),))
        with pytest.raises((Rejected, NotFound)):
            await engine.tax.commit(invoice(legal_entity="XX99"))

    @pytest.mark.parametrize(
        "change", [{"postal_code": "9021"}, {"region": "ZZ"}, {"country": "ZZ"}, {"postal_code": "90210"}]
    )
    async def test_address_that_cant_be_placed_names_its_field(
        self, engine: Engine, change: dict[str, str]
    ) -> None:
        address = ACCOUNT.billing_address.model_copy(update=change)
        account = ACCOUNT.model_copy(update={"billing_address": address})
        with pytest.raises(Rejected) as caught:
            await engine.tax.quote((invoice(account=account),))
        assert caught.value.field is not None
        assert caught.value.vendor_code is not None
        assert not isinstance(caught.value, Transient)

    async def test_rate_limit_says_when_to_come_back(self, engine: Engine) -> None:
        engine.platform.faults.add(Fault("429", route=engine.commit_route, seconds=7))
        with pytest.raises(RateLimited) as caught:
            await engine.tax.commit(invoice())
        assert caught.value.retry_after_seconds == 7
        assert (await engine.tax.commit(invoice())).status == "committed"

    async def test_refused_credentials_are_for_a_person(self, engine: Engine) -> None:
        engine.platform.faults.add(Fault("token-expired", times=5))
        with pytest.raises(AuthenticationFailed):
            await engine.tax.commit(invoice())

    @pytest.mark.parametrize("outcome", ["enum-added", "field-removed", "field-renamed", "field-retyped"])
    async def test_answer_of_another_shape_is_never_taken_for_success(
        self, engine: Engine, outcome: str
    ) -> None:
        engine.platform.faults.add(Fault(outcome, route=engine.commit_route, field="status"))
        with pytest.raises(OutcomeUnknown):
            await engine.tax.commit(invoice())
        assert (await engine.tax.commit(invoice())).status == "committed"

    async def test_new_field_of_the_vendor_changes_nothing(self, engine: Engine) -> None:
        engine.platform.faults.add(Fault("field-added", route=engine.commit_route))
        assert (await engine.tax.commit(invoice())).status == "committed"

    async def test_closed_period_is_told_apart(self, engine: Engine) -> None:
        engine.platform.faults.add(Fault("period-closed", route=engine.commit_route))
        with pytest.raises(PeriodClosed):
            await engine.tax.commit(invoice())
        assert (await engine.tax.commit(invoice())).status == "committed"

    async def test_exempt_customer_is_not_taxed(self, engine: Engine) -> None:
        account = ACCOUNT.model_copy(update={"exemption_code": "EX-4711"})
        result = await engine.tax.commit(invoice(account=account))
        assert result.total_tax == 0
        assert result.lines[0].rate_percent == 0
