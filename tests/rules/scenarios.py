"""Short ways to write a scenario, and to look at what comes out."""

import copy
import json
from typing import Any

from canonical.lifecycle import ApprovedItem, CarriedChange
from canonical.scenario import Scenario
from rules.preview import Preview, preview
from rules.validation import InvalidScenario, read_scenario

ADDRESS = {"line1": "Main St 1", "city": "Springfield", "postal_code": "12345", "country": "US"}


def account(name: str = "A-1") -> dict[str, Any]:
    return {"id": name, "name": f"Customer {name}", "billing_address": ADDRESS}


def seats(
    line: str = "L1", quantity: str = "10", price: str = "10", per: str = "month", **more: Any
) -> dict[str, Any]:
    """A recurring line per unit."""
    pricing = {"model": "per_unit", "unit_price": price, "per": per}
    return {"id": line, "product": "SEAT", "pricing": pricing, "quantity": quantity, **more}


def flat(line: str = "L1", amount: str = "100", per: str = "month", **more: Any) -> dict[str, Any]:
    pricing = {"model": "flat", "amount": amount, "per": per}
    return {"id": line, "product": "PLAN", "pricing": pricing, **more}


def one_time(line: str = "O1", amount: str = "500", **more: Any) -> dict[str, Any]:
    return {
        "id": line,
        "product": "SETUP",
        "charge": "one_time",
        "pricing": {"model": "flat", "amount": amount},
        **more,
    }


def metered(line: str = "U1", price: str = "1", **more: Any) -> dict[str, Any]:
    """A usage line per unit."""
    pricing = {"model": "per_unit", "unit_price": price}
    return {"id": line, "product": "CALLS", "charge": "usage", "pricing": pricing, **more}


def contract(
    *lines: dict[str, Any],
    start: str = "2026-01-01",
    months: int | None = 12,
    every: int = 12,
    timing: str = "advance",
    currency: str = "USD",
    **more: Any,
) -> dict[str, Any]:
    return {
        "id": "C-1",
        "account": account(),
        "legal_entity": "US01",
        "currency": currency,
        "start_date": start,
        "term_months": months,
        "billing": {"frequency_months": every, "timing": timing},
        "lines": list(lines),
        **more,
    }


def amendment(day: str, *entries: dict[str, Any], name: str | None = None, **more: Any) -> dict[str, Any]:
    lines = list(entries)
    return {"id": name or f"AM-{day}", "type": "amendment", "effective_date": day, "lines": lines, **more}


def cancellation(day: str, **more: Any) -> dict[str, Any]:
    return {"id": f"CA-{day}", "type": "cancellation", "effective_date": day, **more}


def renewal(day: str, **more: Any) -> dict[str, Any]:
    return {"id": f"RE-{day}", "type": "renewal", "effective_date": day, **more}


def raw(
    sold: dict[str, Any], *changes: dict[str, Any], as_of: str = "2027-12-31", **more: Any
) -> dict[str, Any]:
    return copy.deepcopy({"contract": sold, "changes": list(changes), "as_of": as_of, **more})


def scenario(sold: dict[str, Any], *changes: dict[str, Any], **more: Any) -> Scenario:
    return read_scenario(json.dumps(raw(sold, *changes, **more)), "json")


def activated(told: Scenario) -> CarriedChange:
    """The contract's activation, carried out."""
    return CarriedChange(
        id=told.contract.id,
        type="activation",
        version=1,
        effective_date=told.contract.start_date,
        status="done",
        workflow_id="w",
    )


def approved(told: Scenario) -> tuple[ApprovedItem, ...]:
    """All changes as they are approved, versions 2, 3, … in the file's order."""
    return tuple(
        ApprovedItem(
            id=change.id,
            type=change.type,
            version=version,
            effective_date=change.effective_date,
            change=change,
            correlation_id="evt",
        )
        for version, change in enumerate(told.changes, start=2)
    )


def run(sold: dict[str, Any], *changes: dict[str, Any], **more: Any) -> Preview:
    return preview(scenario(sold, *changes, **more))


def findings(data: dict[str, Any]) -> dict[str, str]:
    """What is wrong with it: field → message. Fails the test where nothing is."""
    try:
        preview(read_scenario(json.dumps(data), "json"))
    except InvalidScenario as error:
        return dict(error.problems)
    raise AssertionError("nothing was refused")


def billed(found: Preview) -> list[tuple[str, str, str, str, str, str]]:
    """Invoice lines as (date, line, kind, amount, from, to)."""
    return [
        (str(i.date), one.line, one.kind, str(one.amount), str(one.period_start), str(one.period_end))
        for i in found.invoices
        for one in i.lines
    ]


def credited(found: Preview) -> list[tuple[str, str, str, str, str, str]]:
    """Credit memo lines as (date, invoice, line, amount, from, to)."""
    return [
        (str(m.date), m.invoice, one.line, str(one.amount), str(one.period_start), str(one.period_end))
        for m in found.credit_memos
        for one in m.lines
    ]


def entry(found: Preview, event: str, document: str) -> dict[str, str]:
    """The entry's roles with a debit as "5.00" and a credit as "-5.00"."""
    lines = [e.lines for e in found.journal_entries if (e.event, e.document) == (event, document)]
    assert len(lines) == 1, f"{len(lines)} entries {event} {document}"
    return {one.account: str(one.debit if one.debit else -one.credit) for one in lines[0]}


def earned(found: Preview, line: str) -> dict[str, str]:
    return {month: str(amount) for month, amount in found.revenue_schedule[line].items()}
