"""The figures as tables, or as JSON."""

import dataclasses
import datetime as dt
import json
import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.activations import Activations
from bench.open_contracts import OpenContracts
from bench.revenue import RevenueRun
from bench.stories import StoryCost
from bench.usage import UsageRates
from bench.webhooks import Acceptance


@dataclasses.dataclass(frozen=True)
class Figures:
    activations: Activations
    stories: list[StoryCost]
    webhooks: Acceptance
    contracts: OpenContracts
    usage: UsageRates
    revenue: RevenueRun


_WIDTH = 120


def printed(figures: Figures, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(document(figures), indent=2))
        return
    console = Console(width=max(_WIDTH, Console().width))
    console.print(f"{_conditions()['machine']}, {_conditions()['taken_at']}; median (least to most)\n")
    for table in (
        _activations(figures.activations),
        _stories(figures.stories),
        _webhooks(figures.webhooks),
        _contracts(figures.contracts),
        usage_table(figures.usage),
        revenue_table(figures.revenue),
    ):
        console.print(table)
        console.print()


def printed_alone(found: UsageRates | RevenueRun, *, as_json: bool) -> None:
    """One section alone."""
    name = "usage" if isinstance(found, UsageRates) else "revenue"
    if as_json:
        print(json.dumps({"conditions": _conditions(), name: dataclasses.asdict(found)}, indent=2))
        return
    console = Console(width=max(_WIDTH, Console().width))
    console.print(f"{_conditions()['machine']}, {_conditions()['taken_at']}\n")
    console.print(usage_table(found) if isinstance(found, UsageRates) else revenue_table(found))


def document(figures: Figures) -> dict[str, Any]:
    """All figures by name, with the rounds that they come from."""
    found = dataclasses.asdict(figures)
    found["activations"]["q2c_over"] = {
        name: figures.activations.ratio(name) for name in figures.activations.taken if name != "q2c"
    }
    return {"conditions": _conditions(), **found}


def _conditions() -> dict[str, Any]:
    load = os.getloadavg()[0]
    return {
        "taken_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, load average {load:.1f}",
    }


def _spread(values: Sequence[float], digits: int = 0) -> str:
    middle = statistics.median(values)
    return f"{middle:.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def _activations(found: Activations) -> Table:
    table = Table(
        title=f"One activation: {found.activities} activities, {found.http_calls} HTTP calls; "
        f"rates with {found.at_once} at once",
        title_justify="left",
    )
    for column in (
        "",
        "activations/s",
        "q2c over it",
        "alone, ms",
        "CPU, ms",
        "in servers, ms",
    ):
        table.add_column(column, justify="left" if not column else "right", no_wrap=True)
    for name, taken in found.taken.items():
        table.add_row(
            name,
            _spread(taken.per_second, 1),
            "" if name == "q2c" else _spread(found.ratio(name), 2),
            _spread(taken.lone_ms),
            _spread(taken.cpu_ms),
            _spread(taken.server_ms),
        )
    return table


def _stories(costs: Sequence[StoryCost]) -> Table:
    table = Table(title="Billable actions, from history", title_justify="left")
    lines = sorted({cost.lines for cost in costs})
    table.add_column("story")
    for count in lines:
        table.add_column(f"{count} lines", justify="right")
    for story in dict.fromkeys(cost.story for cost in costs):
        each = [
            [str(cost.actions) for cost in costs if cost.story == story and cost.lines == n] for n in lines
        ]
        table.add_row(story, *(" or ".join(found) for found in each))
    return table


def _webhooks(found: Acceptance) -> Table:
    table = Table(title="Webhooks accepted (stored before the 202)", title_justify="left")
    table.add_column("per second", justify="right")
    table.add_column("connections", justify="right")
    table.add_column("events", justify="right")
    table.add_row(_spread(found.per_second), str(found.connections), str(found.events))
    return table


def _contracts(found: OpenContracts) -> Table:
    table = Table(title=f"Each of {found.contracts} open contracts, activated", title_justify="left")
    table.add_column("")
    table.add_column("kB", justify="right")
    for name, size in (
        ("Temporal's database, with the activation's chapter", found.disk_bytes_each),
        ("history of the contract's workflow", found.contract_history_bytes),
        ("history of its activation", found.activation_history_bytes),
        ("memory of the worker that has it in its cache", found.memory_bytes_each),
        ("(that worker before)", found.worker_bytes_before),
    ):
        table.add_row(name, f"{size / 1000:,.0f}")
    return table


def usage_table(found: UsageRates) -> Table:
    table = Table(title=f"{found.events:,} usage events of one month", title_justify="left")
    table.add_column("")
    table.add_column("first", justify="right")
    table.add_column("sent again", justify="right")
    rows = (
        ("by HTTP, events/s", found.http_per_second, found.http_again_per_second),
        ("by `q2c usage import`, events/s", found.file_per_second, found.file_again_per_second),
    )
    for name, first, again in rows:
        table.add_row(name, f"{first:,.0f}", f"{again:,.0f}")
    table.add_row("rated from the store's sums by day, s", f"{found.rated_from_sums:.3f}", "")
    table.add_row("rated from single events (preview), s", f"{found.rated_from_events:.1f}", "")
    table.add_row("memory of the gateway after it, MB", f"{found.gateway_kib / 1000:,.0f}", "")
    table.add_row("memory of the import at most, MB", f"{found.import_kib / 1000:,.0f}", "")
    return table


def revenue_table(found: RevenueRun) -> Table:
    table = Table(title=f"A month's revenue of {found.contracts:,} contracts", title_justify="left")
    table.add_column("")
    table.add_column("", justify="right")
    each = found.run_seconds / found.contracts * 1000
    for name, figure in (
        ("the run that posts an entry each, s", f"{found.run_seconds:,.0f}"),
        ("of it for a contract, ms", f"{each:,.0f}"),
        ("CPU of it, s", _each(found.run_cpu, 1)),
        ("the run again, which posts nothing, s", f"{found.again_seconds:,.0f}"),
        ("CPU of it, s", _each(found.again_cpu, 1)),
        ("memory in the end, MB", _each(found.memory_kib, 1000)),
        ("runs by continue-as-new, and pages", f"{found.runs} and {found.pages}"),
        ("history of a run at most", f"{found.run_events:,} events, {found.run_bytes / 1000:,.0f} kB"),
        ("history of a page at most", f"{found.page_events:,} events, {found.page_bytes / 1000:,.0f} kB"),
        ("(opening the contracts, s)", f"{found.opened_seconds:,.0f}"),
    ):
        table.add_row(name, figure)
    return table


def _each(figures: Mapping[str, int], unit: int) -> str:
    return ", ".join(f"{name} {figure / unit:,.0f}" for name, figure in figures.items())
