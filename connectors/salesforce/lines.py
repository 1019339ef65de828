"""What an order's lines sell: pricing, tiers, ramp, commitment. Pure."""

from decimal import Decimal
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from canonical.contract import Commitment, Line, LineTerms, Minimum, Pricing, RampStep, Tier
from connectors.salesforce.fields import FieldMap, RecordRule
from connectors.salesforce.records import OPERATION, PLATFORM, Figures, children
from connectors.salesforce.wire import Record
from ports.errors import Rejected

_Model = TypeVar("_Model", bound=BaseModel)


def line(fields: FieldMap, record: Record, where: str) -> Line:
    figures = Figures(fields.line, record, where)
    if figures.need("action") != "add":
        raise figures.refused("action", "is not Add on a contract's first order")
    terms = line_terms(fields, record, figures)
    return Line(id=figures.need("id"), **{name: getattr(terms, name) for name in LineTerms.model_fields})


def line_terms(fields: FieldMap, record: Record, figures: Figures) -> LineTerms:
    """What a line sells. Tax rates are not the CRM's to say."""
    charge = figures.need("charge")
    pricing = pricing_of(fields, record, figures)
    if charge == "recurring":
        figures.need("per")
    quantity = figures.optional("quantity")
    if quantity is None and charge != "usage" and pricing.model != "flat":
        raise figures.missing("quantity")
    steps = children(record, fields.ramp_step, figures.where)
    return built(
        LineTerms,
        figures.where,
        product=figures.need("product"),
        charge=charge,
        pricing=pricing,
        quantity=quantity,
        discount_percent=figures.need("discount_percent"),
        ramp=tuple(_ramp_step(fields, each, figures.where) for each in steps) or None,
        commitment=_commitment(figures),
        minimum=_minimum(figures),
        ssp=figures.optional("ssp"),
        accepted_on=figures.optional("accepted_on"),
        description=figures.optional("description"),
    )


def _commitment(figures: Figures) -> Commitment | None:
    if figures.optional("commitment_quantity") is None and figures.optional("commitment_amount") is None:
        return None
    return Commitment(quantity=figures.need("commitment_quantity"), amount=figures.need("commitment_amount"))


def _minimum(figures: Figures) -> Minimum | None:
    amount: Decimal | None = figures.optional("minimum_amount")
    return None if amount is None else Minimum(amount=amount)


def _ramp_step(fields: FieldMap, record: Record, where: str) -> RampStep:
    figures = Figures(fields.ramp_step, record, where)
    return RampStep(from_date=figures.need("from"), pricing=pricing_of(fields, record, figures))


def pricing_of(fields: FieldMap, record: Record, figures: Figures) -> Pricing:
    """The one figure that the model needs, and no other."""
    model = figures.need("model")
    amount, unit_price = figures.optional("amount"), figures.optional("unit_price")
    tiers = _tiers(fields.tier, record, figures.where)
    match model:
        case "flat":
            figures.need("amount")
        case "per_unit":
            figures.need("unit_price")
        case _ if not tiers:
            raise figures.refused("model", "needs tiers, and the line has none")
    if model != "flat" and amount is not None:
        raise figures.refused("amount", f"is filled, and the pricing is {model}")
    if model != "per_unit" and unit_price is not None:
        raise figures.refused("unit_price", f"is filled, and the pricing is {model}")
    if model in ("flat", "per_unit") and tiers:
        raise figures.refused("model", f"is {model}, and the line has tiers")
    per = figures.optional("per")
    return Pricing(model=model, amount=amount, unit_price=unit_price, tiers=tiers, per=per)


def _tiers(rule: RecordRule, record: Record, where: str) -> tuple[Tier, ...] | None:
    found = [Figures(rule, each, where) for each in children(record, rule, where)]
    return (
        tuple(Tier(up_to=each.optional("up_to"), unit_price=each.need("unit_price")) for each in found)
        or None
    )


def built(model: type[_Model], where: str, **values: Any) -> _Model:
    """The noun; what it does not take is Rejected, naming the first figure."""
    name = ""
    try:
        return model(**values)
    except ValidationError as error:
        name = ".".join(str(step) for step in error.errors(include_input=False)[0]["loc"])
    raise Rejected(
        f"{where}: {model.__name__}.{name} is not valid", platform=PLATFORM, operation=OPERATION, field=name
    )
