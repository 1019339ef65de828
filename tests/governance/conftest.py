from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from governance.loading import read_yaml
from governance.policy import Policy, load_policy, policy_file
from governance.problems import PolicyError, PolicyProblem

Edit = Callable[[dict[str, Any]], None]
Change = Callable[[str, Edit], Path]


@pytest.fixture
def policy() -> Policy:
    return load_policy()


@pytest.fixture
def changed(tmp_path: Path) -> Change:
    """A policy directory in which one shipped file is changed; may be called for several files."""

    def change(name: str, edit: Edit) -> Path:
        document = read_yaml(policy_file(name))
        edit(document)
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
        return tmp_path

    return change


def problems_of(directory: Path) -> list[PolicyProblem]:
    with pytest.raises(PolicyError) as caught:
        load_policy(directory)
    return list(caught.value.problems)
