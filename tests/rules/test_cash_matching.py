"""Money from a bank: what is certain is applied, everything else is suggested with its reason."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.bank import BankReceipt, CashMatch, Tolerance
from ports.receipts import OpenReceivable
from rules.cash_application import CashRefused
from rules.cash_matching import MOST_SUGGESTIONS, choose, match

TOLERANCE = Tolerance(percent=Decimal(1), amount=Decimal("5.00"))


def receipt(amount: str, text: str = "", **more: Any) -> BankReceipt:
    figures: dict[str, Any] = {
        "bank": "ubs",
        "ref": "E-1",
        "entity": "US01",
        "amount": Decimal(amount),
        "currency": "USD",
        "value_date": dt.date(2026, 3, 2),
        "text": text,
    }
    return BankReceipt(**(figures | more))


def invoice(number: str, open_: str, customer: str = "7", **more: Any) -> OpenReceivable:
    figures: dict[str, Any] = {
        "key": f"C-{customer}/invoice/{number}",
        "number": number,
        "customer_id": customer,
        "customer_names": (f"Customer {customer} Inc.",),
        "due_date": dt.date(2026, 1, 31),
        "open": Decimal(open_),
    }
    return OpenReceivable(**(figures | more))


def matched(money: BankReceipt, *open_: OpenReceivable) -> CashMatch:
    return match(money, open_, TOLERANCE)


def first(found: CashMatch) -> tuple[str, dict[str, str], str]:
    best = found.suggestions[0]
    shares = {share.number or "": str(share.amount) for share in best.shares}
    return best.reason, shares, str(best.unapplied)


def exact(found: CashMatch) -> dict[str | None, str] | None:
    if found.exact is None:
        return None
    assert found.suggestions == ()
    return {share.number: str(share.amount) for share in found.exact.shares}


@pytest.mark.parametrize(
    "text", ["INV-0017", "Rechnung inv 0017 Danke", "pay:INV0017.", "invoice inv-0017, march"]
)
def test_number_in_the_text_and_its_open_amount_are_applied(text: str) -> None:
    assert exact(matched(receipt("100.00", text), invoice("INV-0017", "100.00"))) == {"INV-0017": "100.00"}


@pytest.mark.parametrize("text", ["INV-00171", "INV-0017-2", "XINV-0017", "9-INV-0017", "INV 00 17", ""])
def test_number_that_only_resembles_the_invoices_applies_nothing(text: str) -> None:
    found = matched(receipt("100.00", text), invoice("INV-0017", "100.00"))
    assert found.exact is None
    assert first(found)[0] == "amount"


def test_structured_reference_is_enough_and_counts_before_the_text() -> None:
    both = invoice("INV-0017", "100.00"), invoice("INV-0018", "100.00")
    money = receipt("100.00", "not INV-0017", references=("inv 0018",))
    assert exact(matched(money, *both)) == {"INV-0018": "100.00"}
    assert exact(matched(receipt("100.00", references=(both[0].key,)), *both)) == {"INV-0017": "100.00"}


def test_structured_reference_to_nothing_open_is_for_a_person_whatever_the_text_says() -> None:
    money = receipt("100.00", "INV-0017", references=("INV-0099",))
    found = matched(money, invoice("INV-0017", "100.00"))
    assert found.exact is None
    assert first(found)[0] == "exact"  # the suggestion that a person would confirm


def test_several_invoices_named_in_one_payment_are_settled_together() -> None:
    money = receipt("150.00", "INV-0017, INV-0018")
    both = invoice("INV-0017", "100.00"), invoice("INV-0018", "50.00")
    assert exact(matched(money, *both)) == {"INV-0017": "100.00", "INV-0018": "50.00"}


def test_invoices_of_two_customers_are_never_paid_by_itself() -> None:
    both = invoice("INV-0017", "100.00"), invoice("INV-0018", "50.00", "8")
    assert matched(receipt("150.00", "INV-0017, INV-0018"), *both).exact is None


def test_number_that_two_invoices_have_is_for_a_person() -> None:
    twice = invoice("INV-0017", "100.00", key="a"), invoice("INV-0017", "100.00", key="b")
    assert matched(receipt("100.00", "INV-0017"), *twice).exact is None
    assert matched(receipt("200.00", "INV-0017"), *twice).exact is None


@pytest.mark.parametrize(
    ("amount", "reason", "share", "unapplied"),
    [
        ("399.00", "within_tolerance", "399.00", "0.00"),
        ("404.00", "within_tolerance", "400.00", "4.00"),
        ("395.99", "part_payment", "395.99", "0.00"),
        ("404.01", "over_payment", "400.00", "4.01"),
        ("40.00", "part_payment", "40.00", "0.00"),
    ],
)
def test_named_invoice_paid_short_or_over_is_suggested_with_what_is_left(
    amount: str, reason: str, share: str, unapplied: str
) -> None:
    found = matched(receipt(amount, "INV-0017"), invoice("INV-0017", "400.00"))
    assert found.exact is None
    assert first(found) == (reason, {"INV-0017": share}, unapplied)


def test_tolerance_is_bounded_by_its_amount_too() -> None:
    found = matched(receipt("9994.99", "INV-0017"), invoice("INV-0017", "10000.00"))
    assert first(found)[0] == "part_payment"


def test_sum_of_one_customers_invoices_is_suggested_and_of_two_customers_is_not() -> None:
    found = matched(
        receipt("150.00"),
        invoice("INV-0017", "100.00"),
        invoice("INV-0018", "80.00"),
        invoice("INV-0019", "50.00"),
        invoice("INV-0020", "70.00", "8"),
    )
    assert [first(found)] == [("sum_of_invoices", {"INV-0017": "100.00", "INV-0019": "50.00"}, "0.00")]
    assert len(found.suggestions) == 1


@pytest.mark.parametrize("remitter", ["CUSTOMER 7", "customer 7 gmbh", "Customer 7 Inc"])
def test_remitters_name_suggests_what_is_due_first(remitter: str) -> None:
    found = matched(
        receipt("130.00", remitter=remitter),
        invoice("INV-0018", "100.00", due_date=dt.date(2026, 2, 28)),
        invoice("INV-0017", "100.00"),
        invoice("INV-0019", "100.00", "8"),
    )
    assert first(found) == ("remitter", {"INV-0017": "100.00", "INV-0018": "30.00"}, "0.00")
    assert len(found.suggestions) == 1


def test_amount_alone_ranks_the_remitters_own_invoice_first() -> None:
    two = invoice("INV-0017", "100.00"), invoice("INV-0018", "100.00", "8")
    found = matched(receipt("100.00", remitter="Customer 8"), *two)
    assert [each.reason for each in found.suggestions] == ["amount", "amount"]
    assert first(found)[1] == {"INV-0018": "100.00"}


def test_nothing_is_suggested_where_nothing_fits() -> None:
    assert matched(receipt("1.00", "hello", remitter="Somebody"), invoice("INV-0017", "9.00")) == CashMatch()


def test_yen_have_no_cents() -> None:
    money = receipt("1200", "INV-0017", currency="JPY")
    found = match(money, [invoice("INV-0017", "1200")], Tolerance(percent=Decimal(1), amount=Decimal(500)))
    assert exact(found) == {"INV-0017": "1200"}


def chosen(amount: str, **names: str | None) -> tuple[dict[str, str], str]:
    items = (invoice("A1", "100.00"), invoice("A2", "50.00"), invoice("B1", "10.00", "8"))
    given = {name: None if share is None else Decimal(share) for name, share in names.items()}
    found = choose(receipt(amount), items, given)
    return {share.number or "": str(share.amount) for share in found.shares}, str(found.unapplied)


def test_decision_applies_what_it_says_and_else_as_much_as_is_open_and_left() -> None:
    assert chosen("120.00", A1="30.00") == ({"A1": "30.00"}, "90.00")
    assert chosen("120.00", A1=None, A2="40.00") == ({"A2": "40.00", "A1": "80.00"}, "0.00")
    assert chosen("170.00", A1=None, A2=None) == ({"A1": "100.00", "A2": "50.00"}, "20.00")


@pytest.mark.parametrize(
    ("amount", "names"),
    [
        ("200.00", {"A1": "100.01"}),
        ("200.00", {"A1": "0"}),
        ("200.00", {"A1": "-1.00"}),
        ("200.00", {"A1": "1.005"}),
        ("20.00", {"A1": "20.01"}),
        ("20.00", {"A1": "20.00", "A2": None}),
        ("200.00", {"A9": None}),
        ("200.00", {"A1": None, "B1": None}),
        ("200.00", {"A1": "1.00", "C-7/invoice/A1": "1.00"}),
        ("200.00", {}),
    ],
)
def test_decision_that_can_not_be_is_refused(amount: str, names: dict[str, str | None]) -> None:
    with pytest.raises(CashRefused):
        chosen(amount, **names)


CENTS = st.integers(1, 400)


@st.composite
def cases(draw: st.DrawFn) -> tuple[BankReceipt, list[OpenReceivable]]:
    count = draw(st.integers(0, 6))
    items = [
        invoice(
            f"INV-{draw(st.integers(1000, 1006))}",
            str(Decimal(draw(CENTS)) / 100),
            draw(st.sampled_from("78")),
            key=f"C-1/invoice/{index}",
            due_date=dt.date(2026, 1, 1) + dt.timedelta(days=draw(st.integers(0, 2))),
        )
        for index in range(count)
    ]
    text = ", ".join(f"INV-{number}" for number in draw(st.lists(st.integers(1000, 1006), max_size=3)))
    wanted = sum((item.open for item in items if draw(st.booleans())), Decimal(0))
    amount = wanted or Decimal(draw(CENTS)) / 100
    remitter = draw(st.sampled_from([None, "Customer 7", "customer 8 ltd"]))
    return receipt(str(amount), text, remitter=remitter), items


@given(cases())
def test_no_more_is_applied_than_came_in_or_is_open(case: tuple[BankReceipt, list[OpenReceivable]]) -> None:
    money, items = case
    open_ = {item.key: item.open for item in items}
    found = match(money, items, TOLERANCE)
    for each in (*found.suggestions, *((found.exact,) if found.exact else ())):
        assert sum((share.amount for share in each.shares), each.unapplied) == money.amount
        assert all(0 < share.amount <= open_[share.key] for share in each.shares)
        assert len({share.key for share in each.shares}) == len(each.shares) > 0
    if found.exact is not None:
        assert found.exact.unapplied == 0
        assert all(share.amount == open_[share.key] for share in found.exact.shares)
    assert len(found.suggestions) <= MOST_SUGGESTIONS


@given(cases(), st.randoms())
def test_order_of_what_is_open_changes_nothing(
    case: tuple[BankReceipt, list[OpenReceivable]], random: Any
) -> None:
    money, items = case
    shuffled = list(items)
    random.shuffle(shuffled)
    assert match(money, items, TOLERANCE) == match(money, shuffled, TOLERANCE)


def test_money_that_names_what_was_written_off_says_so_first_and_applies_nothing() -> None:
    given_up = invoice("17-1", "100.00")
    found = match(receipt("100.00", "for 17-1"), [invoice("18-2", "100.00", "8")], TOLERANCE, [given_up])
    assert first(found) == ("written_off", {}, "100.00")
    assert "100.00 of C-7/invoice/17-1, which was written off" in found.suggestions[0].words
    assert "on account of C-7" in found.suggestions[0].words
    assert [each.reason for each in found.suggestions[1:]] == ["amount"]
    exactly = match(receipt("100.00", "for 18-2"), [invoice("18-2", "100.00", "8")], TOLERANCE, [given_up])
    assert exactly.exact is not None
