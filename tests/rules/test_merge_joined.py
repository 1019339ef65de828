"""A merge as the running system carries it out: the merged contracts live in workflows of their own."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from typing import Any

from canonical.change import Amendment, Cancellation, ContractChange, JoinedContract, Merge
from canonical.contract import DatedRate
from canonical.scenario import Scenario
from rules.billing_plan import documents
from rules.change_checks import fit_problems
from rules.change_plan import ends_subscription
from rules.merge import apart, metered_by, parts, products_joining, standing
from rules.subscription_order import term_end
from rules.tax_rates import Quoted, with_tax_rates
from tests.rules.scenarios import amendment, contract, metered, scenario, seats

D = dt.date.fromisoformat
AUTO = {"auto": True, "term_months": 3, "uplift_percent": "10"}


def other(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    return contract(*(lines or (seats("M1"),)), every=3, **more) | {"id": "C-2"}


def merging(day: str = "2026-03-01", **more: Any) -> Scenario:
    merge = {"id": "M", "type": "merge", "effective_date": day, "contracts": [other(**more)]}
    return scenario(contract(seats(), every=3), merge)


def joined(told: Scenario, *changes: dict[str, Any]) -> tuple[ContractChange, ...]:
    """The scenario's merge with what the other contract's workflow has answered."""
    merge = told.changes[0]
    assert isinstance(merge, Merge)
    known = scenario(other(), *changes)
    held = JoinedContract(contract=merge.contracts[0], changes=known.changes)
    return (merge.model_copy(update={"joined": (held,)}), *told.changes[1:])


def test_documents_of_joined_contracts_are_no_part_of_the_leading_ones() -> None:
    told = merging()
    whole = documents(told.contract, told.changes, (), D("2026-04-01"))
    own = documents(told.contract, (apart(told.changes[0]),), (), D("2026-04-01"))
    assert {each.contract for each in whole.invoices} == {"C-1", "C-2", "C-1/M"}
    assert {each.key for each in own.invoices} == {
        each.key for each in whole.invoices if each.contract != "C-2"
    }
    assert [part.contract.id for part in parts(told.contract, joined(told), D("2026-04-01"))] == [
        "C-1",
        "C-1/M",
    ]


def test_joined_contract_brings_its_own_changes() -> None:
    told = merging()
    changes = joined(told, amendment("2026-02-01", {"id": "M1", "quantity": "25"}))
    found = documents(told.contract, changes, (), D("2026-03-01"))
    new = next(invoice for invoice in found.invoices if invoice.contract == "C-1/M")
    assert {line.line: line.quantity for line in new.lines} == {"L1": Decimal(10), "M1": Decimal(25)}


def test_joined_contract_brings_its_uplift() -> None:
    told = merging("2026-05-01", months=3, renewal=AUTO)
    part = standing(told.contract, joined(told), D("2026-05-01"))
    assert part.uplifts["M1"] == Fraction(11, 10)
    assert term_end(told.contract, joined(told), D("2026-05-01")) == D("2027-05-01")


def test_line_that_both_have_by_now_is_refused() -> None:
    told = merging()
    added = {"id": "L1", "add": {k: v for k, v in seats().items() if k != "id"}}
    problems = dict(fit_problems(told.contract, joined(told, amendment("2026-02-01", added))))
    assert "changes[0].contracts[0].id" in problems


def test_products_of_amendments_come_along() -> None:
    extra = {k: v for k, v in seats().items() if k != "id"} | {"product": "EXTRA"}
    told = merging()
    merge = joined(told, amendment("2026-02-01", {"id": "M9", "add": extra}))[0]
    assert isinstance(merge, Merge)
    assert products_joining(merge) == {"SEAT", "EXTRA"}


def test_rates_quoted_for_the_new_contract_are_kept_with_the_merge() -> None:
    told = merging()
    rate = DatedRate(from_date=D("2026-03-01"), percent=Decimal(19))
    learned, changes = with_tax_rates(told.contract, joined(told), [Quoted("C-1/M", "A-1", "M1", rate)])
    found = documents(learned, changes, (), D("2026-03-01"))
    new = next(invoice for invoice in found.invoices if invoice.contract == "C-1/M")
    assert {line.line: line.tax_rate_percent for line in new.lines} == {"L1": Decimal(0), "M1": Decimal(19)}


def test_new_contract_keeps_the_tax_of_its_customer() -> None:
    account = {**contract(seats())["account"], "id": "A-2"}
    moved = {"id": "T", "type": "transfer", "effective_date": "2026-02-01", "account": account}
    merge = {"id": "M", "type": "merge", "effective_date": "2026-03-01", "contracts": [other()]}
    told = scenario(contract(seats(), every=3), {**moved, "tax_rate_percent": "20"}, merge)
    found = documents(told.contract, told.changes, (), D("2026-03-01"))
    new = next(invoice for invoice in found.invoices if invoice.contract == "C-1/M")
    assert new.account == "A-2"
    assert {line.tax_rate_percent for line in new.lines} == {Decimal(20)}


def test_usage_is_reported_to_the_contract_of_its_day() -> None:
    merge = {
        "id": "M",
        "type": "merge",
        "effective_date": "2026-03-01",
        "contracts": [other(metered("U2"))],
    }
    used = [
        {"line": line, "date": day, "quantity": "1"}
        for line in ("U1", "U2")
        for day in ("2026-02-28", "2026-03-01")
    ]
    told = scenario(contract(metered(), every=3), merge, usage=used)
    found = metered_by(told)
    assert {name: [(u.line, str(u.date)) for u in entries] for name, entries in found.items()} == {
        "C-1": [("U1", "2026-02-28"), ("U1", "2026-03-01"), ("U2", "2026-03-01")],
        "C-2": [("U2", "2026-02-28")],
    }


def test_ends_of_subscriptions_take_effect_on_their_day() -> None:
    day = D("2026-03-01")
    plain = Cancellation(id="X", type="cancellation", effective_date=day)
    assert not ends_subscription(plain)
    assert ends_subscription(plain.model_copy(update={"merged_into": "C-1"}))
    assert ends_subscription(merging().changes[0])
    assert not isinstance(apart(plain), Merge | Amendment)
