"""`q2c trigger`: a simulator's own event about a scenario file."""

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import quote

import typer

from cli.client import tell
from cli.exits import INVALID, leave
from cli.inputs import currency as known_currency
from cli.money_events import MoneyOrder, money_event
from cli.output import Output, print_object, say
from cli.scenario_file import as_written, valid_scenario
from cli.simulators import Simulators

if TYPE_CHECKING:
    from collections.abc import Iterable

    from canonical.scenario import Scenario, Usage

app = typer.Typer()

CRMS = ("salesforce",)


@app.command()
def trigger(
    platform: Annotated[
        str, typer.Argument(metavar="PLATFORM", help="Whose event: salesforce; stripe for money.")
    ],
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="Scenario file, JSON or YAML; for stripe: payment, refund, dispute, payout or settle.",
        ),
    ],
    change: Annotated[
        str | None,
        typer.Option("--change", metavar="ID", help="The change that is approved; else the contract."),
    ] = None,
    times: Annotated[int, typer.Option(min=1, max=1000, help="How often the event is sent.")] = 1,
    bare: Annotated[
        bool, typer.Option("--bare", help="Do not make its account, items and entity in their platforms.")
    ] = False,
    invoice: Annotated[
        str | None, typer.Option("--invoice", metavar="ID", help="Stripe: by id, number or business key.")
    ] = None,
    payment: Annotated[
        str | None, typer.Option("--payment", metavar="ID", help="Stripe: what is refunded or disputed.")
    ] = None,
    amount: Annotated[
        str | None, typer.Option("--amount", metavar="AMOUNT", help="Stripe: else all that is open or paid.")
    ] = None,
    currency: Annotated[
        str | None,
        typer.Option(
            "--currency",
            help="Stripe: of the money; else that of the invoice, USD for a payout.",
            callback=known_currency,
        ),
    ] = None,
    method: Annotated[
        Literal["card", "declined", "disputed", "bank_debit", "bank_debit_failed"],
        typer.Option("--method", help="Stripe: how it is paid, and what comes of it."),
    ] = "card",
    won: Annotated[
        bool | None, typer.Option("--won/--lost", help="Stripe: the end of the dispute --payment.")
    ] = None,
    output: Output = "table",
) -> None:
    """Have a scenario file's contract approved in the CRM simulator, which then sends its signed webhook.

    The contract is version 1, its changes are 2, 3, … in the file's order; a change not yet triggered is not
    visible; contracts that are merged are approved with the file's own. The file's tax rates go into the tax
    simulator, its usage to the gateway (each entry once, however often this is called).

    For stripe, a customer pays an invoice (in part, or more than is open), gets money back, has her bank take
    it back; the balance is paid out; pending bank debits are settled.

    Example: q2c trigger salesforce contract.json --change CH-1
    Example: q2c trigger stripe payment --invoice C-1/invoice/2026-01-01 --amount 100.00 --method card
    """
    if platform == "stripe":
        order = MoneyOrder(invoice=invoice, payment=payment, amount=amount, currency=currency, method=method)
        print_object(money_event(file, order, won), output)
        return
    if platform not in CRMS:
        leave(INVALID, f"PLATFORM: {platform} approves no contracts; {', '.join(CRMS)} does")
    scenario = valid_scenario(file, change=change)
    simulators = Simulators()
    simulators.require(platform)
    document = as_written(scenario)
    load_except_crms(simulators, document, bare=bare)
    report_usage(scenario)  # first, so that whatever is billed because of the approval knows of it
    approval = {"scenario": document, "approve": change or "contract", "bare": bare, "times": times}
    made = simulators.call(platform, "POST", "load", approval)
    print_object(made, output)


def load_except_crms(simulators: Simulators, document: dict[str, Any], *, bare: bool) -> None:
    """What a scenario presupposes in the platforms that own it: account, items, entity; tax rates anyway."""
    for platform in simulators.names:
        if platform not in CRMS:
            simulators.call(platform, "POST", "load", {"scenario": document, "bare": bare})


def report_usage(scenario: "Scenario") -> None:
    """The file's usage, told to the gateway by contract; nothing where it has none."""
    from rules.merge import metered_by

    for contract, usage in metered_by(scenario).items():
        path = f"/contracts/{quote(contract, safe='')}/usage"
        receipt = tell(path, {"usage": named_usage(usage)}, role="operator")
        say(f"usage: {receipt['recorded']} recorded, {receipt['duplicates']} known already")


def named_usage(usage: "Iterable[Usage]") -> list[dict[str, Any]]:
    """The usage with an id for each entry, so that a file that is triggered again counts once."""
    seen: Counter[tuple[str, str, str]] = Counter()
    named = []
    for each in usage:
        entry = each.model_dump(mode="json", exclude={"received_date"}, exclude_none=True)
        content = (entry["line"], entry["date"], entry["quantity"])
        seen[content] += 1
        named.append({"id": "/".join(("file", *content, str(seen[content]))), **entry})
    return named
