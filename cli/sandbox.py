"""`q2c sandbox`: faults, state and clock of the simulators."""

from typing import Annotated

import typer

from cli.exits import INVALID, leave
from cli.output import Output, print_json, print_object, print_rows, print_table
from cli.simulators import Simulators

app = typer.Typer(
    no_args_is_help=True,
    help="The simulators: faults, state, clock, reset.\n\n"
    "Example: q2c sandbox fault netsuite --outcome down --seconds 20",
)

PlatformName = Annotated[str, typer.Argument(metavar="PLATFORM", help="Name of the simulator.")]


@app.command()
def fault(
    platform: PlatformName,
    outcome: Annotated[
        str | None, typer.Option(help="What goes wrong, such as applied-then-timeout or 429.")
    ] = None,
    route: Annotated[
        str | None, typer.Option(help='Only there: "POST /v1/invoices", or a path; * matches anything.')
    ] = None,
    times: Annotated[int, typer.Option(min=1, help="How often it happens.")] = 1,
    after: Annotated[int, typer.Option(min=0, help="How many matching requests pass before.")] = 0,
    seconds: Annotated[
        float | None, typer.Option(min=0, help="How long down, slow, stale-read and period-closed last.")
    ] = None,
    field: Annotated[str | None, typer.Option(help="Which field of the answer drifts.")] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Drop all faults that are set.")] = False,
    output: Output = "table",
) -> None:
    """Set a fault; without --outcome, list those that are set.

    Outcomes: refused, not-applied-then-timeout, applied-then-timeout, applied-then-cut, applied-then-500,
    twice, 429, 500, 502, 503, 504, slow, token-expired, field-added, field-removed, field-renamed,
    field-retyped, enum-added, stale-read, webhook-duplicate, webhook-reorder, webhook-late, webhook-lost,
    period-closed, down.

    Example: q2c sandbox fault netsuite --outcome applied-then-timeout --times 1
    """
    _check_outcome(outcome)
    simulators = Simulators()
    if clear:
        simulators.call(platform, "DELETE", "faults")
    if outcome is None:
        rows = simulators.call(platform, "GET", "faults")["faults"]
        print_rows(rows, output, ("id", "outcome", "route", "times", "after", "seconds", "happened"))
        return
    wanted: dict[str, str | float | None] = {"outcome": outcome, "route": route, "times": times}
    wanted |= {"after": after, "seconds": seconds, "field": field}
    print_object(simulators.call(platform, "POST", "faults", wanted), output)


@app.command()
def reset(
    platform: Annotated[str | None, typer.Argument(help="Name of the simulator; all if left out.")] = None,
) -> None:
    """Make a simulator as new: its objects, faults, webhooks and clock. Its secrets stay.

    Example: q2c sandbox reset stripe
    """
    simulators = Simulators()
    for name in [platform] if platform else simulators.names:
        simulators.call(name, "POST", "reset")


@app.command()
def state(platform: PlatformName, output: Output = "table") -> None:
    """Show what a platform holds: its own objects by kind, as its API lists them.

    Example: q2c sandbox state stripe -o json
    """
    held = Simulators().call(platform, "GET", "state")
    if output == "json":
        print_json(held)
        return
    rows = [(kind, str(len(objects)), _named(objects)) for kind, objects in held.items()]
    print_table(("kind", "count", "ids"), rows)


@app.command()
def clock(
    to: Annotated[
        str | None, typer.Option("--to", metavar="DATE", help="Set it forward to this date or time (UTC).")
    ] = None,
    platform: Annotated[
        str | None, typer.Option("--platform", help="Only this simulator; all if left out.")
    ] = None,
    output: Output = "table",
) -> None:
    """Show the simulators' clock, or set it forward: they bill what falls due until then.

    Example: q2c sandbox clock --to 2027-01-01
    """
    if to is not None:
        _check_moment(to)
    simulators = Simulators()
    rows = []
    for name in [platform] if platform else simulators.names:
        body = None if to is None else {"to": to}
        shown = simulators.call(name, "GET" if to is None else "POST", "clock", body)
        rows.append({"platform": name, "now": shown["now"]})
    print_rows(rows, output, ("platform", "now"))


def _check_outcome(text: str | None) -> None:
    from sandbox.kit.faults import OUTCOMES

    if text is not None and text not in OUTCOMES:
        leave(INVALID, f"--outcome: {text!r} is none of {', '.join(OUTCOMES)}")


def _check_moment(text: str) -> None:
    """Exit code 2 before the first clock is moved, if it is no date or time."""
    import datetime as dt

    try:
        dt.datetime.fromisoformat(text)
    except ValueError:
        leave(INVALID, f"--to: {text!r} is no date; write YYYY-MM-DD")


def _named(objects: list[dict[str, object]]) -> str:
    ids = [str(each.get("id") or each.get("Id") or "") for each in objects]
    return ", ".join(each for each in ids[:5] if each) + (", …" if len(ids) > 5 else "")
