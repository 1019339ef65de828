"""Credits against billed lines."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction

from canonical.document import DocumentLine
from rules.credits import BilledLine, Credit, all_unused, allot, unused_value

START, END = dt.date(2026, 1, 1), dt.date(2026, 4, 11)  # 100 days


def _billed(amount: str, number: int = 1, start: dt.date = START) -> BilledLine:
    line = DocumentLine(
        line="L1",
        kind="recurring",
        amount=Decimal(amount),
        tax=Decimal(0),
        period_start=start,
        period_end=END,
        product="SEAT",
        charge="recurring",
        timing="advance",
        tax_rate_percent=Decimal(0),
        quantity=Decimal(1),
    )
    return BilledLine(number, f"C/invoice/{number}", start, line, Decimal(0))


def _day(offset: int) -> dt.date:
    return START + dt.timedelta(days=offset)


def test_unused_value_is_by_days() -> None:
    assert unused_value(_billed("100.00"), _day(30)) == 70
    assert unused_value(_billed("100.00"), _day(-5)) == 100
    assert unused_value(_billed("100.00"), END) == 0


def test_each_credit_before_counts_for_the_days_that_are_left_of_it() -> None:
    billed = _billed("100.00")
    billed.credits.append(Credit(_day(40), Decimal("30.00"), Decimal(0)))
    # 100 × 50/100 − 30 × 50/60
    assert unused_value(billed, _day(50)) == 25
    # before that credit's first day all of it counts
    assert unused_value(billed, _day(20)) == 50


def test_a_line_without_days_has_no_unused_value() -> None:
    once = _billed("100.00")
    once = BilledLine(
        1, once.invoice_key, START, once.line.model_copy(update={"period_end": START}), Decimal(0)
    )
    assert unused_value(once, START) == 0


def test_the_last_billed_line_gives_first_and_none_gives_more_than_is_unused() -> None:
    older, newer = _billed("100.00", 1), _billed("10.00", 2)
    parts = allot(Fraction(25), [older, newer], _day(50), "USD")
    assert [(line.number, amount) for line, amount in parts] == [(2, Decimal("5.00")), (1, Decimal("20.00"))]


def test_what_no_line_can_take_lapses() -> None:
    parts = allot(Fraction(80), [_billed("100.00")], _day(50), "USD")
    assert [amount for _, amount in parts] == [Decimal("50.00")]


def test_the_credit_is_rounded_before_it_is_taken_from_lines() -> None:
    parts = allot(Fraction("12.345"), [_billed("100.00")], _day(50), "USD")
    assert [amount for _, amount in parts] == [Decimal("12.35")]


def test_nothing_is_credited_of_a_line_that_is_used_up() -> None:
    used = _billed("100.00")
    used.credits.append(Credit(_day(10), Decimal("90.00"), Decimal(0)))
    assert allot(Fraction(10), [used], _day(10), "USD") == []
    assert all_unused([used, _billed("10.00", 2)], _day(50), "USD") != []
    assert [line.number for line, _ in all_unused([used, _billed("10.00", 2)], _day(50), "USD")] == [2]


def _accepted(billed: BilledLine, **more: object) -> BilledLine:
    billed.accepted = billed.line.model_copy(update=more)
    return billed


def test_of_an_accepted_line_no_more_is_unused_than_is_left_of_its_amount() -> None:
    billed = _accepted(_billed("100.00"), period_end=END + dt.timedelta(days=100))
    billed.credits.append(Credit(_day(40), Decimal("60.00"), Decimal(0), END))
    # of the accepted 200 days half are left, and the credit was for days that are over
    assert unused_value(billed, END) == 40
    billed.credits.clear()
    assert unused_value(billed, END) == 50


def test_an_accepted_line_has_no_tax_left_once_more_was_given_back_than_it_bills() -> None:
    billed = _accepted(_billed("100.00"), tax=Decimal("5.00"))
    assert billed.tax_left("USD") == Decimal("5.00")
    billed.credits.append(Credit(_day(40), Decimal("60.00"), Decimal("6.00")))
    assert billed.tax_left("USD") == Decimal("0.00")
