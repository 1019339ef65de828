"""The books of a simulated life: in the currency and at the rates of the scenario's `fx`, whatever the policy
says of the legal entity.
"""

import datetime as dt
import shutil
from pathlib import Path

import yaml

from canonical.base import Dec
from canonical.rates import RateSheet, ReferenceRate
from canonical.scenario import Fx, Scenario
from governance.policy import load_policy
from governance.schema import EntityCurrency, RateTerms

_SOURCE = "the scenario"
_MAX_AGE_DAYS = 366


def policy_of_books(home: Path, scenario: Scenario, governance: Path | None) -> Path | None:
    """The policy's directory: a copy under `home` that has the scenario's currency, where it says one."""
    fx, contract = scenario.fx, scenario.contract
    if fx is None:
        return governance
    directory = home / "governance"
    if governance is None:
        directory.mkdir()
    else:
        shutil.copytree(governance, directory)
    said = load_policy(governance).currencies
    others = [each for each in said.entities if each.legal_entity != contract.legal_entity]
    books = EntityCurrency(legal_entity=contract.legal_entity, functional_currency=fx.functional_currency)
    rates = RateTerms(source=_SOURCE, base=contract.currency, max_age_days=_MAX_AGE_DAYS)
    changed = said.model_copy(update={"entities": (*others, books), "rates": rates})
    (directory / "currencies.yaml").write_text(yaml.safe_dump(changed.model_dump(mode="json")))
    return directory


def rate_sheet(scenario: Scenario, until: dt.date) -> RateSheet | None:
    """The scenario's rates for one of the contract's currency; None where nothing is converted."""
    fx, currency = scenario.fx, scenario.contract.currency
    if fx is None or fx.functional_currency == currency:
        return None
    told = tuple(
        ReferenceRate(date=day, currency=fx.functional_currency, rate=rate)
        for day, rate in _told(fx, until).items()
    )
    return RateSheet(base=currency, source=_SOURCE, rates=told)


def _told(fx: Fx, until: dt.date) -> dict[dt.date, Dec]:
    """By day. One that stays in force for longer than the policy lets a rate be old is told again."""
    said = {each.date: each.rate for each in sorted(fx.rates, key=lambda each: each.date)}
    days = list(said)
    for day, after in zip(days, [*days[1:], until], strict=True):
        again = day + dt.timedelta(days=_MAX_AGE_DAYS)
        while again < after:
            said[again] = said[day]
            again += dt.timedelta(days=_MAX_AGE_DAYS)
    return said
