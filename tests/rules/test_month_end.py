"""What a contract has earned less what is posted: the arithmetic of the month end, without any platform."""

import datetime as dt
from decimal import Decimal
from typing import Any, get_args

import pytest

from canonical.document import AccountRole
from canonical.money import MixedCurrencies
from canonical.revenue import ContractRevenueResult, PostedQuestion, RoleAmounts
from ports.billing import IssuedDocument, IssuedLine
from ports.erp import PostedDocument, PostedLine
from rules.exchange import Exchange
from rules.month_end import Sold, UnknownLine, added, earned, posted_by, still_to_post, tally_of
from tests.rules.scenarios import amendment, contract, scenario, seats

ACCOUNTS: dict[AccountRole, str] = {role: f"9{n:03d}" for n, role in enumerate(get_args(AccountRole))}


def question(period: str = "2026-02", **more: Any) -> PostedQuestion:
    return PostedQuestion(
        contract="C-1", entity="US01", period=period, currency="USD", accounts=ACCOUNTS, **more
    )


def entry(key: str, amount: str = "8.00", **more: Any) -> PostedDocument:
    """An entry that earns the amount from deferred revenue."""
    lines = [("deferred_revenue", Decimal(amount)), ("revenue", -Decimal(amount))]
    given: dict[str, Any] = {
        "platform": "netsuite",
        "kind": "journal_entry",
        "id": key,
        "number": None,
        "key": key,
        "legal_entity": "US01",
        "currency": "USD",
        "date": dt.date(2026, 1, 31),
        "period": "Jan 2026",
        "status": "posted",
        "lines": tuple(
            PostedLine(account="1", amount=each, tax=Decimal(0), memo=f"{role}: x") for role, each in lines
        ),
        "tax": Decimal(0),
        "total": Decimal(amount),
    }
    return PostedDocument.model_validate(given | more)


def earned_by(period: str, *changes: Any, as_of: str = "2027-01-31") -> RoleAmounts:
    told = scenario(contract(seats(), start="2026-01-01"), *changes)
    sold = Sold(told.contract, told.changes, told.usage)
    exchange = Exchange("USD", None)
    return earned(sold, period, dt.date.fromisoformat(as_of), exchange, {}).earned


def test_what_is_earned_counts_from_the_contracts_start() -> None:
    assert earned_by("2026-01") == {"deferred_revenue": Decimal("101.92"), "revenue": Decimal("-101.92")}
    assert earned_by("2026-12") == {"deferred_revenue": Decimal("1200.00"), "revenue": Decimal("-1200.00")}


def test_change_that_is_known_later_counts_in_the_months_that_it_reaches_back_to() -> None:
    more = amendment("2026-02-01", {"id": "L1", "quantity": "20"}, received_date="2026-04-10")
    before = earned_by("2026-02", more, as_of="2026-03-31")["revenue"]
    after = earned_by("2026-02", more, as_of="2026-04-30")["revenue"]
    assert after - before == Decimal("-92.06")


def test_months_up_to_the_one_are_counted_and_later_ones_are_not() -> None:
    keys = ("revenue/C-1/2026-01", "revenue/C-1/2026-02", "revenue/C-1/2026-02/1", "revenue/C-1/2026-03")
    found = posted_by(question(), [entry(key) for key in keys])
    assert found.posted == {"deferred_revenue": Decimal("24.00"), "revenue": Decimal("-24.00")}
    assert found.entries == 2


def test_reversed_entry_counts_nothing_and_its_number_stays_taken() -> None:
    found = posted_by(question(), [entry("revenue/C-1/2026-02", status="reversed")])
    assert (found.posted, found.entries) == ({}, 1)


def test_role_is_the_memos_whatever_its_account_is_today_else_the_accounts() -> None:
    bare = PostedLine(account=ACCOUNTS["revenue"], amount=Decimal("-8"), tax=Decimal(0), memo=None)
    plain = entry("revenue/C-1/2026-01", lines=(bare,))
    assert posted_by(question(), [plain]).posted == {"revenue": Decimal("-8.00")}
    stranger = bare.model_copy(update={"account": "1"})
    with pytest.raises(UnknownLine):
        posted_by(question(), [entry("revenue/C-1/2026-01", lines=(stranger,))])


def test_entry_in_another_currency_is_never_added_up() -> None:
    with pytest.raises(MixedCurrencies):
        posted_by(question(), [entry("revenue/C-1/2026-01", currency="EUR")])


@pytest.mark.parametrize(("net", "differs"), [("100.00", False), ("100.01", True)])
def test_document_with_another_net_amount_is_named(net: str, differs: bool) -> None:
    key = "C-1/invoice/2026-01-01"
    line = PostedLine(account="1", amount=Decimal(net), tax=Decimal(0))
    posted = entry(key, kind="invoice", lines=(line,), status="open")
    found = posted_by(question(documents={key: Decimal("100.00")}), [posted])
    assert found.differing == ((key,) if differs else ())
    voided = posted.model_copy(update={"status": "voided"})
    assert posted_by(question(documents={key: Decimal("100.00")}), [voided]).differing == ()


def test_only_what_is_not_posted_is_left() -> None:
    told = scenario(contract(seats(), start="2026-01-01"))
    sold = Sold(told.contract, told.changes, told.usage)
    found = earned(sold, "2026-01", dt.date(2026, 2, 1), Exchange("USD", None), {})
    posted = posted_by(question("2026-01"), [entry("revenue/C-1/2026-01", "101.92")])
    assert still_to_post(found, posted) == {}
    less = posted_by(question("2026-01"), [entry("revenue/C-1/2026-01", "111.92")])
    assert still_to_post(found, less) == {
        "deferred_revenue": Decimal("-10.00"),
        "revenue": Decimal("10.00"),
    }


def test_sums_of_two_currencies_stay_apart_and_failures_are_counted() -> None:
    results = [
        ContractRevenueResult(
            contract=f"C-{currency}", outcome="posted", currency=currency, amounts={"revenue": Decimal("-5")}
        )
        for currency in ("USD", "JPY", "USD")
    ]
    failed = ContractRevenueResult(contract="C-9", outcome="exception")
    tally = added(tally_of(results), tally_of([failed]))
    assert (tally.contracts, tally.posted, tally.exceptions, tally.failed) == (4, 3, 1, ("C-9",))
    assert tally.sums == {"JPY": {"revenue": Decimal("-5")}, "USD": {"revenue": Decimal("-10.00")}}


SPLIT = "C-1/invoice/2026-03-01"
"""An invoice of which a change of the same day, known later, has issued the rest by itself."""


@pytest.mark.parametrize(("rest", "differs"), [("40.00", False), ("40.01", True)])
def test_document_that_was_issued_in_two_pieces_is_held_against_their_sum(rest: str, differs: bool) -> None:
    pieces = [
        entry(
            key,
            kind="invoice",
            status="open",
            lines=(PostedLine(account="1", amount=Decimal(net), tax=Decimal(0)),),
        )
        for key, net in ((SPLIT, "60.00"), (f"{SPLIT}/CH-2", rest))
    ]
    found = posted_by(question(documents={SPLIT: Decimal("100.00")}), pieces)
    assert found.differing == ((SPLIT,) if differs else ())


def test_invoice_of_the_next_customer_is_no_piece_of_the_first_ones() -> None:
    documents = {SPLIT: Decimal("60.00"), f"{SPLIT}/A-2": Decimal("40.00")}
    pieces = [
        entry(
            key,
            kind="invoice",
            status="open",
            lines=(PostedLine(account="1", amount=net, tax=Decimal(0)),),
        )
        for key, net in documents.items()
    ]
    assert posted_by(question(documents=documents), pieces).differing == ()


def test_document_accepted_in_two_pieces_earns_what_both_say() -> None:
    told = scenario(contract(seats(), start="2026-01-01"))
    sold = Sold(told.contract, told.changes, told.usage)
    key = "C-1/invoice/2026-01-01"
    pieces = {name: issued(name, amount) for name, amount in ((key, "900.00"), (f"{key}/CH-2", "303.65"))}
    found = earned(sold, "2026-12", dt.date(2027, 1, 31), Exchange("USD", None), pieces)
    assert found.earned["revenue"] == Decimal("-1203.65")
    assert found.documents == {key: Decimal("1203.65")}


def issued(key: str, amount: str) -> IssuedDocument:
    """An invoice of the first line, over the contract's year."""
    line = IssuedLine(
        id="il_1",
        line="L1",
        kind="recurring",
        amount=Decimal(amount),
        tax=Decimal(0),
        period_start=dt.date(2026, 1, 1),
        period_end=dt.date(2027, 1, 1),
    )
    return IssuedDocument(
        platform="stripe",
        kind="invoice",
        id=key,
        number=None,
        key=key,
        contract="C-1",
        customer_id="cus_1",
        subscription_id=None,
        status="open",
        origin="ours",
        currency="USD",
        date=dt.date(2026, 1, 1),
        due_date=None,
        lines=(line,),
        subtotal=Decimal(amount),
        tax=Decimal(0),
        total=Decimal(amount),
    )
