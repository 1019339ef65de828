"""What every ERP connector must do with money, tested against its simulator: each write met by each fault.

A vendor's test module subclasses `ReceiptsContract` and provides the fixtures `stand` and `routes`: by which
requests (METHOD path pattern) each kind of entry is written. An entry is found again by its key, whatever
became of the answer, and the books are the same as if nothing had gone wrong.
"""

import datetime as dt
from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal
from typing import Any, Literal

import pytest

from canonical.ids import posted_again_key, recovery_key
from canonical.payment import CashApplication, CashKind, InvoiceChange
from ports.errors import AlreadyExists, Conflict, OutcomeUnknown, PortError, RateLimited, Transient
from ports.receipts import CashAccounts, CashEntry, PostedReceipt
from rules.calendar import add_months
from sandbox.kit.faults import Fault
from tests.connectors.contract_erp_stand import ErpStand, customer_order, invoice, origin

INVOICE = "C-1001/invoice/2026-01-01"
TOTAL = Decimal("13065.00")
DAY = dt.date(2026, 2, 1)
APPLIED = ("applied-then-timeout", "applied-then-cut", "applied-then-500")
Write = Literal[
    "payment",
    "on_account",
    "over",
    "application",
    "refund",
    "refund_unapplied",
    "chargeback",
    "won",
    "write_off",
    "recovery",
]
WRITES: tuple[Write, ...] = (
    "payment",
    "on_account",
    "over",
    "application",
    "refund",
    "refund_unapplied",
    "chargeback",
    "won",
    "write_off",
    "recovery",
)
Routes = Mapping[Write, tuple[str, ...]]


def cash_entry(
    stand: ErpStand,
    customer: str,
    key: str,
    kind: CashKind,
    amount: str,
    *,
    change: str | None = None,
    unapplied: str = "0",
    fee: str = "0",
    source: str | None = None,
) -> CashEntry:
    """`change` is of the one invoice."""
    accounts = stand.accounts
    changes = (InvoiceChange(invoice_key=INVOICE, change=Decimal(change)),) if change else ()
    return CashEntry(
        origin=origin("cash"),
        key=key,
        contract="C-1001",
        customer_id=customer,
        legal_entity=stand.legal_entity,
        currency=stand.currency,
        date=DAY,
        posting_date=DAY,
        application=CashApplication(
            kind=kind,
            amount=Decimal(amount),
            invoices=changes,
            unapplied=Decimal(unapplied),
            fee=Decimal(fee),
        ),
        accounts=CashAccounts(
            cash=accounts["cash"],
            accounts_receivable=accounts["accounts_receivable"],
            customer_credits=accounts["customer_credits"],
            bad_debt=accounts["bad_debt"],
            dispute_fees=accounts["dispute_fees"],
        ),
        memo="Money",
        source_key=source,
    )


def entry_of(stand: ErpStand, customer: str, write: Write) -> CashEntry:
    """Each on books in which the invoice is paid with 100.00, and 50.00 are unapplied; a recovery where it
    is written off by 40.00 in two."""
    figures: dict[Write, dict[str, Any]] = {
        "payment": {"kind": "payment", "amount": "65.00", "change": "-65"},
        "on_account": {"kind": "payment", "amount": "20.00", "unapplied": "20"},
        "over": {"kind": "payment", "amount": "12985.00", "change": "-12965", "unapplied": "20"},
        "application": {"kind": "application", "amount": "30.00", "change": "-30", "unapplied": "-30"},
        "refund": {"kind": "refund", "amount": "40.00", "change": "40"},
        "refund_unapplied": {"kind": "refund", "amount": "50.00", "unapplied": "-50"},
        "chargeback": {"kind": "chargeback", "amount": "60.00", "change": "60", "fee": "15"},
        "won": {"kind": "chargeback_won", "amount": "60.00", "change": "-60", "fee": "0"},
        "write_off": {"kind": "write_off", "amount": "12.00", "change": "-12"},
        "recovery": {"kind": "recovery", "amount": "30.00", "change": "30"},
    }
    keys: dict[Write, str] = {
        "chargeback": "dispute/p/1/withdrawn",
        "write_off": "write-off/p/1",
        "recovery": recovery_key("payment/p/free", INVOICE),
    }
    said = figures[write]
    source = "payment/p/free" if write in ("application", "refund_unapplied") else "payment/p/0"
    key = keys.get(write, f"{said['kind']}/p/1")
    return cash_entry(stand, customer, key, source=source, **said)


async def prepared(stand: ErpStand, customer: str, write: Write) -> CashEntry:
    """The entry, with what it rests on posted."""
    if write == "recovery":
        for amount, key in (("22.00", "write-off/p/2"), ("18.00", "write-off/p/3")):
            given_up = cash_entry(stand, customer, key, "write_off", amount, change=f"-{amount}")
            await stand.erp.post_cash(given_up)
    return entry_of(stand, customer, write)


class ReceiptsFixtures:
    @pytest.fixture
    def stand(self) -> ErpStand:
        raise NotImplementedError

    @pytest.fixture
    def routes(self) -> Routes:
        raise NotImplementedError

    @pytest.fixture
    async def customer(self, stand: ErpStand) -> str:
        """A customer with one posted invoice, 100.00 paid of it, and 50.00 unapplied."""
        made = await stand.erp.ensure_customer(customer_order(stand))
        await stand.erp.post_document(invoice(stand, made.id))
        paid = cash_entry(stand, made.id, "payment/p/0", "payment", "100.00", change="-100")
        free = cash_entry(stand, made.id, "payment/p/free", "payment", "50.00", unapplied="50")
        for each in (paid, free):
            await stand.erp.post_cash(each)
        return made.id


async def ledger(stand: ErpStand) -> dict[str, Decimal]:
    """What the general ledger leaves in each account, debits above zero; zeros are left out."""
    sums: dict[str, Decimal] = {}
    for line in await stand.erp.general_ledger(stand.legal_entity):
        sums[line.account] = sums.get(line.account, Decimal(0)) + line.debit - line.credit
    return {account: amount for account, amount in sums.items() if amount}


async def moved(stand: ErpStand, entry: CashEntry) -> dict[str, Decimal]:
    """What the entry should leave in cash, receivables, credits, fees and bad debt, beside what there was."""
    done, held = entry.application, await ledger(stand)
    signs = {"payment": 1, "chargeback_won": 1, "refund": -1, "chargeback": -1}
    cash = done.amount * signs.get(done.kind, 0) - done.fee
    effects = {
        "cash": cash,
        "accounts_receivable": sum((each.change for each in done.invoices), Decimal(0)),
        "customer_credits": -done.unapplied,
        "dispute_fees": done.fee,
        "bad_debt": done.amount * {"write_off": 1, "recovery": -1}.get(done.kind, 0),
    }
    for role, effect in effects.items():
        account = stand.accounts[role]  # type: ignore[index]
        held[account] = held.get(account, Decimal(0)) + effect
    return {account: amount for account, amount in held.items() if amount}


async def parts(stand: ErpStand, entry: CashEntry) -> list[PostedReceipt]:
    """Those of the entry, by its key, found as they are listed."""
    found = await stand.erp.find_receipts((entry.key,))
    listed = [each for each in await stand.erp.receipts(stand.legal_entity) if each in found]
    assert len(listed) == len(found)
    return listed


class ReceiptWrites(ReceiptsFixtures):
    @pytest.mark.parametrize("less", ["0", "12000.00", "13000.00"])
    async def test_what_had_settled_an_invoice_settles_the_one_that_takes_its_place(
        self, stand: ErpStand, customer: str, less: str
    ) -> None:
        """Payment, unapplied money and write-off; what the new one is too small for is left below zero."""
        for write in ("application", "write_off"):
            await stand.erp.post_cash(entry_of(stand, customer, write))
        held = await ledger(stand)
        old, total = invoice(stand, customer), TOTAL - Decimal(less)
        await stand.erp.void_document(origin("void"), "invoice", old.key, old.document_date, "edited")
        line = old.lines[0]
        share = line.model_copy(update={"amount": line.amount + line.tax - Decimal(less), "tax": Decimal(0)})
        new = old.model_copy(update={"key": posted_again_key(old.key, "edit-1")})
        if Decimal(less):
            new = new.model_copy(
                update={"lines": (share,), "subtotal": total, "tax": Decimal(0), "total": total}
            )
        for _ in range(2):
            await stand.erp.post_document(new)
            account = await stand.erp.receivables(stand.legal_entity, customer, INVOICE)
            [item] = [each for each in account.invoices if each.key == INVOICE]
            assert (item.total, item.open) == (total, total - 142)
        if not Decimal(less):
            assert await ledger(stand) == held
        await stand.erp.post_cash(entry_of(stand, customer, "refund"))
        account = await stand.erp.receivables(stand.legal_entity, customer, INVOICE)
        [item] = [each for each in account.invoices if each.key == INVOICE]
        assert item.open == total - 102

    @pytest.mark.parametrize("write", WRITES)
    async def test_entry_moves_what_it_says_once_however_often(
        self, stand: ErpStand, customer: str, write: Write
    ) -> None:
        entry = await prepared(stand, customer, write)
        expected = await moved(stand, entry)
        first = await stand.erp.post_cash(entry)
        again = await stand.erp.post_cash(entry)
        assert first.id == again.id
        assert await ledger(stand) == expected
        posted = await parts(stand, entry)
        money = sum((each.cash for each in posted), Decimal(0))
        assert money == expected.get(stand.accounts["cash"], Decimal(0)) - 150
        assert first.id in {each.id for each in posted}

    @pytest.mark.parametrize("outcome", [*APPLIED, "not-applied-then-timeout", "twice", "refused", "500"])
    @pytest.mark.parametrize("write", WRITES)
    async def test_entry_met_by_a_fault_is_there_once_when_it_is_repeated(
        self, stand: ErpStand, customer: str, routes: Routes, write: Write, outcome: str
    ) -> None:
        entry = await prepared(stand, customer, write)
        expected = await moved(stand, entry)
        for route in routes[write]:
            stand.faults.add(Fault(outcome, route=route))
        for _ in range(len(routes[write])):
            with suppress(OutcomeUnknown, Transient):
                await stand.erp.post_cash(entry)
        await stand.erp.post_cash(entry)
        assert await ledger(stand) == expected
        ids = [each.id for each in await parts(stand, entry)]
        assert len(ids) == len(set(ids)) > 0

    @pytest.mark.parametrize("write", WRITES)
    async def test_lost_answer_is_said_to_be_one(
        self, stand: ErpStand, customer: str, routes: Routes, write: Write
    ) -> None:
        entry = await prepared(stand, customer, write)
        stand.faults.add(Fault("applied-then-timeout", route=routes[write][0]))
        with pytest.raises(OutcomeUnknown):
            await stand.erp.post_cash(entry)

    @pytest.mark.parametrize("write", WRITES)
    async def test_other_money_under_a_known_key_is_refused(
        self, stand: ErpStand, customer: str, write: Write
    ) -> None:
        entry = await prepared(stand, customer, write)
        await stand.erp.post_cash(entry)
        expected = await ledger(stand)
        done = entry.application
        half = done.model_copy(
            update={
                "amount": done.amount / 2,
                "unapplied": done.unapplied / 2,
                "invoices": tuple(
                    each.model_copy(update={"change": each.change / 2}) for each in done.invoices
                ),
            }
        )
        with pytest.raises(AlreadyExists):
            await stand.erp.post_cash(entry.model_copy(update={"application": half}))
        assert await ledger(stand) == expected

    @pytest.mark.parametrize(
        "write", ["payment", "application", "refund", "refund_unapplied", "write_off", "recovery"]
    )
    async def test_more_than_there_is_by_now_is_a_conflict_and_moves_nothing(
        self, stand: ErpStand, customer: str, write: Write
    ) -> None:
        entry = await prepared(stand, customer, write)
        expected = await ledger(stand)
        done = entry.application
        times = 10_000
        more = done.model_copy(
            update={
                "amount": done.amount * times,
                "unapplied": done.unapplied * times,
                "invoices": tuple(
                    each.model_copy(update={"change": each.change * times}) for each in done.invoices
                ),
            }
        )
        with pytest.raises(Conflict):
            await stand.erp.post_cash(entry.model_copy(update={"application": more}))
        assert await ledger(stand) == expected


class ReceiptReads(ReceiptsFixtures):
    async def test_account_says_what_is_open_paid_and_unapplied(self, stand: ErpStand, customer: str) -> None:
        found = await stand.erp.receivables(stand.legal_entity, customer)
        [item] = found.invoices
        assert (item.key, item.total, item.open, item.paid) == (INVOICE, TOTAL, TOTAL - 100, Decimal(100))
        assert [(each.key, each.amount) for each in found.unapplied] == [("payment/p/free", Decimal(50))]

    async def test_account_of_an_invoice_is_that_of_the_customer_to_whom_it_was_billed(
        self, stand: ErpStand, customer: str
    ) -> None:
        other = (await stand.erp.ensure_customer(customer_order(stand, "A-78", name="Other Inc."))).id
        assert (await stand.erp.receivables(stand.legal_entity, other)).invoices == ()
        found = await stand.erp.receivables(stand.legal_entity, other, INVOICE)
        assert (found.customer_id, len(found.invoices)) == (customer, 1)

    async def test_open_invoices_are_listed_with_what_is_open_until_they_are_settled(
        self, stand: ErpStand, customer: str
    ) -> None:
        [found] = await stand.erp.open_receivables(stand.legal_entity, stand.currency)
        assert (found.key, found.customer_id, found.open) == (INVOICE, customer, TOTAL - 100)
        assert found.number == "BILL-0001"
        assert "Northwind Analytics Inc." in found.customer_names
        await stand.erp.post_cash(entry_of(stand, customer, "over"))
        assert await stand.erp.open_receivables(stand.legal_entity, stand.currency) == ()

    async def test_what_is_written_off_is_told_until_it_is_taken_back_and_the_invoice_is_open_again(
        self, stand: ErpStand, customer: str
    ) -> None:
        entry = await prepared(stand, customer, "recovery")
        for post, given_up in ((None, Decimal(40)), (entry, Decimal(10))):
            if post is not None:
                await stand.erp.post_cash(post)
            [item] = (await stand.erp.receivables(stand.legal_entity, customer)).invoices
            assert (item.written_off, item.open) == (given_up, TOTAL - 100 - given_up)
            [found] = await stand.erp.written_off(stand.legal_entity, stand.currency)
            assert (found.key, found.number, found.open) == (INVOICE, "BILL-0001", given_up)
            [owed] = await stand.erp.open_receivables(stand.legal_entity, stand.currency)
            assert owed.open == TOTAL - 100 - given_up
        assert [each.key for each in await stand.erp.documents(stand.legal_entity)] == [INVOICE]
        kinds = [each.kind for each in await stand.erp.receipts(stand.legal_entity)]
        assert kinds.count("write_off") == 2
        assert kinds.count("recovery") == 1

    async def test_receipts_of_unknown_keys_and_of_other_entities_are_none(
        self, stand: ErpStand, customer: str
    ) -> None:
        assert await stand.erp.find_receipts(("payment/p/9",)) == ()
        assert await stand.erp.receipts("XX99") == ()

    async def test_receipts_since_a_day_leave_out_what_is_older_by_date_and_by_period(
        self, stand: ErpStand, customer: str
    ) -> None:
        await stand.erp.post_cash(entry_of(stand, customer, "payment"))
        every = await stand.erp.receipts(stand.legal_entity)
        month = DAY.replace(day=1)
        assert await stand.erp.receipts(stand.legal_entity, since=month) == tuple(
            each for each in every if each.date >= month
        )
        assert await stand.erp.receipts(stand.legal_entity, since=add_months(month, 1)) == ()

    @pytest.mark.parametrize(("outcome", "expected"), [("429", RateLimited), ("503", Transient)])
    async def test_read_that_fails_is_classed_and_writes_nothing(
        self, stand: ErpStand, customer: str, outcome: str, expected: type[PortError]
    ) -> None:
        before = await ledger(stand)
        stand.faults.add(Fault(outcome, route=stand.read_route))
        with pytest.raises(expected):
            await stand.erp.post_cash(entry_of(stand, customer, "payment"))
        assert await ledger(stand) == before


class ReceiptsContract(ReceiptWrites, ReceiptReads):
    """The whole suite of ERP connectors' money."""
