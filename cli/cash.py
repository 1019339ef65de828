"""`q2c cash`: receipts from a bank's file, and what a person decides about money."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import quote

import typer

from cli.client import ask, tell, telling
from cli.exits import FAILED, INVALID, REFUSED, leave
from cli.inputs import OneEntity, Reason, is_amount, said
from cli.inputs import amount as above_zero
from cli.inputs import entity as known_entity
from cli.output import Format, Output, print_object, print_rows, say

if TYPE_CHECKING:
    from canonical.bank import BankReceipt, BankStatement

app = typer.Typer(
    no_args_is_help=True,
    help="Cash: import a bank's file, list, show, apply, refund, return, write off.\n\n"
    "Example: q2c cash import march.xml --bank ubs-usd --entity US01",
)

_AT_ONCE = 200
_MOST_OF_A_REQUEST = 500_000
"""Bytes: the gateway takes 1 MiB, and letters may be escaped."""
_MOST_BYTES = 64 * 1024 * 1024
_COLUMNS = ("id", "entity", "value_date", "amount", "currency", "status", "note")
ReceiptId = Annotated[str, typer.Argument(metavar="RECEIPT", help="Bank and reference, such as ubs/E-17.")]


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="camt.053 (ISO 20022) or CSV.")],
    bank: Annotated[
        str, typer.Option(help="How you name the bank's account, such as ubs-usd; for good.", callback=said)
    ],
    entity: Annotated[str, typer.Option(help="The legal entity whose account it is.", callback=known_entity)],
    output: Output = "table",
) -> None:
    """Take in a bank's statement: each credit entry once, applied where it is certain, else for a person.

    Debits and reversals are kept for the reconciliation; what is not booked yet is left out. For a receipt
    that was taken back its return is asked for, where it is certain which one that is; somebody else approves
    it. A CSV's first line names its columns: reference, value_date, amount, currency, direction (credit or
    debit), and if you like reversal, remitter, text, references, account.

    Example: q2c cash import march.xml --bank ubs-usd --entity US01
    """
    statement = _read(file, bank, entity)
    counts = {"recorded": 0, "known": 0, "started": 0}
    with telling("finance") as send:
        for part in _batches(statement.receipts):
            answer = send("/cash/receipts", {"receipts": part})
            counts = {name: count + answer[name] for name, count in counts.items()}
        taken_back = [
            one
            for part in _batches(statement.returned)
            for one in send("/cash/reversals", {"reversals": part})
        ]
        for part in _batches(statement.lines):
            send("/cash/lines", {"lines": part})
    for each in taken_back:
        say(f"{file}: {_returned(each)}")
    result = {"file": str(file), "receipts": len(statement.receipts), **counts}
    if taken_back:
        result["taken_back"] = taken_back
    if statement.lines:
        result["debits_and_reversals"] = len(statement.lines)
    if pending := [each for each in statement.left_out if each.kind == "not_booked"]:
        result["left_out_not_booked"] = len(pending)
    print_object(result, output)


def _batches(receipts: "Iterable[BankReceipt]") -> Iterator[list[dict[str, Any]]]:
    """As many as a request may have."""
    batch: list[dict[str, Any]] = []
    size = 0
    for each in receipts:
        length = len(each.model_dump_json().encode())
        if batch and (len(batch) >= _AT_ONCE or size + length > _MOST_OF_A_REQUEST):
            yield batch
            batch, size = [], 0
        batch.append(each.model_dump(mode="json"))
        size += length
    if batch:
        yield batch


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


def _returned(each: dict[str, Any]) -> str:
    """What a reversal takes back, and who is waited for."""
    words = f"{each['id']}: the bank has taken back"
    over = f"{each['amount']} {each['currency']}"
    if each["part_of"] is not None:
        entry = str(each["id"]).partition("/")[2]
        command = f"q2c cash return {each['part_of']} --entry {entry} --reason …"
        return f"{words} {over} of {each['part_of']}, a part of it: {command}"
    if each["receipt"] is None:
        likely = ", ".join(each["suggestions"])
        which = f"it may be {likely}" if likely else "none of this amount was imported"
        return f"{words} a receipt over {over}; {which}: `q2c cash return` takes it off the ledger"
    decision = each["decision"]
    if decision is None:
        return f"{words} {each['receipt']} over {over}: {each['message']}"
    if decision["override"] is None:
        return f"{words} {each['receipt']} over {over}: {decision['status']}, {decision['message']}"
    again = f"q2c override approve {decision['override']} --reason …"
    return f"{words} {each['receipt']} over {over}: waits for a second approver: {again}"


@app.command("list")
def list_cash(
    entity: OneEntity = None,
    unapplied: Annotated[
        bool, typer.Option("--unapplied", help="Unapplied money in the entity's ledger instead.")
    ] = False,
    bank: Annotated[str | None, typer.Option(help="Only this bank.")] = None,
    status: Annotated[
        Literal["received", "waiting", "applied", "left", "booked"] | None,
        typer.Option(help="Only in this status; booked are debits and reversals."),
    ] = None,
    output: Output = "table",
) -> None:
    """List receipts from banks, the newest first, and what became of each; or what is unapplied.

    Example: q2c cash list --status waiting
    """
    if unapplied:
        if entity is None or bank is not None or status is not None:
            leave(INVALID, "--unapplied: goes with --entity alone, which is needed")
        found = ask("/cash/unapplied", params={"entity": entity})
        if found["left_out"]:
            say(f"{found['left_out']} more are left out")
        print_rows(found["money"], output, ("key", "customer_id", "date", "amount", "unapplied", "currency"))
        return
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


Invoices = Annotated[
    list[str] | None,
    typer.Option(
        "--invoice", help="Its key, with =AMOUNT for a part; else as much as there is. May be repeated."
    ),
]


@app.command()
def apply(
    money: Annotated[
        str,
        typer.Argument(
            metavar="MONEY",
            help="A waiting receipt (ubs/E-17), or the key of unapplied money (cash/ubs/E-17).",
        ),
    ],
    reason: Reason,
    invoice: Invoices = None,
    on_account: Annotated[
        str | None,
        typer.Option(metavar="CONTRACT", help="Leave a receipt unapplied, to this contract's customer."),
    ] = None,
    output: Output = "table",
) -> None:
    """Say what money is for: a receipt that waits, or unapplied money, to invoices of one customer.

    What is left of a receipt stays unapplied. Of a receipt, an invoice can be named by its number too.

    Example: q2c cash apply ubs-usd/E-17 --invoice C-1/invoice/2026-01-01=100.00 --reason "remittance advice"
    """
    if bool(invoice) == (on_account is not None):
        leave(INVALID, "--invoice: name invoices, or a contract by --on-account")
    chosen = [_chosen(each) for each in invoice or ()]
    if money.count("/") == 1:
        body = {"reason": reason, "contract": on_account, "invoices": chosen}
        print_object(tell(f"{_path(money)}/apply", body, role="finance"), output)
        return
    if on_account is not None:
        leave(INVALID, "--on-account: is for a receipt that waits; unapplied money is on account already")
    _decided(
        tell("/cash/applications", {"source": money, "invoices": chosen, "reason": reason}, role="finance"),
        output,
    )


@app.command()
def refund(
    money: Annotated[str, typer.Argument(metavar="MONEY", help="The key of unapplied money, as listed.")],
    reason: Reason,
    amount: Annotated[
        str | None, typer.Option(help="All that is unapplied of it if left out.", callback=above_zero)
    ] = None,
    contract: Annotated[
        str | None, typer.Option(help="Whose it is, where the ledger's lineage does not say.")
    ] = None,
    output: Output = "table",
) -> None:
    """Ask for a refund of unapplied money; somebody else approves it. Exit code 3 while it waits.

    What came in by the payment platform goes back by it. What came in at a bank is taken off the ledger; the
    transfer itself is made at the bank.

    Example: q2c cash refund payment/stripe/pi_1 --amount 25.00 --reason "paid twice"
    """
    body = {"source": money, "amount": amount, "contract": contract, "reason": reason}
    _decided(tell("/cash/refunds", body, role="finance"), output)


@app.command("return")
def take_back(
    receipt: ReceiptId,
    reason: Reason,
    entry: Annotated[
        str | None,
        typer.Option(metavar="REF", help="The bank's reversal as imported: its amount, its day."),
    ] = None,
    amount: Annotated[
        str | None,
        typer.Option(help="Where a part of it was taken back; else all of it.", callback=above_zero),
    ] = None,
    contract: Annotated[
        str | None, typer.Option(help="Whose it is, where the ledger's lineage does not say.")
    ] = None,
    output: Output = "table",
) -> None:
    """Ask for a receipt that the bank has taken back to be taken off the ledger; somebody else approves it.

    Its invoices are open again, and what of it was unapplied is gone. Of a part, the invoice that was due
    last is open again first, and what was unapplied goes last. Exit code 3 until it is approved.

    Example: q2c cash return ubs-usd/E-17 --reason "returned by the remitter's bank, entry E-31"
    """
    _path(receipt)
    if entry is not None and amount is not None:
        leave(INVALID, "--amount: is the bank's where --entry names its reversal")
    body = {
        "source": f"cash/{receipt}",
        "contract": contract,
        "reason": reason,
        "entry": entry,
        "amount": amount,
    }
    _decided(tell("/cash/returns", body, role="finance"), output)


@app.command("write-off")
def write_off(
    invoice: Annotated[
        list[str],
        typer.Argument(metavar="INVOICE...", help="Its key, with =AMOUNT for a part of what is open."),
    ],
    reason: Reason,
    output: Output = "table",
) -> None:
    """Ask for what is open of invoices to be written off; somebody else approves it. Exit code 3 until then.

    Example: q2c cash write-off C-1/invoice/2026-01-01=2.00 --reason "bank charges"
    """
    body = {"invoices": [_chosen(each) for each in invoice], "reason": reason}
    _decided(tell("/cash/write-offs", body, role="finance"), output)


def _decided(decision: dict[str, Any], output: Format) -> None:
    """Prints how a decision stands, and ends with its exit code."""
    print_object(decision, output)
    match decision["status"]:
        case "done":
            return
        case "waiting":
            again = f"q2c override approve {decision['override']} --reason …"
            leave(REFUSED, f"waits for a second approver: {again}")
        case "rejected":
            leave(REFUSED, f"it was not approved: {decision['message']}")
        case "blocked":
            leave(FAILED, f"an exception is open: q2c exception show {decision['exception']}")
        case _:
            leave(FAILED, f"it is under way: {decision['workflow_id']}")


def _chosen(text: str) -> dict[str, Any]:
    name, mark, amount = text.rpartition("=")
    if mark and not is_amount(amount):
        leave(INVALID, f"INVOICE: {amount!r} of {text!r} is not an amount above zero, such as 100.00")
    return {"invoice": name, "amount": amount} if mark else {"invoice": text, "amount": None}


def _path(receipt: str) -> str:
    bank, mark, ref = receipt.partition("/")
    if not bank or not mark or not ref:
        leave(INVALID, f"RECEIPT: must be bank and reference, such as ubs/E-17, not {receipt!r}")
    return f"/cash/receipts/{quote(bank, safe='')}/{quote(ref, safe='')}"


def _suggested(each: dict[str, Any]) -> dict[str, Any]:
    shares = ", ".join(f"{share['key']}={share['amount']}" for share in each["shares"])
    return {"invoices": shares, "unapplied": each["unapplied"], "words": each["words"]}
