"""Which subscription bills when and to whom, and where tax rates are kept, after transfers and merges."""

import datetime as dt
from decimal import Decimal
from typing import Any

from canonical.change import Transfer
from canonical.contract import DatedRate
from canonical.origin import Origin
from canonical.scenario import Scenario
from rules.billing_plan import documents
from rules.subscription_order import subscription_order
from rules.subscription_stays import customer_of, for_customer, is_superseded, stay_on, stays, with_account
from rules.tax_rates import Quoted, with_tax_rates
from tests.rules.scenarios import account, cancellation, contract, findings, raw, scenario, seats

D = dt.date.fromisoformat


def transfer(day: str, to: str = "A-2", name: str = "T", **more: Any) -> dict[str, Any]:
    return {"id": name, "type": "transfer", "effective_date": day, "account": account(to), **more}


def merge(day: str, name: str = "M") -> dict[str, Any]:
    other = contract(seats("M1")) | {"id": "C-2"}
    return {"id": name, "type": "merge", "effective_date": day, "contracts": [other]}


def rate(account: str, day: str, percent: str, *, part: str = "C-1", line: str = "L1") -> Quoted:
    return Quoted(part, account, line, DatedRate(from_date=D(day), percent=Decimal(percent)))


def sold(*changes: dict[str, Any]) -> Scenario:
    return scenario(contract(seats(tax_rate_percent="10"), every=3), *changes)


def test_transfers_and_merges_begin_subscriptions_with_keys_of_their_own() -> None:
    told = sold(transfer("2026-02-15", name="T1"), merge("2026-03-01"), transfer("2026-05-01", name="T2"))
    found = stays(told.contract, told.changes)
    assert [stay.key for stay in found] == ["C-1", "C-1/T1", "C-1/M", "C-1/M/T2"]
    assert [str(stay.until) for stay in found] == ["2026-02-15", "2026-03-01", "2026-05-01", "None"]
    assert stay_on(told.contract, told.changes, D("2026-02-14")).key == "C-1"
    assert stay_on(told.contract, told.changes, D("2026-02-15")).key == "C-1/T1"


def test_what_a_subscription_bills_on_its_last_day_is_superseded() -> None:
    told = sold(transfer("2026-04-01"), cancellation("2026-07-01"))
    at = {
        (key, day): is_superseded(told.contract, told.changes, key, D(day))
        for key in ("C-1", "C-1/T")
        for day in ("2026-03-31", "2026-04-01", "2026-06-30", "2026-07-01")
    }
    assert [day for (key, day), is_over in at.items() if key == "C-1" and not is_over] == ["2026-03-31"]
    assert [day for (key, day), is_over in at.items() if key == "C-1/T" and is_over] == ["2026-07-01"]


def test_late_cancellation_leaves_what_was_billed_before_it_was_known() -> None:
    told = sold(cancellation("2026-04-01", received_date="2026-04-20"))
    assert not is_superseded(told.contract, told.changes, "C-1", D("2026-04-01"))


def test_subscription_after_a_transfer_is_the_new_customers_from_its_day_on() -> None:
    told = sold(transfer("2026-02-15", tax_rate_percent="20"))
    origin = Origin(tenant="t", contract="C-1", change="T", step="s", correlation_id="c")
    order = subscription_order(origin, told.contract, told.changes, "cus_2", D("2026-02-15"))
    assert (order.business_key, order.contract, order.account) == ("C-1/T", "C-1", "A-2")
    assert order.start_date == D("2026-02-15")
    assert {line.tax_rate_percent for line in order.current_lines} == {Decimal(20)}


def test_rates_of_a_new_customer_are_kept_with_the_transfer() -> None:
    told = sold(transfer("2026-02-15"))
    quoted = [
        rate("A-1", "2026-01-01", "10"),
        rate("A-2", "2026-02-15", "19"),
        rate("A-2", "2026-04-01", "21"),
    ]
    learned, changes = with_tax_rates(told.contract, told.changes, quoted)
    assert [str(r.percent) for r in learned.lines[0].tax_rates or ()] == ["10"]
    moved = changes[0]
    assert isinstance(moved, Transfer)
    assert [(str(r.from_date), str(r.percent)) for r in moved.tax_rates[0].rates] == [
        ("2026-02-15", "19"),
        ("2026-04-01", "21"),
    ]
    found = documents(learned, changes, (), D("2026-04-01"))
    assert [str(invoice.tax) for invoice in found.invoices] == ["30.00", "28.50", "63.00"]
    assert [str(memo.tax) for memo in found.credit_memos] == ["15.00"]


def test_customer_who_comes_back_has_rates_of_each_time() -> None:
    told = sold(transfer("2026-02-15", name="T1"), transfer("2026-05-15", to="A-1", name="T2"))
    quoted = [rate("A-1", "2026-01-01", "10"), rate("A-1", "2026-05-15", "12")]
    learned, changes = with_tax_rates(told.contract, told.changes, quoted)
    assert [getattr(change, "tax_rates", ()) == () for change in changes] == [True, False]
    assert [str(r.percent) for r in learned.lines[0].tax_rates or ()] == ["10"]


def test_customer_is_the_last_transfers_and_documents_keep_theirs() -> None:
    told = sold(transfer("2026-02-15", name="T1"), transfer("2026-05-15", to="A-3", name="T2"))
    assert customer_of(told.contract, told.changes).id == "A-3"
    assert customer_of(told.contract, ()).id == "A-1"
    assert for_customer(told.contract, told.changes, "A-2").account.id == "A-2"
    renamed = customer_of(told.contract, told.changes).model_copy(update={"name": "Other"})
    own, changes = with_account(told.contract, told.changes, renamed)
    assert own == told.contract
    assert customer_of(own, changes).name == "Other"


def test_what_only_the_system_says_is_no_key_of_a_file() -> None:
    kept = [{"line": "L1", "rates": [{"from": "2026-01-01", "percent": "1"}]}]
    assert "changes[0].tax_rates" in findings(raw(contract(seats()), transfer("2026-02-15", tax_rates=kept)))
    assert "changes[0].joined" in findings(raw(contract(seats()), merge("2026-02-15") | {"joined": []}))
    assert "changes[0].merged_into" in findings(
        raw(contract(seats()), cancellation("2026-02-15", merged_into="C-9"))
    )
