"""What a line must be like, whatever happens to it later: its price, quantity, tax and terms.

Each check yields (field, message) seen from the line. Source: FINANCE.md, "What is refused".
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal

from canonical.contract import DatedRate, LineTerms, Pricing, Tier
from rules.problems import Problem, under
from rules.tax import NoTaxRate, rate_percent

_FIGURE = {"flat": "amount", "per_unit": "unit_price", "graduated": "tiers", "volume": "tiers"}


def line_problems(terms: LineTerms, start: dt.date, has_end: bool) -> Iterator[Problem]:
    """All that is wrong with a line that starts on the day, in a contract whose term has an end or not."""
    yield from under("pricing", pricing_problems(terms.pricing, terms.charge))
    yield from _quantity(terms)
    yield from percentage_problems("discount_percent", terms.discount_percent, most=100)
    yield from _tax(terms, start)
    yield from _ramp(terms)
    yield from _usage_terms(terms, has_end)
    yield from not_negative("ssp", terms.ssp)
    if terms.ssp is not None and terms.charge == "usage" and terms.commitment is None:
        yield "ssp", "belongs to lines with a fixed price: nothing of it is allocated to what is only used"
    if terms.ssp is not None and not has_end:
        yield "ssp", "is allocated over a term, and the contract is evergreen"
    if terms.accepted_on is not None and terms.charge != "one_time":
        yield "accepted_on", "belongs to one-time lines: others earn by day over their service period"


def pricing_problems(pricing: Pricing, charge: str) -> Iterator[Problem]:
    needed = _FIGURE[pricing.model]
    for field in ("amount", "unit_price", "tiers"):
        given = getattr(pricing, field) is not None
        if given and field != needed:
            yield field, f"does not belong to the model {pricing.model}, which has {needed}"
        if not given and field == needed:
            yield field, f"is missing: the model {pricing.model} needs it"
    yield from not_negative("amount", pricing.amount)
    yield from not_negative("unit_price", pricing.unit_price)
    if pricing.tiers is not None:
        yield from _tiers(pricing.tiers)
    if charge == "recurring" and pricing.per is None:
        yield "per", "is missing: a recurring price is per month or per year"
    if charge != "recurring" and pricing.per is not None:
        yield "per", f"belongs to recurring lines, and this one is {charge}"
    if charge == "usage" and pricing.model == "flat":
        yield "model", "what is used has a price per unit or by tiers; a flat price is a recurring line's"


def _tiers(tiers: Sequence[Tier]) -> Iterator[Problem]:
    if not tiers:
        yield "tiers", "is empty: at least one tier is needed, the last with up_to null"
        return
    before = Decimal(0)
    for index, tier in enumerate(tiers):
        yield from not_negative(f"tiers[{index}].unit_price", tier.unit_price)
        is_last = index == len(tiers) - 1
        if tier.up_to is None:
            if not is_last:
                yield f"tiers[{index}].up_to", "null is the last tier's: nothing can come after it"
            continue
        if tier.up_to <= before:
            yield f"tiers[{index}].up_to", f"out of order: must be above {before}, not {tier.up_to}"
        if is_last:
            yield f"tiers[{index}].up_to", "the last tier must be open: up_to null"
        before = max(before, tier.up_to)


def _quantity(terms: LineTerms) -> Iterator[Problem]:
    yield from not_negative("quantity", terms.quantity)
    if terms.quantity is None or terms.quantity == 1:
        return
    if terms.charge == "usage":
        yield "quantity", "does not belong to a usage line: its quantity is what is used"
    elif any(p.model == "flat" for p in (terms.pricing, *(step.pricing for step in terms.ramp or ()))):
        yield "quantity", "a flat price has the quantity 1; use per_unit for others"


def _tax(terms: LineTerms, start: dt.date) -> Iterator[Problem]:
    yield from percentage_problems("tax_rate_percent", terms.tax_rate_percent)
    if terms.tax_rates is None:
        return
    if terms.tax_rate_percent is not None:
        yield "tax_rates", "contradicts tax_rate_percent: give one of them"
    yield from _dated_rates(terms.tax_rates)
    try:
        rate_percent(terms, start)
    except NoTaxRate as reason:
        yield "tax_rates", f"{reason}, the line's start"


def _dated_rates(rates: Sequence[DatedRate]) -> Iterator[Problem]:
    seen: set[dt.date] = set()
    for index, rate in enumerate(rates):
        yield from percentage_problems(f"tax_rates[{index}].percent", rate.percent)
        if rate.from_date in seen:
            yield f"tax_rates[{index}].from", f"there are two rates from {rate.from_date} on"
        seen.add(rate.from_date)


def _ramp(terms: LineTerms) -> Iterator[Problem]:
    if terms.ramp is None:
        return
    if not terms.ramp:
        yield "ramp", "is empty: give at least one step, or leave it out"
    if terms.charge == "one_time":
        yield "ramp", "does not belong to a one-time line: it is billed once"
    seen: set[dt.date] = set()
    for index, step in enumerate(terms.ramp):
        yield from under(f"ramp[{index}].pricing", pricing_problems(step.pricing, terms.charge))
        if step.from_date in seen:
            yield f"ramp[{index}].from", f"there are two steps from {step.from_date} on"
        seen.add(step.from_date)


def _usage_terms(terms: LineTerms, has_end: bool) -> Iterator[Problem]:
    for field in ("commitment", "minimum"):
        if getattr(terms, field) is not None and terms.charge != "usage":
            yield field, f"belongs to usage lines, and this one is {terms.charge}"
    if terms.commitment is not None:
        yield from not_negative("commitment.quantity", terms.commitment.quantity)
        yield from not_negative("commitment.amount", terms.commitment.amount)
        if not has_end:
            yield "commitment", "is for a term, and the contract is evergreen"
    if terms.minimum is not None:
        yield from not_negative("minimum.amount", terms.minimum.amount)


def not_negative(field: str, value: Decimal | None) -> Iterator[Problem]:
    if value is not None and value < 0:
        yield field, f"must not be negative, and is {value}"


def percentage_problems(field: str, value: Decimal | None, most: int | None = None) -> Iterator[Problem]:
    yield from not_negative(field, value)
    if value is not None and most is not None and value > most:
        yield field, f"must not be above {most}, and is {value}"
