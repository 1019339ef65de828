"""The tax rates that were loaded, and the jurisdictions that share them.

The vendor's own content (rates by address and tax code) is no public description; here a rate belongs to
company, customer and item, or to company and item, and is in force from a date on.
"""

import datetime as dt
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from sandbox.kit.state import State

_KIND = "_rate"
_FIRST_DAY = "0001-01-01"
_STATE_SHARE = Decimal("0.6")
_FEDERAL_CANADA = Decimal("0.05")
_SHARE_STEP = Decimal("0.0001")


@dataclass(frozen=True)
class Jurisdiction:
    """One of those that tax the place; `rate` is a fraction (0.045 is 4.5 percent)."""

    type: str  # Country, State, County
    short_type: str  # CNT, STA, CTY
    code: str
    name: str
    tax_name: str
    rate: Decimal


class Rates:
    def __init__(self, state: State) -> None:
        self._state = state

    def load(self, company: str, customer: str, item: str, rates: list[tuple[str | None, Decimal]]) -> None:
        """`rates` are (first day, percent); they replace what was loaded for the three, and for company and
        item alone."""
        dated = sorted((day or _FIRST_DAY, str(percent)) for day, percent in rates)
        for key in (_key(company, customer, item), _key(company, "", item)):
            self._state.put(_KIND, key, {"rates": dated})

    def percent(self, company: str, customer: str, item: str, day: dt.date) -> Decimal | None:
        """The rate in force on the day; None where there is none."""
        for key in (_key(company, customer, item), _key(company, "", item)):
            found = self._state.get(_KIND, key)
            if found is not None:
                begun = [percent for first, percent in found["rates"] if first <= day.isoformat()]
                return Decimal(begun[-1]) if begun else None
        return None


def _key(company: str, customer: str, item: str) -> str:
    return "\x1f".join((company, customer, item))


def jurisdictions(percent: Decimal, country: str, region: str, city: str) -> list[Jurisdiction]:
    """Who shares the rate; the shares sum to it exactly."""
    rate = (percent / 100).normalize()
    if country == "US" and region:
        own = (rate * _STATE_SHARE).quantize(_SHARE_STEP, ROUND_DOWN) if rate else rate
        state = Jurisdiction("State", "STA", region, region, f"{region} STATE TAX", own)
        if own == rate:
            return [state]
        county = city.upper() or region
        return [state, Jurisdiction("County", "CTY", "001", county, f"{region} COUNTY TAX", rate - own)]
    if country == "CA" and rate > _FEDERAL_CANADA and region:
        federal = Jurisdiction("Country", "CNT", "CA", "CANADA", "CANADA GST/TPS", _FEDERAL_CANADA)
        return [
            federal,
            Jurisdiction("State", "STA", region, region, f"{region} PST", rate - _FEDERAL_CANADA),
        ]
    return [Jurisdiction("Country", "CNT", country, country, "Standard Rate", rate)]
