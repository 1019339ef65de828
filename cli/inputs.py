"""What people type, checked before any server is asked: exit code 2 names the option and the way out."""

import re
from typing import Annotated

import typer

from cli.exits import INVALID, leave

_MONTH = re.compile(r"(19|2[0-9])[0-9]{2}-(0[1-9]|1[0-2])")
_AMOUNT = re.compile(r"[0-9]{1,15}(\.[0-9]{1,3})?")
_LONGEST_ENTITY = 64


def month(param: typer.CallbackParam, value: str | None) -> str | None:
    """A calendar month like 2026-01, or nothing."""
    if value is not None and not is_month(value):
        leave(INVALID, f"{_name(param)}: {value!r} is not a month; write YYYY-MM, such as 2026-01")
    return value


def is_month(text: str) -> bool:
    return _MONTH.fullmatch(text) is not None


def day(param: typer.CallbackParam, value: str | None) -> str | None:
    """A day like 2026-01-31, or nothing."""
    import datetime as dt

    if value is not None:
        try:
            is_day = dt.date.fromisoformat(value).isoformat() == value
        except ValueError:
            is_day = False
        if not is_day:
            leave(INVALID, f"{_name(param)}: {value!r} is not a day; write YYYY-MM-DD, such as 2026-01-31")
    return value


def moment(param: typer.CallbackParam, value: str | None) -> str | None:
    """A moment with its zone like 2026-01-31T08:00:00Z, or nothing."""
    import datetime as dt

    if value is not None:
        try:
            has_zone = dt.datetime.fromisoformat(value).tzinfo is not None
        except ValueError:
            has_zone = False
        if not has_zone:
            leave(INVALID, f"{_name(param)}: {value!r} is not a moment such as 2026-01-31T08:00:00Z")
    return value


def amount(param: typer.CallbackParam, value: str | None) -> str | None:
    """An amount above zero, or nothing; whether the currency has its decimals, only the currency says."""
    if value is not None and not is_amount(value):
        leave(INVALID, f"{_name(param)}: {value!r} is not an amount above zero, such as 100.00")
    return value


def is_amount(text: str) -> bool:
    from decimal import Decimal

    return _AMOUNT.fullmatch(text) is not None and Decimal(text) > 0


def currency(param: typer.CallbackParam, value: str | None) -> str | None:
    """A currency that ISO 4217 has, in capitals, or nothing."""
    from canonical.money import UnknownCurrency, minor_unit_digits

    if value is None:
        return None
    try:
        minor_unit_digits(value.upper())
    except UnknownCurrency:
        leave(INVALID, f"{_name(param)}: {value!r} is not a currency of ISO 4217, such as USD")
    return value.upper()


def said(param: typer.CallbackParam, value: str | None) -> str | None:
    """Words, or nothing; never blank."""
    if value is not None and not value.strip():
        leave(INVALID, f"{_name(param)}: must not be empty")
    return value


def entity(param: typer.CallbackParam, value: str | None) -> str | None:
    """The name of a legal entity, or nothing."""
    if value is not None and len(value) > _LONGEST_ENTITY:
        leave(INVALID, f"{_name(param)}: has more than {_LONGEST_ENTITY} characters")
    return said(param, value)


def _name(param: typer.CallbackParam) -> str:
    """As the user types it: --period, or the name of an argument."""
    option = next((each for each in param.opts if each.startswith("--")), None)
    return option or str(param.metavar or param.name)


Month = Annotated[str, typer.Option("--period", help="The month, such as 2026-01.", callback=month)]
OneEntity = Annotated[str | None, typer.Option("--entity", help="Only this legal entity.", callback=entity)]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept in the audit log.", callback=said)]
