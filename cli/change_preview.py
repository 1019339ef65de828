"""`q2c preview FILE --contract ID`: what a change would do to a contract that lives."""

from typing import Any
from urllib.parse import quote

import typer

from cli.client import tell
from cli.exits import INVALID, leave
from cli.output import Format, print_json, print_table

_KINDS = {
    "invoices": "invoice",
    "credit_memos": "credit memo",
    "dropped_invoices": "invoice, no longer",
    "dropped_credit_memos": "credit memo, no longer",
}
"""`no longer`: what a change approved already would have issued without this one."""


def preview_change(file: str, contract: str, change: str | None, output: Format) -> None:
    """Asks the gateway and prints; ends the command where the file or the contract refuses."""
    from cli.preview import problems, read
    from rules.validation import InvalidScenario

    try:
        scenario = read(file)
    except InvalidScenario as error:
        leave(INVALID, *problems(file, error.problems))
    if scenario.contract.id != contract:
        words = f"the file's contract is {scenario.contract.id}, and --contract asks for {contract}"
        leave(INVALID, f"{file}: contract.id: {words}; name the contract that the change is of")
    chosen = [each for each in scenario.changes if change in (None, each.id)]
    if not chosen:
        leave(INVALID, f"{file}: changes: there is none" + (f" with the id {change}" if change else ""))
    if len(chosen) > 1:
        names = ", ".join(each.id for each in chosen)
        leave(INVALID, f"--change: the file has several changes; name one of {names}")
    body = chosen[0].model_dump(mode="json", by_alias=True)
    found = tell(f"/contracts/{quote(contract, safe='')}/preview", body, role="operator")
    if output == "json":
        print_json(found)
    else:
        _print(found)


def _print(found: dict[str, Any]) -> None:
    taken = ", backdated: it would be taken in today" if found["backdated"] else ""
    heading = f"{found['type']} {found['change']} of {found['contract']}, effective {found['effective_date']}"
    typer.echo(heading + taken)
    for each in found["approved"]:
        words = f"can't be carried out: {each['problem']}" if each["problem"] else "counted in"
        typer.echo(f"approved: {each['type']} {each['id']}, effective {each['effective_date']}: {words}")
    rows = [
        [words, document["date"], document["subtotal"], document["tax"], document["total"], found["currency"]]
        for kind, words in _KINDS.items()
        for document in found[kind]
    ]
    print_table(("document", "date", "net", "tax", "total", "currency"), rows)
    for when in ("before", "after"):
        cycle = found[f"next_cycle_{when}"]
        words = f"{cycle['net']} {found['currency']} on {cycle['date']}" if cycle else "nothing more"
        typer.echo(f"next cycle {when}: {words}")
    for left in found["unassigned"]:
        line = left["line"]
        period = f"{line['period_start']} to {line['period_end']}"
        typer.echo(
            f"not credited: {left['unused']} of {line['amount']} for {period} on {left['invoice_key']}, "
            "accepted on no line of the contract; a person is asked"
        )
