"""What holds for every scenario, whatever happens in it."""

import copy
import datetime as dt
import json
import random
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from rules.billing_plan import documents, subscription_at
from rules.preview import Preview, PreviewCreditMemo, PreviewInvoice, preview
from rules.validation import read_scenario
from tests.rules.scenarios import account, flat
from tests.rules.strategies import scenarios
from tests.soak import UNLESS_ASKED

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


def _run(data: dict[str, Any]) -> Preview:
    return preview(read_scenario(json.dumps(data), "json"))


def _documents(found: Preview) -> list[PreviewInvoice | PreviewCreditMemo]:
    return [*found.invoices, *found.credit_memos]


def _numbers(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _numbers(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _numbers(inner)
    elif not isinstance(value, str):
        yield value


def no_number_is_written_as_a_number(found: Preview) -> None:
    assert list(_numbers(json.loads(found.model_dump_json()))) == []


def every_entry_balances(found: Preview) -> None:
    for entry in found.journal_entries:
        assert sum(line.debit for line in entry.lines) == sum(line.credit for line in entry.lines)
        assert all((line.debit > 0) != (line.credit > 0) for line in entry.lines)
        assert len({line.account for line in entry.lines}) == len(entry.lines)


def a_document_is_the_sum_of_its_lines_and_has_some(found: Preview) -> None:
    for document in _documents(found):
        assert document.lines
        assert all(line.amount > 0 and line.tax >= 0 for line in document.lines)
        assert document.subtotal == sum(line.amount for line in document.lines)
        assert document.tax == sum(line.tax for line in document.lines)
        assert document.total == document.subtotal + document.tax


def schedules_sum_to_their_lines(found: Preview) -> None:
    billed: dict[str, Decimal] = defaultdict(Decimal)
    for invoice in found.invoices:
        for line in invoice.lines:
            billed[line.line] += line.amount
    for memo in found.credit_memos:
        for line in memo.lines:
            billed[line.line] -= line.amount
    assert {line: sum(months.values()) for line, months in found.revenue_schedule.items()} == billed
    assert all(amount for months in found.revenue_schedule.values() for amount in months.values())


def credits_stay_within_what_was_billed(found: Preview) -> None:
    """A credit's days are among those of a line that its invoice has billed; they end before that line's do
    where another change, told in time, had the rest already.
    """
    invoices = {invoice.id: invoice for invoice in found.invoices}
    amounts: dict[tuple[str, str, dt.date], list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for memo in found.credit_memos:
        assert memo.date >= invoices[memo.invoice].date
        for line in memo.lines:
            own = [one for one in invoices[memo.invoice].lines if one.line == line.line]
            ends = [one.period_end for one in own if one.period_start <= line.period_start]
            end = min(end for end in ends if end >= line.period_end)
            amounts[memo.invoice, line.line, end][0] += line.amount
            amounts[memo.invoice, line.line, end][1] += line.tax
    for (invoice, name, end), (amount, tax) in amounts.items():
        lines = [one for one in invoices[invoice].lines if (one.line, one.period_end) == (name, end)]
        assert amount <= sum(one.amount for one in lines)
        assert tax <= sum(one.tax for one in lines)


def totals_hold_together(found: Preview) -> None:
    totals = found.totals
    assert totals.billed_net == totals.recognized + totals.deferred - totals.unbilled
    assert totals.billed_net + totals.tax == totals.receivable + totals.cash - totals.customer_credits
    invoiced = sum(i.total for i in found.invoices) - sum(m.total for m in found.credit_memos)
    assert totals.billed_net + totals.tax == invoiced


def lists_stand_in_their_order(found: Preview) -> None:
    invoices = [invoice.date for invoice in found.invoices]
    assert invoices == sorted(set(invoices))
    assert [invoice.id for invoice in found.invoices] == [f"INV-{n}" for n in range(1, len(invoices) + 1)]
    memos = [(memo.date, int(memo.invoice.removeprefix("INV-"))) for memo in found.credit_memos]
    assert memos == sorted(set(memos))
    for document in _documents(found):
        keys = [(one.line, one.period_start, one.period_end, one.amount) for one in document.lines]
        assert keys == sorted(keys)
    events = ("invoice", "credit_memo", "payment", "revenue")
    entries = [(entry.date, events.index(entry.event)) for entry in found.journal_entries]
    assert entries == sorted(entries)


HOLD = (
    no_number_is_written_as_a_number,
    every_entry_balances,
    a_document_is_the_sum_of_its_lines_and_has_some,
    schedules_sum_to_their_lines,
    credits_stay_within_what_was_billed,
    totals_hold_together,
    lists_stand_in_their_order,
)


@given(scenarios())
@settings(max_examples=500, deadline=None, suppress_health_check=SLOW)
def test_every_preview_holds_together(data: dict[str, Any]) -> None:
    found = _run(data)
    for holds in HOLD:
        holds(found)


@given(scenarios())
@settings(max_examples=120, deadline=None, suppress_health_check=SLOW)
def test_the_order_of_changes_usage_and_payments_in_the_file_changes_nothing(data: dict[str, Any]) -> None:
    dates = [change["effective_date"] for change in data["changes"]]
    shuffled = copy.deepcopy(data)
    mix = random.Random(len(json.dumps(data)))  # noqa: S311
    mix.shuffle(shuffled["usage"])
    if len(set(dates)) == len(dates):
        mix.shuffle(shuffled["changes"])
    assert _run(shuffled) == _run(data)


@given(scenarios())
@settings(max_examples=120, deadline=None, suppress_health_check=SLOW)
def test_documents_by_a_day_stay_what_they_are_as_time_goes_on(data: dict[str, Any]) -> None:
    made = read_scenario(json.dumps(data), "json")
    later = documents(made.contract, made.changes, made.usage, made.as_of)
    halfway = made.contract.start_date + (made.as_of - made.contract.start_date) / 2
    earlier = documents(made.contract, made.changes, made.usage, halfway)
    known = tuple(change for change in made.changes if change.effective_date <= halfway)
    assert earlier == documents(made.contract, known, made.usage, halfway)
    by_then = tuple(invoice for invoice in later.invoices if invoice.date <= halfway)
    assert earlier.invoices == by_then
    assert [memo.key for memo in earlier.credit_memos] == [
        m.key for m in later.credit_memos if m.date <= halfway
    ]
    keys = [*(i.key for i in later.invoices), *(m.key for m in later.credit_memos)]
    assert len(set(keys)) == len(keys)


@given(scenarios())
@settings(max_examples=120, deadline=None, suppress_health_check=SLOW)
def test_a_fully_billed_term_is_fully_earned(data: dict[str, Any]) -> None:
    if data["contract"]["term_months"] is None or "renewal" in data["contract"]:
        return
    found = _run(data | {"as_of": "2040-12-31"})
    assert found.totals.deferred == found.totals.unbilled == 0
    assert found.totals.recognized == found.totals.billed_net


@given(scenarios())
@settings(max_examples=120, deadline=None, suppress_health_check=SLOW)
def test_any_later_change_keeps_the_books_together(data: dict[str, Any]) -> None:
    """Backdated, transferred, with stand-alone prices and a ramp: no oracle, but every identity."""
    changed = copy.deepcopy(data)
    start = dt.date.fromisoformat(data["contract"]["start_date"])
    for number, change in enumerate(changed["changes"]):
        if change["type"] != "amendment" or number % 2:
            change["received_date"] = str(
                dt.date.fromisoformat(change["effective_date"]) + dt.timedelta(days=45)
            )
    if data["contract"]["term_months"] is not None:
        step = {
            "from": str(start + dt.timedelta(days=40)),
            "pricing": {"model": "flat", "amount": "77", "per": "month"},
        }
        changed["contract"]["lines"].append(flat("R", "50", ramp=[step], ssp="3"))
        changed["contract"]["lines"].append(flat("S", "20", ssp="2"))
    if not any(change["type"] == "cancellation" for change in changed["changes"]):
        moved = {
            "id": "T",
            "type": "transfer",
            "effective_date": str(start + dt.timedelta(days=20)),
            "account": account("B"),
        }
        changed["changes"].append(moved)
    found = _run(changed)
    for holds in (
        no_number_is_written_as_a_number,
        every_entry_balances,
        credits_stay_within_what_was_billed,
        totals_hold_together,
    ):
        holds(found)


@given(scenarios())
@settings(max_examples=120, deadline=None, suppress_health_check=SLOW)
def test_what_a_subscription_has_to_come_is_what_is_billed_then(data: dict[str, Any]) -> None:
    made = read_scenario(json.dumps(data), "json")
    if made.contract.billing.timing == "arrears" or any(
        change.effective_date > made.as_of for change in made.changes
    ):
        return
    state = subscription_at(made.contract, made.changes, made.as_of)
    for period in state.upcoming[:3]:
        found = documents(made.contract, made.changes, (), period.billing_date)
        lines = [line for i in found.invoices if i.date == period.billing_date for line in i.lines]
        recurring = {line.line: line.amount for line in lines if line.kind == "recurring"}
        assert {line: amount for line, amount in period.amounts.items() if amount} == recurring


@pytest.mark.soak
@UNLESS_ASKED
@given(scenarios())
@settings(
    max_examples=20_000, deadline=None, suppress_health_check=SLOW, phases=[Phase.generate, Phase.shrink]
)
@pytest.mark.timeout(1800)
def test_every_preview_holds_together_at_length(data: dict[str, Any]) -> None:
    found = _run(data)
    for holds in HOLD:
        holds(found)
    assert Fraction(found.totals.billed_net) == Fraction(str(found.totals.billed_net))
