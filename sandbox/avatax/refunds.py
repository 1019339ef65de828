"""What a refund takes from a sale: which lines, which share of them, with the tax that they had."""

from decimal import Decimal

from sandbox.avatax import calculation
from sandbox.avatax.companies import Document
from sandbox.avatax.documents import scaled_details
from sandbox.avatax.errors import ApiError
from sandbox.avatax.models import Refund


def share(refund: Refund) -> Decimal:
    """How much of each line is refunded, as a fraction."""
    if refund.refundType != "Percentage":
        return Decimal(1)
    if refund.refundPercentage is None:
        raise ApiError("RefundPercentageMissing", "The percentage is missing.", refers_to="refundPercentage")
    if not 0 <= refund.refundPercentage <= 100:
        text = "The percentage must be between 0 and 100."
        raise ApiError("RefundPercentageOutOfRange", text, refers_to="refundPercentage")
    return refund.refundPercentage / 100


def lines_of(document: Document, refund: Refund) -> list[Document]:
    lines: list[Document] = document["lines"]
    if refund.refundType == "Full":
        if refund.refundLines:
            raise ApiError(
                "RefundTypeAndLineMismatch", "A full refund has all lines.", refers_to="refundLines"
            )
        return lines
    if refund.refundType == "Partial" and not refund.refundLines:
        raise ApiError("RefundLinesRequired", "The lines are missing.", refers_to="refundLines")
    by_number = {line["lineNumber"]: line for line in lines}
    for number in refund.refundLines or []:
        if number not in by_number:
            raise ApiError("LineNoOutOfRange", f"There is no line {number}.", refers_to="refundLines")
    return [by_number[number] for number in refund.refundLines] if refund.refundLines else lines


def refunded_line(line: Document, part_of_one: Decimal, currency: str, refund: Refund) -> Document:
    def part(field: str, source: Document) -> str:
        if refund.refundType == "TaxOnly" and field == "lineAmount":
            return "0"
        return str(-calculation.round_to(currency, Decimal(source[field]) * part_of_one))

    amounts = ("lineAmount", "exemptAmount", "tax", "taxableAmount", "taxCalculated")
    detail_amounts = ("exemptAmount", "nonTaxableAmount", "tax", "taxableAmount", "taxCalculated")
    details = [{**d, **{name: part(name, d) for name in detail_amounts}} for d in line["details"]]
    refunded = {**line, **{name: part(name, line) for name in amounts}, "details": details}
    refunded["details"] = scaled_details(refunded)
    return refunded
