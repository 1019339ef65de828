"""Random lives, lived by the real workflows: predicted = billing = ledger, money too, and invariants hold.

`make test` lives through a few of them, `make soak` through `Q2C_LIVES` (100 where it is not set).
"""

import os

import pytest

from assembly.simulation import Stuck
from tests.agreement.lives import lived
from tests.agreement.random_lives import random_life
from tests.soak import UNLESS_ASKED

FEW = (1, 2, 3)
MANY = range(100, 100 + int(os.environ.get("Q2C_LIVES", "100")))


async def live(seed: int) -> None:
    """Every third with transport faults: lost answers, doubled and reordered messages."""
    faults = seed if seed % 3 == 0 else None
    try:
        await lived(random_life(seed), faults=faults)
    except (AssertionError, Stuck) as error:
        option = f" --faults {faults}" if faults is not None else ""
        replay = f"python -m tests.agreement.random_lives {seed} > life.json; q2c simulate life.json{option}"
        raise AssertionError(f"{error}\nto see it again: {replay}") from error


@pytest.mark.parametrize("seed", FEW)
async def test_random_life_comes_out_as_predicted(seed: int) -> None:
    await live(seed)


@pytest.mark.soak
@UNLESS_ASKED
@pytest.mark.parametrize("seed", MANY)
async def test_every_random_life_comes_out_as_predicted(seed: int) -> None:
    await live(seed)
