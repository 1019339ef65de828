"""Transfers to another customer, and merges of contracts."""

from typing import Any

from tests.rules.scenarios import (
    account,
    amendment,
    billed,
    cancellation,
    contract,
    credited,
    findings,
    metered,
    one_time,
    raw,
    run,
    scenario,
    seats,
)


def _transfer(day: str, **more: Any) -> dict[str, Any]:
    return {"id": "T", "type": "transfer", "effective_date": day, "account": account("A-2"), **more}


def _merge(day: str, *contracts: dict[str, Any]) -> dict[str, Any]:
    return {"id": "M", "type": "merge", "effective_date": day, "contracts": list(contracts)}


def _other(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    return contract(*lines, **more) | {"id": "C-2"}


def test_the_remainder_is_credited_to_the_one_and_billed_to_the_other_each_under_its_own_tax() -> None:
    found = run(
        contract(seats(tax_rate_percent="10"), every=3),
        _transfer("2026-02-15", tax_rate_percent="20"),
        as_of="2026-04-01",
    )
    assert billed(found)[1:] == [
        ("2026-02-15", "L1", "proration", "150.00", "2026-02-15", "2026-04-01"),  # 300 × 45/90
        ("2026-04-01", "L1", "recurring", "300.00", "2026-04-01", "2026-07-01"),
    ]
    assert credited(found) == [("2026-02-15", "INV-1", "L1", "150.00", "2026-02-15", "2026-04-01")]
    assert [str(i.tax) for i in found.invoices] == ["30.00", "30.00", "60.00"]
    assert [str(m.tax) for m in found.credit_memos] == ["15.00"]


def test_what_is_billed_to_the_other_is_exactly_what_is_credited_to_the_one() -> None:
    sold = contract(seats(quantity="7", price="33.33"), every=12)
    found = run(
        sold,
        amendment("2026-03-03", {"id": "L1", "quantity": "9"}),
        _transfer("2026-05-05"),
        as_of="2026-12-31",
    )
    assert found.invoices[-1].subtotal == sum(memo.subtotal for memo in found.credit_memos)


def test_in_arrears_and_for_usage_the_period_is_billed_in_two_parts() -> None:
    sold = contract(seats(), metered(), every=3, timing="arrears", months=3)
    usage = [{"line": "U1", "date": day, "quantity": "10"} for day in ("2026-02-14", "2026-02-15")]
    found = run(sold, _transfer("2026-02-15"), usage=usage)
    assert billed(found) == [
        ("2026-02-15", "L1", "recurring", "150.00", "2026-01-01", "2026-02-15"),
        ("2026-02-15", "U1", "usage", "10.00", "2026-01-01", "2026-02-15"),
        ("2026-04-01", "L1", "recurring", "150.00", "2026-02-15", "2026-04-01"),
        ("2026-04-01", "U1", "usage", "10.00", "2026-02-15", "2026-04-01"),
    ]


def test_each_customer_has_an_invoice_of_its_own_on_the_day() -> None:
    from rules.billing_plan import documents

    made = scenario(
        contract(seats(), metered(), every=3),
        _transfer("2026-02-15"),
        usage=[{"line": "U1", "date": "2026-01-05", "quantity": "1"}],
    )
    found = documents(made.contract, made.changes, made.usage, made.as_of)
    on_the_day = [i for i in found.invoices if str(i.date) == "2026-02-15"]
    assert [(i.account, i.key) for i in on_the_day] == [
        ("A-1", "C-1/invoice/2026-02-15"),
        ("A-2", "C-1/invoice/2026-02-15/A-2"),
    ]


def test_on_a_periods_first_day_the_period_is_billed_to_the_other() -> None:
    found = run(
        contract(seats(tax_rate_percent="10"), every=3),
        _transfer("2026-04-01", tax_rate_percent="0"),
        as_of="2026-04-01",
    )
    assert credited(found) == []
    assert [str(i.tax) for i in found.invoices] == ["30.00", "0.00"]


def test_transfer_that_comes_once_its_day_is_billed_has_the_whole_credited_and_billed_to_the_other() -> None:
    sold = contract(seats(tax_rate_percent="10"), every=3)
    found = run(
        sold, _transfer("2026-04-01", received_date="2026-04-02", tax_rate_percent="0"), as_of="2026-07-01"
    )
    assert billed(found)[1:] == [
        ("2026-04-01", "L1", "recurring", "300.00", "2026-04-01", "2026-07-01"),
        ("2026-04-02", "L1", "proration", "300.00", "2026-04-01", "2026-07-01"),
        ("2026-07-01", "L1", "recurring", "300.00", "2026-07-01", "2026-10-01"),
    ]
    assert credited(found) == [("2026-04-02", "INV-2", "L1", "300.00", "2026-04-01", "2026-07-01")]
    assert [str(memo.tax) for memo in found.credit_memos] == ["30.00"]
    on_time = run(sold, _transfer("2026-04-01", tax_rate_percent="0"), as_of="2026-07-01")
    assert (found.totals, found.revenue_schedule) == (on_time.totals, on_time.revenue_schedule)


def test_backdated_transfer_moves_every_period_billed_since() -> None:
    found = run(
        contract(seats(), every=1), _transfer("2026-02-15", received_date="2026-04-10"), as_of="2026-04-30"
    )
    assert credited(found) == [
        ("2026-04-10", "INV-2", "L1", "50.00", "2026-02-15", "2026-03-01"),
        ("2026-04-10", "INV-3", "L1", "100.00", "2026-03-01", "2026-04-01"),
        ("2026-04-10", "INV-4", "L1", "100.00", "2026-04-01", "2026-05-01"),
    ]
    assert [line[2:] for line in billed(found) if line[0] == "2026-04-10"] == [
        ("proration", "50.00", "2026-02-15", "2026-03-01"),
        ("proration", "100.00", "2026-03-01", "2026-04-01"),
        ("proration", "100.00", "2026-04-01", "2026-05-01"),
    ]


def test_backdated_merge_has_every_contract_credited_and_the_new_one_billed_when_it_comes() -> None:
    sold = contract(seats(), every=3)
    merge = _merge("2026-04-01", _other(seats("M1", price="7"), every=1))
    found = run(sold, {**merge, "received_date": "2026-04-02"}, as_of="2026-07-01")
    assert [line for line in billed(found) if line[0] >= "2026-04-01"] == [
        ("2026-04-01", "L1", "recurring", "300.00", "2026-04-01", "2026-07-01"),
        ("2026-04-01", "M1", "recurring", "70.00", "2026-04-01", "2026-05-01"),
        ("2026-04-02", "L1", "recurring", "300.00", "2026-04-01", "2026-07-01"),
        ("2026-04-02", "M1", "recurring", "210.00", "2026-04-01", "2026-07-01"),
        ("2026-07-01", "L1", "recurring", "300.00", "2026-07-01", "2026-10-01"),
        ("2026-07-01", "M1", "recurring", "210.00", "2026-07-01", "2026-10-01"),
    ]
    assert [line[3:] for line in credited(found)] == [
        ("300.00", "2026-04-01", "2026-07-01"),
        ("70.00", "2026-04-01", "2026-05-01"),
    ]
    on_time = run(sold, merge, as_of="2026-07-01")
    assert (found.totals, found.revenue_schedule) == (on_time.totals, on_time.revenue_schedule)


def test_backdated_merge_takes_a_change_that_comes_with_it_into_the_new_contract() -> None:
    merge = {**_merge("2026-04-01", _other(seats("M1"), every=1)), "received_date": "2026-04-02"}
    more = amendment("2026-04-01", {"id": "M1", "quantity": "20"}, received_date="2026-04-02")
    found = run(contract(seats(), every=3), merge, more, as_of="2026-04-30")
    by_line = {
        name: [line[3] for line in billed(found) if line[:2] == ("2026-04-02", name)] for name in ("L1", "M1")
    }
    assert by_line == {"L1": ["300.00"], "M1": ["600.00"]}


def test_what_has_happened_since_can_keep_a_transfer_or_a_merge_from_coming_late() -> None:
    usage = contract(seats(), metered(), every=1)
    late = _transfer("2026-04-01", received_date="2026-05-02")
    assert "billed to the customer before already" in findings(raw(usage, late))["changes[0].received_date"]
    in_time = _transfer("2026-04-01", received_date="2026-05-01")
    assert [line[3] for line in credited(run(usage, in_time, as_of="2026-05-01"))] == ["100.00"]
    more = amendment("2026-04-15", {"id": "L1", "quantity": "20"})
    merge = {**_merge("2026-04-01", _other(seats("M1"))), "received_date": "2026-05-02"}
    found = findings(raw(contract(seats(), every=3), more, merge))
    assert "the merge would take it along" in found["changes[1].received_date"]


def test_merged_contracts_are_cancelled_with_credit_and_a_new_one_starts_with_the_lines_of_all() -> None:
    other = _other(seats("M1", price="7"), every=1, start="2025-11-15")
    found = run(contract(seats(), one_time(), every=3), _merge("2026-03-01", other), as_of="2026-05-31")
    assert [line for line in billed(found) if line[0] >= "2026-02-15"] == [
        ("2026-02-15", "M1", "recurring", "70.00", "2026-02-15", "2026-03-15"),
        ("2026-03-01", "L1", "recurring", "300.00", "2026-03-01", "2026-06-01"),
        ("2026-03-01", "M1", "recurring", "210.00", "2026-03-01", "2026-06-01"),
    ]
    assert credited(found) == [
        ("2026-03-01", "INV-3", "L1", "103.33", "2026-03-01", "2026-04-01"),  # 300 × 31/90
        ("2026-03-01", "INV-5", "M1", "35.00", "2026-03-01", "2026-03-15"),  # 70 × 14/28
    ]


def test_lines_bring_their_figures_and_uplift_into_the_new_contract() -> None:
    auto = {"auto": True, "term_months": 3, "uplift_percent": "10"}
    found = run(
        contract(seats(), months=3, every=3, renewal=auto),
        amendment("2026-04-01", {"id": "L1", "quantity": "20"}),
        _merge("2026-05-01", _other(seats("M1"), every=3, start="2026-04-01")),
        as_of="2026-08-01",
    )
    assert [line for line in billed(found) if line[1] == "L1"][2:] == [
        ("2026-05-01", "L1", "recurring", "660.00", "2026-05-01", "2026-08-01"),
        ("2026-08-01", "L1", "recurring", "726.00", "2026-08-01", "2026-11-01"),
    ]


def test_changes_after_the_merge_are_the_new_contracts() -> None:
    found = run(
        contract(seats(), every=3),
        _merge("2026-03-01", _other(seats("M1"), every=3)),
        amendment("2026-03-01", {"id": "M1", "quantity": "1"}),
        cancellation("2026-06-01"),
    )
    assert [line[3] for line in billed(found) if line[0] == "2026-03-01"] == ["300.00", "30.00"]
    assert found.invoices[-1].date.isoformat() == "2026-03-01"


def test_late_usage_of_before_a_merge_is_billed_with_the_new_contracts_next_or_as_it_arrives() -> None:
    """The leading contract goes on in the new one; the merged one has no invoice to come."""
    late = {"date": "2026-02-07", "quantity": "10", "received_date": "2026-03-20"}
    found = run(
        contract(metered("U1", price="1"), every=1),
        _merge("2026-03-11", _other(metered("U2", price="2"), every=1)),
        usage=[{"line": "U1", **late}, {"line": "U2", **late}],
        as_of="2026-05-31",
    )
    assert billed(found) == [
        ("2026-03-20", "U2", "usage", "20.00", "2026-02-01", "2026-03-01"),
        ("2026-04-11", "U1", "usage", "10.00", "2026-02-01", "2026-03-01"),
    ]


def test_late_usage_of_before_a_merge_is_billed_as_it_arrives_once_the_new_contract_has_ended() -> None:
    late = {"line": "U1", "date": "2026-02-07", "quantity": "10", "received_date": "2026-03-20"}
    found = run(
        contract(metered("U1", price="1"), every=1),
        _merge("2026-03-11", _other(seats("M1"), every=1, start="2026-03-11")),
        cancellation("2026-03-15"),
        usage=[late],
        as_of="2026-05-31",
    )
    assert [line for line in billed(found) if line[1] == "U1"] == [
        ("2026-03-20", "U1", "usage", "10.00", "2026-02-01", "2026-03-01")
    ]


def test_a_merge_that_does_not_fit_is_refused() -> None:
    sold = contract(seats(), every=3)
    assert "changes[0].contracts[0].lines[0].id" in findings(
        raw(sold, _merge("2026-03-01", _other(seats("L1"))))
    )
    assert "changes[0].contracts[0].currency" in findings(
        raw(sold, _merge("2026-03-01", _other(seats("M1"), currency="EUR")))
    )
    assert "changes[0].contracts[0].start_date" in findings(
        raw(sold, _merge("2026-03-01", _other(seats("M1"), start="2026-04-01")))
    )
    assert "changes[0].effective_date" in findings(
        raw(sold, _merge("2027-03-01", _other(seats("M1"), months=24)))
    )


def test_what_comes_after_a_merge_and_the_old_term_does_not_hinder_a_look_at_before() -> None:
    """The merge's contract has a term of its own: the change is inside that, and after the first one's."""
    sold = contract(seats(), months=7, every=1)
    merge = _merge("2026-05-15", _other(seats("M1"), months=12, every=1))
    later = amendment("2026-10-01", {"id": "L1", "quantity": "20"})
    assert run(sold, merge, later, as_of="2026-03-31") == run(sold, as_of="2026-03-31")
