"""A scenario lived by the real workflows, which must agree with its prediction to the cent."""

import logging
from typing import Any

import structlog

from assembly.simulation import Simulation, simulate
from tests.agreement.listing import scenario_of
from tests.world import today


async def lived(raw: dict[str, Any], faults: int | None = None) -> Simulation:
    """Lives it up to its `as_of`, and fails with what is not as predicted: documents line by line, tax,
    dates, findings, exceptions.
    """
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    found = await simulate(scenario_of(raw), raw, begin=today(), faults=faults)
    assert found.agrees, "\n".join(problems(found))
    return found


def problems(found: Simulation) -> list[str]:
    """What is not as predicted, in words."""
    words = [*map(str, found.findings), *(f"{e.step}: {e.summary}" for e in found.exceptions)]
    words += [f"{each.key}: {each.differences}" for each in found.documents if not each.agrees]
    words += [str(each) for each in found.payments if not each.agrees]
    return words + [str(each) for each in found.balances if not each.agrees]
