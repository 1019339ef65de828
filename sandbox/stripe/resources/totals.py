"""What a document adds up to: tax per line and rate, rounded there; sums of lines; what is due."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

from sandbox.stripe.money import rounded
from sandbox.stripe.world import World

Document = dict[str, Any]


def taxes_of(world: World, amount: int, rate_ids: list[str], *, exempt: str = "none") -> list[Document]:
    """The taxes of a line: each rate on the line's amount, half away from zero."""
    rates = [rate for rate in (world.get("tax_rate", id) for id in rate_ids) if rate is not None]
    inclusive_percent = sum(_percent(rate) for rate in rates if rate["inclusive"])
    net = (
        amount - rounded(amount * inclusive_percent / (100 + inclusive_percent))
        if inclusive_percent
        else amount
    )
    return [_tax(amount, net, rate, exempt) for rate in rates]


def _tax(amount: int, net: int, rate: Document, exempt: str) -> Document:
    exact = Fraction(net) * _percent(rate) / 100
    reason = {"exempt": "customer_exempt", "reverse": "reverse_charge"}.get(exempt, "not_available")
    return tax(
        0 if exempt != "none" else rounded(exact),
        rate["id"],
        taxable=net,
        inclusive=rate["inclusive"],
        reason=reason,
    )


def _percent(rate: Document) -> Fraction:
    return Fraction(Decimal(str(rate["percentage"])))


def tax(
    amount: int, rate_id: str, *, taxable: int, inclusive: bool, reason: str = "not_available"
) -> Document:
    return {
        "amount": amount,
        "tax_behavior": "inclusive" if inclusive else "exclusive",
        "tax_rate_details": {"tax_rate": rate_id},
        "taxability_reason": reason,
        "taxable_amount": taxable,
        "type": "tax_rate_details",
    }


def summed(taxes: list[Document]) -> list[Document]:
    """One entry for each rate."""
    by_rate: dict[str, Document] = {}
    for one in taxes:
        id = one["tax_rate_details"]["tax_rate"]
        if id in by_rate:
            by_rate[id]["amount"] += one["amount"]
            by_rate[id]["taxable_amount"] += one["taxable_amount"]
        else:
            by_rate[id] = dict(one)
    return list(by_rate.values())


def exclusive_tax(taxes: list[Document]) -> int:
    return sum(one["amount"] for one in taxes if one["tax_behavior"] == "exclusive")


def all_tax(taxes: list[Document]) -> int:
    return sum(one["amount"] for one in taxes)


def recompute(world: World, invoice: Document) -> None:
    """Bring a draft's taxes and totals in line with its lines."""
    exempt = invoice["customer_tax_exempt"] or "none"
    for line in invoice["_lines"]:
        if not line["_explicit_taxes"]:
            ids = line["_tax_rates"] or invoice["default_tax_rates"]
            line["taxes"] = taxes_of(world, line["amount"], ids, exempt=exempt)
        line["subtotal"] = line["amount"]
    taxes = summed([one for line in invoice["_lines"] for one in line["taxes"]])
    subtotal = sum(line["amount"] for line in invoice["_lines"])
    invoice["subtotal"] = subtotal
    invoice["total"] = subtotal + exclusive_tax(taxes)
    invoice["subtotal_excluding_tax"] = subtotal - (all_tax(taxes) - exclusive_tax(taxes))
    invoice["total_excluding_tax"] = invoice["total"] - all_tax(taxes)
    invoice["total_taxes"] = taxes
    settle(invoice)


def settle(invoice: Document) -> None:
    """What is due of the total, after the customer's balance, credit notes and payments."""
    owed = invoice["total"] + invoice["_balance_applied"] - invoice["pre_payment_credit_notes_amount"]
    invoice["amount_due"] = max(owed, 0)
    invoice["amount_remaining"] = max(invoice["amount_due"] - invoice["amount_paid"], 0)
