"""The end of the demo: what every platform holds, by its own listings, and whether the rules say so."""

import contextlib
import datetime as dt
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import typer

from cli.client import ask
from cli.configuration import settings
from cli.output import print_table
from cli.simulators import Simulators

ENTITIES = ("US01", "DE01", "JP01")


def expectation(document: Mapping[str, Any], as_of: dt.date) -> Any:
    """What `q2c preview` says of a demo contract."""
    from rules.billing_plan import documents
    from rules.validation import read_scenario

    text = json.dumps(dict(document) | {"as_of": as_of.isoformat()})
    scenario = read_scenario(text, "json")
    return documents(scenario.contract, scenario.changes, scenario.usage, as_of)


async def report(
    documents: Mapping[str, Mapping[str, Any]], as_of: dt.date, undone: Sequence[str]
) -> list[str]:
    """Prints the tables; returns what is broken, one line each."""
    from rules.invariants import Listings, findings

    expected: list[Any] = []
    for name, document in documents.items():
        if name not in undone:
            found = expectation(document, as_of)
            expected += [*found.invoices, *found.credit_memos]
    listings = await _listings(expected, undone)
    _print_platforms(listings)
    _print_contracts(documents)
    broken = [str(finding) for finding in findings(listings)]
    waiting = ask("/exceptions")
    broken += [f"exception {item['id']} is open: {item['summary']}" for item in waiting]
    broken += _accepted()
    typer.echo("")
    names = "I1 exactly one, I2 accepted is durable, I3 double entry, I4 totals, I5 cash, I7 no net effect"
    typer.echo(f"Invariants ({names}): {'BROKEN' if broken else 'all hold'}")
    assert isinstance(listings, Listings)
    return broken


def _accepted() -> list[str]:
    """I2: no event that was accepted is still waiting or dead."""
    events = ask("/events", params={"limit": 1000})
    left = [event for event in events if event["state"] in ("waiting", "dead")]
    return [f"I2 event {event['event_id']} is {event['state']}: {event['reason']}" for event in left]


async def _listings(expected: Sequence[Any], undone: Sequence[str]) -> Any:
    from assembly.platforms import connector_of
    from rules.invariants import Listings

    configured = settings()
    async with contextlib.AsyncExitStack() as stack:
        ports = {
            name: await stack.enter_async_context(contextlib.aclosing(connector_of(configured, name)))
            for name in ("stripe", "netsuite", "avatax")
        }
        posted, ledger, taxes, receipts = [], [], [], []
        for entity in ENTITIES:
            posted += await ports["netsuite"].documents(entity)
            ledger += await ports["netsuite"].general_ledger(entity)
            taxes += await ports["avatax"].documents(entity)
            receipts += await ports["netsuite"].receipts(entity)
        return Listings(
            issued=await ports["stripe"].documents(),
            posted=posted,
            taxes=taxes,
            general_ledger=ledger,
            expected=expected,
            undone=undone,
            movements=await ports["stripe"].movements(),
            receipts=receipts,
        )


def _print_platforms(listings: Any) -> None:
    typer.echo("\nWhat the platforms hold, by their own listings")
    for platform, rows in held(Simulators().call("salesforce", "GET", "state"), listings).items():
        typer.echo(f"\n{platform}")
        print_table(("kind", "status", "count"), rows)


def held(crm: Mapping[str, Sequence[Mapping[str, Any]]], listings: Any) -> dict[str, list[list[str]]]:
    """Kind, status and count by platform. `crm` are its records by object: their status is the one that was
    written back to them.
    """
    changes = [
        order for order in crm["Order"] if order["Type"] != "New"
    ]  # the first one is the contract's own
    seen = [("salesforce", "contract", _written(each)) for each in crm["Contract"]]
    seen += [("salesforce", "change", _written(each)) for each in changes]
    seen += [("stripe", each.kind, each.status) for each in listings.issued]
    seen += [("avatax", "tax_document", each.status) for each in listings.taxes]
    seen += [("netsuite", each.kind, each.status) for each in listings.posted]
    tables: dict[str, list[list[str]]] = {}
    counts = Counter(seen)
    for (platform, kind, status), count in sorted(counts.items(), key=lambda item: _place(item[0])):
        tables.setdefault(platform, []).append([kind, status, str(count)])
    return tables


_PLATFORMS = ("salesforce", "stripe", "avatax", "netsuite")


def _place(key: tuple[str, str, str]) -> tuple[int, str, str]:
    return _PLATFORMS.index(key[0]), key[1], key[2]


def _written(record: Mapping[str, Any]) -> str:
    return str(record["Integration_Status__c"] or "nothing written back").lower()


def _print_contracts(documents: Mapping[str, Mapping[str, Any]]) -> None:
    typer.echo("\nContracts")
    rows = []
    for name in documents:
        detail = ask(f"/contracts/{name}")
        issued = [each for each in detail["documents"] if each["number"]]
        posted = sum(each["posted"] is not None for each in detail["documents"])
        rows.append([name, detail["status"], str(len(issued)), str(posted), detail["run_url"] or ""])
    print_table(("contract", "status", "issued", "posted", "web_ui"), rows)
    typer.echo("The links lead on while this stack runs: `q2c demo --keep` leaves it running until Ctrl-C.")
