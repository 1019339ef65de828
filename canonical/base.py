"""What every noun shares: frozen, no unknown keys, decimals that travel as strings."""

import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer

_DECIMAL = re.compile(r"-?\d{1,28}(\.\d{1,18})?")


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
        raise ValueError(f'must be a decimal written as a string, like "12.10", not the number {value!r}')
    if not _DECIMAL.fullmatch(value):
        raise ValueError(f'must be a decimal in plain notation, like "12.10", not {value!r}')
    return Decimal(value)


Dec = Annotated[
    Decimal,
    BeforeValidator(decimal_from_text),
    PlainSerializer(lambda value: format(value, "f"), return_type=str),
]
"""A decimal figure: string in JSON, `Decimal` in Python, never a float."""


class Noun(BaseModel):
    """A frozen canonical value; unknown keys are errors, since a misspelt key is a lost figure."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
