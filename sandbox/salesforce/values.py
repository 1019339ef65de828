"""What a field takes: from a request's JSON to what is kept, and from that to an answer's JSON."""

import re
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from sandbox.salesforce import ids
from sandbox.salesforce.errors import ApiError, unreadable
from sandbox.salesforce.schema import NUMBERS, TEXTS, Field, Schema, Source

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def stamp(moment: datetime) -> str:
    """A date and time as the API writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}+0000"


def read_stamp(text: str) -> datetime:
    """ValueError if it names no time zone or is no date and time."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("no time zone")
    return moment


def accepted(field: Field, value: Any, schema: Schema, source: Source) -> Any:
    """The value to keep; ApiError as the vendor words it. Nothing is looked up but references."""
    if value == "" and field.type != "boolean":
        value = None
    if value is None:
        if field.type == "boolean":
            raise unreadable("boolean", None)
        return None
    if field.type in TEXTS:
        return _text(field, value)
    if field.type in NUMBERS:
        return _number(field, value)
    match field.type:
        case "boolean":
            return _boolean(value)
        case "int":
            return _whole(value)
        case "date":
            return _day(value)
        case "datetime":
            return _moment(value)
        case "reference":
            return _reference(field, value, schema, source)
        case _:
            raise unreadable(field.type, value)


def _text(field: Field, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise unreadable("string", value)
    text = str(value)
    if field.length and len(text) > field.length:
        raise ApiError(
            400,
            "STRING_TOO_LONG",
            f"{field.name}: data value too large: {text[:80]} (max length={field.length})",
            [field.name],
        )
    if field.restricted and text not in field.values:
        raise ApiError(
            400,
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            f"{field.name}: bad value for restricted picklist field: {text[:80]}",
            [field.name],
        )
    if field.type == "email" and not _EMAIL.fullmatch(text):
        raise ApiError(
            400, "INVALID_EMAIL_ADDRESS", f"{field.name}: invalid email address: {text}", [field.name]
        )
    return text


def _number(field: Field, value: Any) -> str:
    """Kept as text, rounded to the field's decimals."""
    try:
        figure = Decimal(value) if isinstance(value, str | int | Decimal) else None
    except InvalidOperation:
        figure = None
    if figure is None or isinstance(value, bool) or not figure.is_finite():
        raise unreadable("double", value)
    limit = Decimal(10) ** (field.precision - field.scale)
    unit = Decimal(1).scaleb(-field.scale)
    rounded = figure.quantize(unit, ROUND_HALF_UP) if abs(figure) < limit else limit
    if abs(rounded) >= limit:
        raise ApiError(
            400,
            "NUMBER_OUTSIDE_VALID_RANGE",
            f"{field.name}: value outside of valid range on numeric field: {str(figure)[:40]}",
            [field.name],
        )
    return format(rounded, "f")


def _boolean(value: Any) -> bool:
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise unreadable("boolean", value)
    return value


def _whole(value: Any) -> int:
    try:
        figure = Decimal(value) if isinstance(value, str | int | Decimal) else None
    except InvalidOperation:
        figure = None
    if figure is None or isinstance(value, bool) or figure != figure.to_integral_value():
        raise unreadable("int", value)
    return int(figure)


def _day(value: Any) -> str:
    try:
        return date.fromisoformat(value[:10]).isoformat()
    except (TypeError, ValueError):
        raise unreadable("date", value) from None


def _moment(value: Any) -> str:
    try:
        return stamp(read_stamp(value))
    except (TypeError, ValueError):
        raise unreadable("datetime", value) from None


def _reference(field: Field, value: Any, schema: Schema, source: Source) -> str:
    record_id = ids.canonical(value) if isinstance(value, str) else None
    if record_id is None:
        raise ApiError(
            400, "MALFORMED_ID", f"{field.name}: id value of incorrect type: {value}", [field.name]
        )
    target = schema.by_prefix(record_id)
    if target is None or target.name not in field.references:
        raise ApiError(
            400, "MALFORMED_ID", f"{field.name}: id value of incorrect type: {value}", [field.name]
        )
    if source.by_id(target.name, record_id) is None:
        raise ApiError(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [field.name])
    return record_id


def shown(field: Field, kept: Any) -> Any:
    """As an answer writes it: numbers of type double, currency and percent always have a decimal point."""
    if kept is None or field.type not in NUMBERS:
        return kept
    text = format(Decimal(kept), "f")
    text = text.rstrip("0") if "." in text else text + "."
    return Decimal(text + "0" if text.endswith(".") else text)
