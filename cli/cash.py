"""`q2c cash`: receipts from a bank's file, and what a person decides about money."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import quote

import typer

from cli.client import ask, telling
from cli.exits import FAILED, INVALID, leave
from cli.output import Output, print_object, print_rows, say

if TYPE_CHECKING:
    from canonical.bank import BankStatement, LeftOut

app = typer.Typer(no_args_is_help=True, help="Cash: import a bank's file, list, show, apply.")

_AT_ONCE = 200
_MOST_BYTES = 64 * 1024 * 1024
_COLUMNS = ("id", "entity", "value_date", "amount", "currency", "status", "note")
ReceiptId = Annotated[str, typer.Argument(metavar="RECEIPT", help="Bank and reference, such as ubs/E-17.")]
Why = Annotated[str, typer.Option("--reason", help="Why; kept in the audit log.")]


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="camt.053 (ISO 20022) or CSV.")],
    bank: Annotated[str, typer.Option(help="How you name the bank's account, such as ubs-usd; for good.")],
    entity: Annotated[str, typer.Option(help="The legal entity whose account it is.")],
    output: Output = "table",
) -> None:
    """Take in a bank's statement: each credit entry once, applied where it is certain, else for a person.

    Debits, reversals and what is not booked yet are left out; a receipt that was taken back is named. A
    CSV's first line names its columns: reference, value_date, amount, currency, direction (credit or debit),
    and if you like reversal, remitter, text, references, account.

    Example: q2c cash import march.xml --bank ubs-usd --entity US01
    """
    statement = _read(file, bank, entity)
    counts = {"recorded": 0, "known": 0, "started": 0}
    with telling("finance") as send:
        for start in range(0, len(statement.receipts), _AT_ONCE):
            part = statement.receipts[start : start + _AT_ONCE]
            answer = send("/cash/receipts", {"receipts": [each.model_dump(mode="json") for each in part]})
            counts = {name: count + answer[name] for name, count in counts.items()}
    for left in statement.left_out:
        if left.kind == "returned_receipt":
            say(_returned(file, left))
    kinds = [each.kind for each in statement.left_out]
    result = {"file": str(file), "receipts": len(statement.receipts), **counts}
    result |= {f"left_out_{kind}": kinds.count(kind) for kind in dict.fromkeys(kinds)}
    print_object(result, output)


def _read(file: Path, bank: str, entity: str) -> "BankStatement":
    from rules.bank_entry import BankFileInvalid
    from rules.bank_file import read_bank_file

    try:
        if file.stat().st_size > _MOST_BYTES:
            leave(INVALID, f"{file}: is larger than {_MOST_BYTES} bytes: ask the bank for shorter statements")
        return read_bank_file(file.read_bytes(), bank, entity, file.name)
    except OSError as error:
        leave(INVALID, f"{file}: can't be read ({type(error).__name__})")
    except BankFileInvalid as error:
        leave(INVALID, f"{file}: {error}")


def _returned(file: Path, left: "LeftOut") -> str:
    return (
        f"{file}: {left.place}: {left.ref}: the bank has taken back a receipt over {left.amount} "
        f"{left.currency}; the ledger does not know it yet"
    )


@app.command("list")
def list_receipts(
    entity: Annotated[str | None, typer.Option(help="Only this legal entity.")] = None,
    bank: Annotated[str | None, typer.Option(help="Only this bank.")] = None,
    status: Annotated[
        Literal["received", "waiting", "applied", "left"] | None, typer.Option(help="Only in this status.")
    ] = None,
    output: Output = "table",
) -> None:
    """List receipts from banks, the newest first, and what became of each.

    Example: q2c cash list --status waiting
    """
    rows = ask("/cash/receipts", params={"entity": entity, "bank": bank, "status": status})
    print_rows(rows, output, _COLUMNS)


@app.command()
def show(receipt: ReceiptId, output: Output = "table") -> None:
    """Show a receipt: what the remitter said, what became of it, and what it may be for, the likeliest first.

    Example: q2c cash show ubs-usd/E-17
    """
    found = ask(_path(receipt), none_if_unknown=True)
    if found is None:
        leave(FAILED, f"there is no receipt {receipt}")
    if output == "json":
        print_object(found, output)
        return
    suggestions = found.pop("suggestions")
    print_object(found, output)
    if suggestions:
        typer.echo("\nsuggestions")
        print_rows([_suggested(each) for each in suggestions], output, ("invoices", "unapplied", "words"))


@app.command()
def apply(
    receipt: ReceiptId,
    reason: Why,
    invoice: Annotated[
        list[str] | None,
        typer.Option(
            help="Key or number, with =AMOUNT for a part; else as much as is open. May be repeated."
        ),
    ] = None,
    on_account: Annotated[
        str | None, typer.Option(metavar="CONTRACT", help="Leave it unapplied, to this contract's customer.")
    ] = None,
    output: Output = "table",
) -> None:
    """Say what a waiting receipt is for: invoices of one customer; what is left stays unapplied.

    Example: q2c cash apply ubs-usd/E-17 --invoice C-1/invoice/2026-01-01=100.00 --reason "remittance advice"
    """
    if bool(invoice) == (on_account is not None):
        leave(INVALID, "--invoice: name invoices, or a contract by --on-account")
    body = {"reason": reason, "contract": on_account, "invoices": [_chosen(each) for each in invoice or ()]}
    with telling("finance") as send:
        print_object(send(f"{_path(receipt)}/apply", body), output)


def _chosen(text: str) -> dict[str, Any]:
    name, mark, amount = text.rpartition("=")
    return {"invoice": name, "amount": amount} if mark else {"invoice": text, "amount": None}


def _path(receipt: str) -> str:
    bank, mark, ref = receipt.partition("/")
    if not bank or not mark or not ref:
        leave(INVALID, f"RECEIPT: must be bank and reference, such as ubs/E-17, not {receipt!r}")
    return f"/cash/receipts/{quote(bank, safe='')}/{quote(ref, safe='')}"


def _suggested(each: dict[str, Any]) -> dict[str, Any]:
    shares = ", ".join(f"{share['key']}={share['amount']}" for share in each["shares"])
    return {"invoices": shares, "unapplied": each["unapplied"], "words": each["words"]}
