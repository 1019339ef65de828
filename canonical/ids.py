"""Names of things: workflow ids, business keys, idempotency keys. Pure functions of business ids.

No run id, attempt, clock or random number ever goes in: a workflow that is reset or replayed must ask
the platforms for the same things by the same names.
"""

import datetime as dt
import hashlib

from canonical.origin import Origin


def contract_workflow_id(contract: str) -> str:
    return f"contract/{contract}"


def change_workflow_id(contract: str, change_type: str, change: str) -> str:
    return f"contract/{contract}/{change_type}/{change}"


def contract_of_change(workflow_id: str, change_type: str) -> str | None:
    """The contract whose change the workflow carries out; None for an id of another kind. A contract whose
    own id has `/<change type>/` in it is not told from another.
    """
    prefix, mark = contract_workflow_id(""), f"/{change_type}/"
    contract, found, _ = workflow_id.removeprefix(prefix).partition(mark)
    return contract if found and contract and workflow_id.startswith(prefix) else None


def automatic_renewal_id(day: dt.date) -> str:
    """The id of the renewal that a term's end brings by itself."""
    return f"renewal-{day.isoformat()}"


def late_usage_workflow_id(contract: str) -> str:
    return f"usage/{contract}"


def document_workflow_id(kind: str, platform: str, document_id: str) -> str:
    """`kind` is invoice, credit-memo, payment, refund or dispute."""
    return f"{kind}/{platform}/{document_id}"


def reconciliation_workflow_id(entity: str, period: str) -> str:
    """`period` is a month, "2026-01"."""
    return f"reconciliation/{entity}/{period}"


def repair_workflow_id(break_id: str) -> str:
    return f"repair/{break_id}"


def close_workflow_id(entity: str, period: str) -> str:
    return f"close/{entity}/{period}"


def invoice_key(contract: str, date: dt.date, account: str | None = None) -> str:
    """A contract has at most one regular invoice a date and customer; `account` names a customer to whom it
    was transferred, and no one the contract's first.
    """
    key = f"{contract}/invoice/{date.isoformat()}"
    return key if account is None else f"{key}/{account}"


def credit_memo_key(contract: str, date: dt.date, invoice_date: dt.date) -> str:
    """At most one credit memo a date for each invoice that it credits."""
    return f"{contract}/credit-memo/{date.isoformat()}/{invoice_date.isoformat()}"


_POSTED_AGAIN = "/repost/"


def posted_again_key(key: str, break_id: str) -> str:
    """Of a document that was taken off and posted again, because of a break."""
    return f"{key}{_POSTED_AGAIN}{break_id}"


def original_key(key: str) -> str:
    """The document's own key, also of one that was posted again."""
    return key.partition(_POSTED_AGAIN)[0]


def revenue_workflow_id(entity: str, period: str) -> str:
    """`period` is a month, "2026-01"."""
    return f"revenue/{entity}/{period}"


def contract_revenue_workflow_id(entity: str, period: str, contract: str) -> str:
    return f"revenue/{entity}/{period}/{contract}"


def revenue_key(contract: str, period: str, number: int) -> str:
    """A contract has one revenue entry a month; what a later run adds to the month is numbered from 1."""
    return f"revenue/{contract}/{period}" + (f"/{number}" if number else "")


def sweep_workflow_id(platform: str) -> str:
    return f"event-sweep/{platform}"


def revaluation_key(entity: str, period: str, number: int) -> str:
    """An entity has one revaluation a month, whose key is its workflow's id too; what a later run adds to the
    month is numbered from 1."""
    return f"revaluation/{entity}/{period}" + (f"/{number}" if number else "")


def revaluation_look_workflow_id(entity: str, period: str) -> str:
    """Of a run that only says what is due."""
    return f"revaluation-due/{entity}/{period}"


def translation_workflow_id(entity: str, period: str) -> str:
    return f"translation/{entity}/{period}"


def idempotency_key(origin: Origin, part: str = "") -> str:
    """64 hex digits for one write: the same for every repetition of it, another for every other write."""
    text = "\x1f".join(
        (origin.tenant, origin.contract, origin.change, origin.step, str(origin.revision), part)
    )
    return hashlib.sha256(text.encode()).hexdigest()


def cash_key(kind: str, platform: str, movement_id: str, part: str = "") -> str:
    """The key of a movement of money in the ledger; `kind` is payment, refund, dispute or cash. A dispute has
    two `part`s: `withdrawn`, and `reinstated` where it is won."""
    key = document_workflow_id(kind, platform, movement_id)
    return f"{key}/{part}" if part else key


def cash_decision_workflow_id(kind: str, decision: str) -> str:
    return f"cash-decision/{kind.replace('_', '-')}/{decision}"


def cash_decision_key(kind: str, decision: str) -> str:
    """The key of a person's decision in the ledger. A refund is one of money from a bank: what a payment
    platform gives back has the platform's own key."""
    names = {
        "application": "application",
        "refund": "cash-refund",
        "write_off": "write-off",
        "return": "cash-return",
    }
    return f"{names[kind]}/{decision}"


RECOVERY = "recovery/"


def recovery_key(source: str, invoice: str) -> str:
    """The key by which a write-off of an invoice is taken back because of the money of `source`."""
    text = "\x1f".join((source, invoice))
    return f"{RECOVERY}{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def contract_of_invoice(key: str) -> str | None:
    """The contract that an invoice's key names; None for a key of another kind."""
    contract, mark, _ = key.partition("/invoice/")
    return contract if mark and contract else None


def credited_invoice_key(credit_memo: str) -> str | None:
    """The key of the invoice that a credit memo's key names; None for a key of another kind."""
    contract, mark, rest = credit_memo.partition("/credit-memo/")
    parts = rest.split("/", 1)
    return f"{contract}/invoice/{parts[1]}" if mark and len(parts) == 2 else None
