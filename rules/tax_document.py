"""What the tax engine is asked and told: one document per invoice or credit memo, and one for the rates."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass

from canonical.change import Amendment, ContractChange
from canonical.contract import Contract, Line
from canonical.document import CreditMemo, Invoice
from canonical.lifecycle import ContractAnswer
from canonical.origin import Origin
from ports.tax import TaxDocument, TaxLine
from rules.change_plan import Scope
from rules.merge import standing
from rules.subscription_order import lines_in_force
from rules.subscription_stays import customer_of, for_customer

ONE = "1"


@dataclass(frozen=True)
class RateQuestion:
    """A document to quote; `line_ids` says which contract line each of its line numbers stands for, `part`
    whose lines they are (a merge makes another contract).
    """

    part: str
    document: TaxDocument
    line_ids: dict[str, str]


def invoice_tax_document(origin: Origin, contract: Contract, invoice: Invoice) -> TaxDocument:
    """An invoice as the tax engine records it; the engine computes the tax anew from net amounts.

    The contract's account is the invoice's customer (`rules.subscription_stays.for_customer`).
    """
    return TaxDocument(
        origin=origin,
        code=invoice.key,
        kind="invoice",
        legal_entity=contract.legal_entity,
        account=contract.account,
        currency=invoice.currency,
        date=invoice.date,
        tax_date=invoice.date,
        lines=tuple(
            TaxLine(
                number=str(number),
                product=line.product,
                amount=line.amount,
                quantity=line.quantity,
                description=f"{line.line} {line.kind} {line.period_start} to {line.period_end}",
            )
            for number, line in enumerate(invoice.lines, start=1)
        ),
    )


def credit_tax_document(origin: Origin, contract: Contract, credit: CreditMemo) -> TaxDocument:
    """A credit memo: the credited invoice's tax date, and the tax that is given back, line by line."""
    return TaxDocument(
        origin=origin,
        code=credit.key,
        kind="credit_memo",
        legal_entity=contract.legal_entity,
        account=contract.account,
        currency=credit.currency,
        date=credit.date,
        tax_date=credit.tax_date,
        reference=credit.invoice_key,
        lines=tuple(
            TaxLine(
                number=str(number),
                product=line.product,
                amount=line.amount,
                quantity=line.quantity,
                tax_amount=line.tax,
            )
            for number, line in enumerate(credit.lines, start=1)
        ),
    )


def tax_document(origin: Origin, answer: ContractAnswer) -> TaxDocument:
    """The document as the tax engine records it: as it was accepted, else as it is due. ValueError for an
    answer that expects nothing.
    """
    contract, due = answer.contract, answer.expected
    if contract is None or due is None:
        raise ValueError("the contract expects no document")
    if answer.accepted is not None and not is_taxed_alike(due, answer.accepted):
        return accepted_tax_document(origin, contract, answer.accepted)
    if isinstance(due, Invoice):
        return invoice_tax_document(origin, contract, due)
    return credit_tax_document(origin, contract, due)


def accepted_tax_document(origin: Origin, contract: Contract, accepted: Invoice | CreditMemo) -> TaxDocument:
    """A document that a person has accepted as it was issued: its tax is what it says, not computed."""
    if isinstance(accepted, CreditMemo):
        return credit_tax_document(origin, contract, accepted)
    document = invoice_tax_document(origin, contract, accepted)
    pairs = zip(document.lines, accepted.lines, strict=True)
    lines = tuple(line.model_copy(update={"tax_amount": was.tax}) for line, was in pairs)
    return document.model_copy(update={"lines": lines})


def is_taxed_alike(due: Invoice | CreditMemo, taken: Invoice | CreditMemo) -> bool:
    """Whether the tax engine's record of both is the same: when a line earns is nothing to it."""

    def recorded(document: Invoice | CreditMemo) -> tuple[object, ...]:
        return document.date, Counter((line.product, line.amount, line.tax) for line in document.lines)

    return recorded(due) == recorded(taken)


def rate_questions(
    origin: Origin, contract: Contract, scope: Scope, as_of: dt.date
) -> tuple[RateQuestion, ...]:
    """What must be quoted before the documents of a change are exact: each new invoice on its own date, and
    all lines in force, which the subscription will bill by itself, on the day of the change.
    """
    questions = [
        RateQuestion(
            invoice.contract,
            invoice_tax_document(origin, for_customer(contract, scope.changes, invoice.account), invoice),
            {str(number): line.line for number, line in enumerate(invoice.lines, start=1)},
        )
        for invoice in scope.invoices
    ]
    day = max(as_of, contract.start_date)
    lines = lines_in_force(contract, scope.changes, day)
    if lines:
        questions.append(_probe(origin, contract, scope.changes, lines, day))
    return tuple(questions)


def planned_rates(
    origin: Origin,
    contract: Contract,
    before: tuple[ContractChange, ...],
    planned: tuple[ContractChange, ...],
    today: dt.date,
) -> RateQuestion | None:
    """The rates of lines that are planned and have none yet; None where there is no such line."""
    lines = tuple(
        Line.model_validate(entry.add.model_dump(by_alias=True) | {"id": entry.id})
        for change in planned
        if isinstance(change, Amendment)
        for entry in change.lines
        if entry.add is not None and entry.add.tax_rates is None
    )
    day = max(today, contract.start_date)
    return _probe(origin, contract, before, lines, day) if lines else None


def _probe(
    origin: Origin,
    contract: Contract,
    changes: tuple[ContractChange, ...],
    lines: tuple[Line, ...],
    day: dt.date,
) -> RateQuestion:
    """A document that is never recorded, of one unit of each line."""
    document = TaxDocument(
        origin=origin,
        code=f"{contract.id}/rates/{day.isoformat()}",
        kind="invoice",
        legal_entity=contract.legal_entity,
        account=customer_of(contract, changes),
        currency=contract.currency,
        date=day,
        tax_date=day,
        lines=tuple(
            TaxLine.model_validate(
                {"number": str(number), "product": line.product, "amount": ONE, "quantity": ONE}
            )
            for number, line in enumerate(lines, start=1)
        ),
    )
    part = standing(contract, changes, day).contract.id
    return RateQuestion(part, document, {str(number): line.id for number, line in enumerate(lines, start=1)})
