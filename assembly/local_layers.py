"""The local stack as a layer of settings, under `q2c.toml` and the variables."""

from pathlib import Path
from typing import Any

from assembly.stack_state import read_embedded, read_stack

Layer = dict[str, Any]


def made_at_first_start(home: Path) -> Layer:
    """Operators and codec key of the embedded stack; nothing where none was ever started."""
    embedded = read_embedded(home)
    if embedded is None:
        return {}
    operators = [operator.model_dump() for operator in embedded.operators]
    return {"gateway": {"operators": operators}, "codec": {"keys": embedded.codec_keys}}


def offered_by_stack(home: Path) -> Layer:
    """Addresses and credentials of what `q2c up` runs in this home; nothing where nothing was started."""
    stack = read_stack(home)
    if stack is None:
        return {}
    return {
        "gateway": {"url": stack.gateway_url},
        "temporal": {"address": stack.temporal.address, "namespace": stack.temporal.namespace},
        "platforms": {name: platform.model_dump() for name, platform in stack.platforms.items()},
    }
