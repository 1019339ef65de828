"""What the platforms list, held against what the rules make due: the same invariants as `q2c reconcile`."""

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from typing import Any

from canonical.document import CreditMemo, Invoice
from canonical.scenario import Scenario
from governance.policy import load_policy
from ports.records import ExceptionItem
from rules.billing_plan import documents
from rules.invariants import Finding, Listings, findings
from rules.reading import read_scenario
from store.exceptions import RecordedException
from tests.world import World, today
from workflows._attributes import NEEDS_ATTENTION

_POLICY = load_policy(None)
_WAITING = f"ExecutionStatus = 'Running' AND {NEEDS_ATTENTION.name} = true"


def scenario_of(raw: Mapping[str, Any]) -> Scenario:
    return read_scenario(json.dumps(raw), "json")


async def listings(
    world: World,
    *scenarios: Mapping[str, Any],
    as_of: dt.date | None = None,
    undone: Iterable[str] = (),
) -> Listings:
    """The platforms' own listings, with the documents that the scenarios make due by `as_of` (today).

    A scenario whose contract was compensated is left out by the caller and named in `undone`.
    """
    read = [scenario_of(raw) for raw in scenarios]
    due = [documents(s.contract, s.changes, s.usage, as_of or today()) for s in read]
    expected: list[Invoice | CreditMemo] = []
    for found in due:
        expected += (*found.invoices, *found.credit_memos)
    entities = sorted({s.contract.legal_entity for s in read} | {"US01"})
    erp, tax = world.ports["netsuite"], world.ports["avatax"]
    known = {company["companyCode"] for company in world.platforms["avatax"].dump().get("company", [])}
    return Listings(
        issued=await world.ports["stripe"].documents(),
        posted=[document for entity in entities for document in await erp.documents(entity)],
        taxes=[document for e in entities if e in known for document in await tax.documents(e)],
        general_ledger=[line for entity in entities for line in await erp.general_ledger(entity)],
        expected=expected,
        undone=tuple(undone),
        waiting=[found.id async for found in world.client.list_workflows(_WAITING)],
        exceptions=[_as_opened(recorded) for recorded in await world.exceptions()],
        owners=_POLICY.owners.owners.keys(),
        codes=_POLICY.exceptions.codes.keys(),
        movements=await world.ports["stripe"].movements(),
        receipts=[receipt for entity in entities for receipt in await erp.receipts(entity)],
    )


def _as_opened(recorded: RecordedException) -> ExceptionItem:
    return ExceptionItem.model_validate(recorded.model_dump(include=set(ExceptionItem.model_fields)))


async def until_agreed(
    world: World,
    *scenarios: Mapping[str, Any],
    as_of: dt.date | None = None,
    undone: Iterable[str] = (),
) -> Listings:
    """Waits until the platforms hold exactly what is due, to the cent, and nobody waits for a decision.

    Returns the listings. Fails with the findings that stay, and the exceptions that are open.
    """
    last: list[tuple[Finding, ...]] = [()]

    async def agreed() -> Listings | None:
        found = await listings(world, *scenarios, as_of=as_of, undone=undone)
        last[0] = findings(found)
        return None if last[0] or await world.exceptions() else found

    try:
        return await world.settle(agreed, "the platforms agree")
    except AssertionError as error:
        opened = [(e.code, e.step, e.summary) for e in await world.exceptions()]
        words = "\n".join(str(finding) for finding in last[0])
        raise AssertionError(f"{error}\n{words}\nexceptions: {opened}") from error
