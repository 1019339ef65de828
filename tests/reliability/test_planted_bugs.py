"""A suite that finds nothing may look at nothing: mistakes planted in our own code are found by named tests.

The code is copied, the mistake is made in the copy, and the tests that must find it are run there. They
pass on the copy as it is (one run of all of them), so that what fails is the mistake's.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.reliability.plants import PLANTS, Plant
from tests.soak import LONG

pytestmark = [
    *LONG,
    pytest.mark.timeout(900),
]

ROOT = Path(__file__).parent.parent.parent
_LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info")
_PASSED, _FAILED = 0, 1
_LONGEST_SECONDS = 600
"""A check that hangs finds nothing."""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The code, to be changed."""
    made = tmp_path_factory.mktemp("planted") / "q2c"
    shutil.copytree(ROOT, made, ignore=_LEFT_OUT)
    yield made
    shutil.rmtree(made)


def run(home: Path, file: str, tests: str) -> "subprocess.CompletedProcess[str]":
    """The tests in this copy of the code, until the first that fails."""
    command = [sys.executable, "-m", "pytest", "-n", "0", "-x", "-q", "-p", "no:cacheprovider"]
    environment = {name: value for name, value in os.environ.items() if name != "Q2C_SOAK"}
    return subprocess.run(
        [*command, file, "-k", tests],
        cwd=home,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=_LONGEST_SECONDS,
    )


def planted(text: str, plant: Plant) -> str:
    for old, new in plant.edits:
        assert text.count(old) == 1, f"{plant.file} no longer has this once, plant anew:\n{old}"
        text = text.replace(old, new)
    return text


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name.replace(" ", "-"))
def test_planted_mistake_is_found(copy: Path, plant: Plant) -> None:
    target = copy / plant.file
    text = target.read_text()
    target.write_text(planted(text, plant))
    try:
        ended = run(copy, *plant.check)
    finally:
        target.write_text(text)
    assert ended.returncode == _FAILED, ended.stdout[-2000:] + ended.stderr[-2000:]


@pytest.mark.parametrize("check", sorted({plant.check for plant in PLANTS}), ids=" ".join)
def test_nothing_is_found_where_nothing_is_planted(copy: Path, check: tuple[str, str]) -> None:
    ended = run(copy, *check)
    assert ended.returncode == _PASSED, ended.stdout[-2000:] + ended.stderr[-2000:]


def test_twenty_five_mistakes_are_planted() -> None:
    assert len(PLANTS) >= 25
