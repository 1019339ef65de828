"""A credit is measured by what was billed: by the document as a person has accepted it, not as it was due."""

import datetime as dt
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from assembly.change_preview import previewed
from canonical.document import CreditMemo, DocumentLine, Invoice
from canonical.lifecycle import AcceptedDocument, ApprovedItem, CarriedChange, ContractState, DocumentQuestion
from canonical.money import total
from canonical.scenario import Scenario
from rules.accepted import accepted_document, taken_in
from rules.agenda import expected_document
from rules.as_billed import as_billed, invoice_as_billed
from rules.billing_plan import Documents, documents
from rules.change_plan import Scope, credited_lines, scope
from rules.exchange import Exchange
from rules.month_end import Sold, earned
from tests.rules.scenarios import (
    account,
    activated,
    amendment,
    approved,
    cancellation,
    contract,
    scenario,
    seats,
)

KEY = "C-1/invoice/2026-01-01"
ACCEPTED_ON, DAY, AS_OF = dt.date(2026, 2, 1), dt.date(2026, 7, 2), dt.date(2026, 12, 31)
END = cancellation(DAY.isoformat())
"""Of 365 days billed, 183 are left."""


def annual(*changes: Any, lines: Any = None) -> Scenario:
    """1200.00 for 2026, and 10 % of tax."""
    sold = lines or [seats(tax_rate_percent="10")]
    return scenario(contract(*sold, start="2026-01-01"), *changes, as_of=AS_OF.isoformat())


def due(told: Scenario) -> Invoice:
    return documents(told.contract, (), (), AS_OF).invoices[0]


def changed(line: DocumentLine, **more: Any) -> DocumentLine:
    return DocumentLine.model_validate({**dict(line), **more})


def accepted(
    told: Scenario, *lines: DocumentLine, after: tuple[str, ...] = (), unassigned: int = 0
) -> AcceptedDocument:
    """The first invoice accepted with these lines, the last `unassigned` of them on no line of ours."""
    invoice = due(told)
    loose = lines[len(lines) - unassigned :]
    found = accepted_document(invoice, invoice.model_copy(update={"lines": lines}), loose)
    return found.model_copy(update={"after": after, "on": ACCEPTED_ON})


def by_rules(told: Scenario, *taken: AcceptedDocument) -> Documents:
    return documents(told.contract, told.changes, told.usage, AS_OF, accepted=taken)


def credits(told: Scenario, *taken: AcceptedDocument) -> list[tuple[str, str]]:
    """Amount and tax of each credit memo's lines."""
    found = by_rules(told, *taken).credit_memos
    return [(str(line.amount), str(line.tax)) for memo in found for line in memo.lines]


def test_a_cancellation_gives_back_the_unused_part_of_what_was_billed() -> None:
    told = annual(END)
    [line] = due(told).lines
    assert credits(told) == [("601.64", "60.16")]
    taken = accepted(told, changed(line, amount="1100", tax="110"))
    assert credits(told, taken) == [("551.51", "55.15")]
    assert [str(each.total) for each in by_rules(told, taken).invoices] == ["1320.00"]  # as it is due


def test_an_amendment_down_credits_no_more_than_was_billed() -> None:
    told = annual(amendment(DAY.isoformat(), {"id": "L1", "quantity": "2"}))
    [line] = due(told).lines
    assert credits(told) == [("481.32", "48.13")]
    assert credits(told, accepted(told, changed(line, amount="1100"))) == [("481.32", "52.51")]
    assert credits(told, accepted(told, changed(line, amount="365", tax="36.5"))) == [("183.00", "18.30")]


def test_a_line_that_was_not_billed_is_not_credited() -> None:
    told = annual(END, lines=[seats(), seats("L2")])
    kept, _ = due(told).lines
    assert credits(told) == [("601.64", "0.00"), ("601.64", "0.00")]
    assert credits(told, accepted(told, kept)) == [("601.64", "0.00")]


def test_another_service_period_is_the_one_that_is_credited() -> None:
    told = annual(cancellation("2026-04-01"))
    [line] = due(told).lines
    half = changed(line, period_end="2026-07-01")
    [memo] = by_rules(told, accepted(told, half)).credit_memos
    assert (memo.subtotal, memo.lines[0].period_end) == (Decimal("603.31"), dt.date(2026, 7, 1))  # of 181: 91
    later = changed(line, period_start="2026-02-01", period_end="2027-02-01")
    assert credits(told, accepted(told, later)) == [("1006.03", "100.60")]  # of 365: 306


def test_an_amendment_finds_its_line_whose_service_period_was_moved_out_of_the_billed_one() -> None:
    told = annual(amendment(DAY.isoformat(), {"id": "L1", "quantity": "5"}))
    [line] = due(told).lines
    moved = changed(line, period_start="2025-12-01", period_end="2026-12-01")
    assert credits(told, accepted(told, moved)) == [("300.82", "30.08")]


def test_tax_is_given_back_at_the_rate_that_was_billed() -> None:
    told = annual(END)
    [line] = due(told).lines
    assert credits(told, accepted(told, changed(line, tax="60"))) == [("601.64", "30.08")]
    assert credits(told, accepted(told, changed(line, tax="0"))) == [("601.64", "0.00")]


def test_a_change_that_was_carried_out_before_keeps_the_credit_that_it_has_given() -> None:
    fewer = amendment("2026-01-20", {"id": "L1", "quantity": "6"}, name="FEWER")
    told = annual(fewer, END)
    before = credits(told)
    assert before[0] == ("455.01", "45.50")
    [line] = due(told).lines
    taken = accepted(told, changed(line, amount="511", tax="51.1"), after=("FEWER",))
    # 511 × 183/365, less 455.01 × 183/346
    assert credits(told, taken) == [before[0], ("15.54", "1.55")]
    less = accepted(told, changed(line, amount="365", tax="36.5"), after=("FEWER",))
    assert credits(told, less) == [before[0]]  # it was more than is billed now
    known = less.model_copy(update={"after": ()})
    assert credits(told, known) == [("346.00", "34.60")]


def test_what_is_edited_again_leaves_what_was_credited_in_between() -> None:
    fewer = amendment("2026-03-01", {"id": "L1", "quantity": "0"}, name="FEWER")
    told = annual(fewer, END)
    [line] = due(told).lines
    one = accepted(told, changed(line, amount="365", tax="36.5"))
    first = taken_in((), one, (), ACCEPTED_ON)
    assert credits(told, *first)[0] == ("306.00", "30.60")
    two = accepted(told, changed(line, amount="3650", tax="365"))
    second = taken_in(first, two, ("FEWER",), dt.date(2026, 5, 1))
    assert credits(told, *second)[0] == ("306.00", "30.60")
    assert credits(told, *second)[1] == ("1647.00", "164.70")  # 3650 × 183/365 − 306 × 183/306
    back = taken_in(second, accepted(told, line), ("FEWER",), dt.date(2026, 5, 2))
    assert [each.lines for each in back] == [()]
    assert credits(told, *back)[0] == ("306.00", "30.60")
    assert taken_in(first, accepted(told, line), (), ACCEPTED_ON) == ()


def test_a_credit_memo_that_was_accepted_otherwise_gives_back_what_it_says() -> None:
    fewer = amendment("2026-03-01", {"id": "L1", "quantity": "5"}, name="FEWER")
    told = annual(fewer, END)
    [memo, _] = by_rules(told).credit_memos
    assert memo.subtotal == Decimal("503.01")
    less = changed(memo.lines[0], amount="306", tax="30.6")
    taken = accepted_document(memo, memo.model_copy(update={"lines": (less,)}))
    taken = taken.model_copy(update={"after": ("FEWER",), "on": ACCEPTED_ON})
    # 1200 × 183/365 − 306 × 183/306
    assert credits(told, taken) == [("503.01", "50.30"), ("418.64", "41.86")]
    nothing = accepted_document(memo, memo.model_copy(update={"lines": ()})).model_copy(
        update={"after": ("FEWER",)}
    )
    assert credits(told, nothing)[1] == ("601.64", "60.16")


def test_what_is_left_of_an_accepted_invoice_is_earned_once_it_is_credited() -> None:
    told = annual(cancellation("2026-04-01"))
    [line] = due(told).lines
    taken = accepted(told, changed(line, amount="1100", tax="110", period_end="2026-07-01"))
    sold = Sold(told.contract, told.changes, (), accepted=(taken,))
    held = earned(sold, "2026-12", AS_OF, Exchange("USD", None), {}).earned
    assert {role: str(amount) for role, amount in held.items()} == {
        "deferred_revenue": "546.96",
        "revenue": "-546.96",
    }
    [memo] = sold.documents(AS_OF).credit_memos
    assert memo.subtotal == Decimal("1100") - Decimal("546.96")


def test_a_transfer_bills_the_other_customer_what_it_credits_the_first() -> None:
    other = {"id": "TR", "type": "transfer", "effective_date": DAY.isoformat(), "account": account("A-2")}
    told = annual({**other, "tax_rate_percent": "0"})
    [line] = due(told).lines
    found = by_rules(told, accepted(told, changed(line, amount="1100", period_end="2026-12-01")))
    [given], [_, billed] = found.credit_memos, found.invoices
    assert given.subtotal == billed.subtotal
    assert billed.lines[0].period_end == given.lines[0].period_end == dt.date(2026, 12, 1)


def test_a_line_added_on_a_contract_line_is_credited_with_it_and_named() -> None:
    told = annual(END)
    [line] = due(told).lines
    more = changed(line, amount="365", tax="0", period_start="2026-01-02", period_end="2027-01-02")
    taken = accepted(told, line, more)
    assert credits(told, taken) == [("601.64", "60.16"), ("184.00", "0.00")]
    [memo] = by_rules(told, taken).credit_memos
    assert [each.credits for each in memo.lines] == [0, 1]
    assert invoice_as_billed(due(told), [taken]) == (line, more)


def state_of(told: Scenario, *taken: AcceptedDocument, carried: int = 0) -> ContractState:
    """The contract with so many of its changes carried out."""
    done = [
        CarriedChange(
            id=item.id,
            type=item.type,
            version=item.version,
            effective_date=item.effective_date,
            status="done",
            change=item.change,
            workflow_id="w",
        )
        for item in approved(told)[:carried]
    ]
    return ContractState(
        id="C-1",
        tenant="t",
        crm="salesforce",
        contract=told.contract,
        carried=(activated(told), *done),
        accepted=taken,
        billed_through=told.contract.start_date,
        cycle_from=told.contract.start_date,
        term_end=dt.date(2027, 1, 1),
    )


def planned(state: ContractState, item: ApprovedItem) -> Scope:
    assert state.contract is not None
    return scope(state, state.contract, item, DAY, DAY)


def test_plan_preview_and_expectation_agree_on_the_credit() -> None:
    told = annual(END)
    [line] = due(told).lines
    taken = accepted(told, changed(line, amount="1100", tax="110"))
    state, [item] = state_of(told, taken), approved(told)
    found = planned(state, item)
    [memo] = found.credit_memos
    assert memo.subtotal == Decimal("551.51")
    now = dt.datetime.combine(DAY, dt.time(12), dt.UTC)
    assert previewed(state, told.changes[0], now).credit_memos == (memo,)
    after = state_of(told, taken, carried=1)
    question = DocumentQuestion(contract="C-1", kind="credit_memo", key=memo.key, date=memo.date)
    expected = expected_document(after, question)
    assert isinstance(expected, CreditMemo)
    assert expected.lines == memo.lines
    [credited] = credited_lines(found, memo, state)
    assert (credited.amount, memo.lines[0].credits) == (Decimal("1100.00"), 0)


def test_what_is_on_no_line_of_the_contract_is_credited_by_nobody_and_named_before_the_first_write() -> None:
    told = annual(END)
    [line] = due(told).lines
    extra = changed(line, amount="73", tax="0")
    state = state_of(told, accepted(told, changed(line, amount="1100"), extra, unassigned=1))
    found = planned(state, approved(told)[0])
    assert [str(memo.subtotal) for memo in found.credit_memos] == ["551.51"]
    [left] = found.unassigned
    assert (left.invoice_key, left.unused, left.line) == (KEY, Decimal("36.60"), extra)
    now = dt.datetime.combine(DAY, dt.time(12), dt.UTC)
    assert previewed(state, told.changes[0], now).unassigned == (left,)


def test_what_is_on_no_line_asks_nobody_where_its_service_is_over_or_nothing_is_credited() -> None:
    told = annual(END)
    [line] = due(told).lines
    over = changed(line, amount="73", tax="0", period_end="2026-05-01")
    state = state_of(told, accepted(told, line, over, unassigned=1))
    assert planned(state, approved(told)[0]).unassigned == ()
    without = annual(cancellation(DAY.isoformat(), credit="none"))
    extra = changed(line, amount="73")
    state = state_of(without, accepted(without, line, extra, unassigned=1))
    assert planned(state, approved(without)[0]).unassigned == ()


def test_an_invoice_issued_in_two_pieces_is_credited_as_each_was_accepted() -> None:
    told = annual(END, lines=[seats(), seats("L2")])
    one, two = due(told).lines
    piece = due(told).model_copy(update={"key": f"{KEY}/CH-2", "lines": (two,)})
    taken = accepted_document(
        piece, piece.model_copy(update={"lines": (changed(two, amount="365"),)})
    ).model_copy(update={"on": ACCEPTED_ON})
    assert as_billed([one, two], [taken]).lines == (one, changed(two, amount="365"))
    assert credits(told, taken) == [("601.64", "0.00"), ("183.00", "0.00")]


@settings(max_examples=40, deadline=None)
@given(
    amount=st.decimals("0.01", "2500", places=2),
    tax=st.decimals("0", "250", places=2),
    start=st.dates(dt.date(2025, 11, 1), dt.date(2026, 5, 1)),
    days=st.integers(1, 500),
    lower=st.dates(dt.date(2026, 1, 2), dt.date(2026, 12, 30)),
    end=st.dates(dt.date(2026, 1, 2), dt.date(2026, 12, 31)),
    is_before=st.booleans(),
)
def test_no_credit_exceeds_what_was_billed_whatever_was_accepted(
    amount: Decimal,
    tax: Decimal,
    start: dt.date,
    days: int,
    lower: dt.date,
    end: dt.date,
    is_before: bool,
) -> None:
    fewer = amendment(min(lower, end).isoformat(), {"id": "L1", "quantity": "3"}, name="FEWER")
    told = annual(fewer, cancellation(end.isoformat(), id="END"))
    [line] = due(told).lines
    period = {"period_start": start, "period_end": start + dt.timedelta(days=days)}
    taken = accepted(told, changed(line, amount=amount, tax=tax, **period))
    memos = by_rules(told, taken.model_copy(update={"after": ("FEWER",) if is_before else ()})).credit_memos
    given_back = total((memo.subtotal for memo in memos), "USD")
    tax_back = total((memo.tax for memo in memos), "USD")
    first = total((m.subtotal for m in memos if m.date < end), "USD") if is_before else Decimal(0)
    first_tax = total((m.tax for m in memos if m.date < end), "USD") if is_before else Decimal(0)
    assert given_back <= max(amount, first)
    assert tax_back <= max(tax, first_tax)
