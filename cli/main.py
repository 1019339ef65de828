"""The command `q2c`. Each command is a module with `app`; the table below names them all."""

from typing import Annotated, ClassVar

import typer

from cli.lazy import Lazy, LazyGroup


class Commands(LazyGroup):
    table: ClassVar[dict[str, Lazy]] = {
        "preview": Lazy("cli.preview", "What a scenario file must come to: documents, journals, schedule."),
        "demo": Lazy("cli.demo", "The demo story on a stack of its own."),
        "up": Lazy("cli.up", "Start the local stack: Temporal, simulators, gateway, workers."),
        "down": Lazy("cli.down", "Stop the local stack."),
        "status": Lazy("cli.status", "Where the local stack is, and how to log on to it."),
        "trigger": Lazy(
            "cli.trigger", "Have a platform's simulator send its real event for a scenario file."
        ),
        "contract": Lazy("cli.contract", "Contracts: start, change, list, show, timeline, lineage."),
        "usage": Lazy("cli.usage", "Usage: import it from a file, show what becomes of it."),
        "exception": Lazy("cli.exception", "The exception queue: list, show, and what to do about each."),
        "override": Lazy("cli.override", "Finance overrides: request, approve, reject, list."),
        "reconcile": Lazy(
            "cli.reconcile", "The sides of a period beside each other, breaks and their repair."
        ),
        "revenue": Lazy("cli.revenue", "A month's revenue: posted, and how that stands."),
        "revaluation": Lazy("cli.revaluation", "Receivables in other currencies at a month's end."),
        "translation": Lazy("cli.translation", "Balances at a month's end in the group's currency."),
        "cash": Lazy("cli.cash", "Cash: a bank's file, what its receipts are for, and who decides."),
        "rates": Lazy("cli.rates", "Exchange rates: taken in from a file, and shown."),
        "close": Lazy("cli.close", "The close of a period: what holds it up, and the close itself."),
        "event": Lazy("cli.event", "The log of inbound and outbound events."),
        "deadletter": Lazy("cli.deadletter", "Events that could not be used."),
        "platform": Lazy("cli.platform", "The platforms: health, versions, limits."),
        "simulate": Lazy("cli.simulate", "A contract's whole life in seconds, beside what was predicted."),
        "sandbox": Lazy("cli.sandbox", "The simulators: faults, state, clock, reset."),
        "governance": Lazy("cli.governance", "The policy: ownership, routing, accounts, versions, SLAs."),
        "audit": Lazy("cli.audit", "Who did what, and whether the record is whole."),
        "worker": Lazy("cli.worker", "Run a worker for Temporal's task queues."),
        "gateway": Lazy("cli.gateway", "Run the HTTP gateway."),
    }


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        import importlib.metadata

        typer.echo(importlib.metadata.version("q2c"))
        raise typer.Exit


@app.callback()
def q2c(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Durable quote-to-cash orchestration between CRM, billing, tax and ERP.

    Exit codes: 0 done, 1 failed or not found, 2 wrong usage or invalid input, 3 refused by policy, 4 a server
    it needs is not reachable.

    Example: q2c preview contract.json -o json
    """


def main() -> None:
    app(prog_name="q2c")
