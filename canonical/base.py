"""What every noun shares: frozen, no unknown keys, decimals that travel as strings, days as `YYYY-MM-DD`."""

import datetime as dt
import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer

_DECIMAL = re.compile(r"-?[0-9]{1,28}(\.[0-9]{1,18})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def decimal_from_text(value: Any) -> Decimal:
    """A `Decimal` from its text ("12.10"); a number of JSON or YAML is refused.

    Raises ValueError for floats and ints (a float has already lost the cent that it had), for exponents,
    infinities and anything else that is not plain decimal notation.
    """
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError("must be a finite decimal")
        return value
    if not isinstance(value, str):
        raise ValueError(f'must be a decimal written as a string, like "12.10", not {value!r}')
    if not _DECIMAL.fullmatch(value):
        raise ValueError(
            f'must be a decimal in plain notation with at most 18 decimals, like "12.10", not {value!r}'
        )
    return Decimal(value)


def day_from_text(value: Any) -> dt.date:
    """A calendar day from its text ("2026-01-31"), or a `date` as it is.

    Raises ValueError for days with a time (a service period knows none), for numbers (they are no day), and
    for days that the calendar does not have.
    """
    if isinstance(value, dt.datetime):
        raise ValueError(f'must be a day without a time, like "2026-01-31", not {value.isoformat()!r}')
    if isinstance(value, dt.date):
        return value
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError(f'must be a day written as "YYYY-MM-DD", not {value!r}')
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        raise ValueError(f"{value!r} is not a day of the calendar") from None


def whole_number(value: Any) -> int:
    """An `int` as it is; "12", 12.0 and true are refused: whoever wrote them meant something else."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"must be a whole number without quotes, like 12, not {value!r}")
    return value


def yes_or_no(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"must be true or false, not {value!r}")
    return value


Dec = Annotated[
    Decimal,
    BeforeValidator(decimal_from_text),
    PlainSerializer(lambda value: format(value, "f"), return_type=str),
]
"""A decimal figure: string in JSON, `Decimal` in Python, never a float."""

Day = Annotated[dt.date, BeforeValidator(day_from_text)]
"""A calendar day of the selling legal entity: "YYYY-MM-DD" in JSON, never a moment."""

Count = Annotated[int, BeforeValidator(whole_number)]
"""A number of months or days: a JSON number, never its text."""

Flag = Annotated[bool, BeforeValidator(yes_or_no)]


class Noun(BaseModel):
    """A frozen canonical value; unknown keys are errors, since a misspelt key is a lost figure."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
