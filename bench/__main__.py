"""`python -m bench`: figures of this machine, side by side; `--json` for programs. Nothing is asserted.

The machine is never quiet: the contenders take turns over several rounds, and ratios are of one round each.
"""

import argparse
import asyncio
import logging
import signal
import tempfile
from pathlib import Path

from rich.console import Console
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter

from bench.activations import Size, measured_activations
from bench.open_contracts import measured_contracts
from bench.report import Figures, printed, printed_alone
from bench.revenue import RevenueRun, measured_revenue
from bench.stage import temporal_on_disk
from bench.stories import measured_stories
from bench.usage import UsageRates, measured_usage
from bench.webhooks import measured_acceptance
from gateway.logs import configure

_SETTLE_SECONDS = 0.3
_EVENTS = 100_000
_CONTRACTS = 200
_SIZE = Size(rounds=6, seconds=50, batch=12, lone=3)


async def measured(home: Path, say: Console, events: int, revenue_contracts: int) -> Figures:
    """All sections, one after the other; SIGTERM ends them as Ctrl-C does, so that no process is left."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    say.print("webhooks: a gateway on a socket", style="dim")
    acceptance = await measured_acceptance(made(home, "webhooks"), rounds=5, count=1500)
    async with temporal_on_disk(made(home, "temporal")) as server:
        say.print("stories: two lines, ten lines", style="dim")
        stories = [
            cost
            for lines in (2, 10)
            for cost in await measured_stories(server, made(home, f"stories-{lines}"), lines)
        ]
        say.print("open contracts: a worker of its own", style="dim")
        contracts = await measured_contracts(server, made(home, "contracts"), warm=16, count=100, seconds=35)
        say.print("activations: three in turns", style="dim")
        activations = await measured_activations(server, made(home, "activations"), _SIZE)
    usage = await usage_measured(home, say, events)
    revenue = await revenue_measured(home, say, revenue_contracts)
    await asyncio.sleep(_SETTLE_SECONDS)
    return Figures(activations, stories, acceptance, contracts, usage, revenue)


async def usage_measured(home: Path, say: Console, events: int) -> UsageRates:
    say.print(f"usage: {events:,} events, by HTTP and by file, twice each, then rated", style="dim")
    return await measured_usage(made(home, "usage"), events)


async def revenue_measured(home: Path, say: Console, contracts: int) -> RevenueRun:
    say.print(f"revenue: a month of {contracts:,} contracts, run twice", style="dim")
    async with temporal_on_disk(made(home, "revenue-temporal")) as server:
        return await measured_revenue(server, made(home, "revenue"), contracts)


def made(home: Path, name: str) -> Path:
    (home / name).mkdir()
    return home / name


def _quiet_temporal() -> None:
    """What is tried again is no news here, and its native part would write it to stdout."""
    logging.getLogger("temporalio").setLevel(logging.CRITICAL)
    quiet = LoggingConfig(filter=TelemetryFilter(core_level="ERROR", other_level="ERROR"))
    Runtime.set_default(Runtime(telemetry=TelemetryConfig(logging=quiet)))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument(
        "--usage-events", type=int, default=_EVENTS, metavar="N", help=f"how many ({_EVENTS:,} by default)"
    )
    parser.add_argument(
        "--revenue-contracts",
        type=int,
        default=_CONTRACTS,
        metavar="N",
        help=f"how many in the month's revenue run ({_CONTRACTS:,} by default)",
    )
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--only-usage", action="store_true", help="measure the intake of usage alone")
    only.add_argument("--only-revenue", action="store_true", help="measure the month's revenue run alone")
    asked = parser.parse_args()
    configure("WARNING")
    _quiet_temporal()
    with tempfile.TemporaryDirectory(prefix="q2c-bench-") as home:
        try:
            say = Console(stderr=True)
            if asked.only_usage:
                rates = asyncio.run(usage_measured(Path(home), say, asked.usage_events))
                printed_alone(rates, as_json=asked.json)
                return
            if asked.only_revenue:
                run = asyncio.run(revenue_measured(Path(home), say, asked.revenue_contracts))
                printed_alone(run, as_json=asked.json)
                return
            figures = asyncio.run(measured(Path(home), say, asked.usage_events, asked.revenue_contracts))
        except (asyncio.CancelledError, KeyboardInterrupt):
            parser.exit(1, "stopped\n")
    printed(figures, as_json=asked.json)


if __name__ == "__main__":
    main()
