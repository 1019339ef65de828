"""What a transfer or a merge would do to a live contract, before it is approved."""

import datetime as dt
from typing import Any

from pydantic import TypeAdapter

from assembly.change_preview import previewed
from canonical.change import ContractChange
from canonical.lifecycle import CarriedChange, ContractState
from canonical.scenario import Scenario
from tests.rules import scenarios as s

_TODAY = dt.datetime(2026, 6, 10, 12, tzinfo=dt.UTC)


def _state(contract: dict[str, Any]) -> ContractState:
    """A contract that was activated today."""
    sold = Scenario.model_validate({"contract": contract, "as_of": "2026-06-10"}).contract
    activated = CarriedChange(
        id=sold.id,
        type="activation",
        version=1,
        effective_date=sold.start_date,
        status="done",
        workflow_id="w",
    )
    day = _TODAY.date()
    fields: dict[str, Any] = {"contract": sold, "version": 1, "carried": (activated,)}
    return ContractState(
        id=sold.id, tenant="t", crm="salesforce", billed_through=day, cycle_from=day, **fields
    )


def _change(**fields: Any) -> ContractChange:
    adapter: TypeAdapter[ContractChange] = TypeAdapter(ContractChange)
    return adapter.validate_python(fields)


def test_a_transfer_is_shown_with_both_customers_documents() -> None:
    move = _change(id="T", type="transfer", effective_date="2026-07-01", account=s.account("A-2"))
    found = previewed(_state(s.contract(s.seats(), every=12)), move, _TODAY)
    assert [(invoice.account, str(invoice.subtotal)) for invoice in found.invoices] == [("A-2", "604.93")]
    assert [(memo.account, str(memo.subtotal)) for memo in found.credit_memos] == [("A-1", "604.93")]


def test_a_merge_is_shown_with_this_contracts_documents_and_the_new_ones() -> None:
    other = s.contract(s.seats("M1", price="7"), every=12) | {"id": "C-2"}
    merge = _change(id="M", type="merge", effective_date="2026-07-01", contracts=[other])
    found = previewed(_state(s.contract(s.seats(), months=24, every=12)), merge, _TODAY)
    assert [invoice.key for invoice in found.invoices] == ["C-1/M/invoice/2026-07-01"]
    assert [memo.contract for memo in found.credit_memos] == ["C-1"]
    assert found.next_cycle_after is not None
    assert str(found.next_cycle_after.net) == "2040.00"
