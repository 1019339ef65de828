"""What `q2c status` tells of the local stack."""

from pathlib import Path
from typing import Any

from assembly.leftovers import live_children
from assembly.settings import Settings
from assembly.stack_state import Stack, read_embedded, read_stack


def running_status(settings: Settings) -> dict[str, Any] | None:
    """The document of `q2c status -o json`; None where no stack of this home runs.

    Tokens of operators are told only if the first start made them, never those of the configuration.
    """
    stack = read_stack(settings.home)
    if stack is None or stack.status != "running" or not live_children(stack):
        return None
    return {
        "temporal": stack.temporal.model_dump(),
        "gateway": {"url": stack.gateway_url, "operators": _operators(settings)},
        "platforms": {name: platform.model_dump() for name, platform in sorted(stack.platforms.items())},
        "workers": _workers(stack),
    }


def is_starting(home: Path) -> bool:
    stack = read_stack(home)
    return stack is not None and stack.status == "starting"


def _operators(settings: Settings) -> list[dict[str, str | None]]:
    embedded = read_embedded(settings.home)
    made = {operator.name: operator.token for operator in embedded.operators} if embedded else {}
    return [
        {"name": operator.name, "role": operator.role, "token": _own(made, operator.name, operator.token)}
        for operator in settings.gateway.operators
    ]


def _own(made: dict[str, str], name: str, token: Any) -> str | None:
    return made[name] if made.get(name) == token.get_secret_value() else None


def _workers(stack: Stack) -> list[dict[str, Any]]:
    pids = {process.name: process.pid for process in stack.children}
    return [
        {"queue": queue, "pid": pids[name]}
        for name, queues in stack.queues.items()
        if name in pids
        for queue in queues
    ]
