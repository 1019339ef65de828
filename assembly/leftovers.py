"""Ending a stack from outside: by its supervisor, or process by process if that was killed."""

from collections.abc import Callable, Iterable
from pathlib import Path

from assembly import programs
from assembly.processes import end, is_alive
from assembly.stack_state import Process, Stack, forget_stack, read_stack

_SUPERVISOR_SECONDS, _CHILD_SECONDS = 60.0, 5.0


def take_down(home: Path, say: Callable[[str], None]) -> bool:
    """Stops the stack of this home and waits until it has gone. False if nothing ran."""
    stack = read_stack(home)
    if stack is None:
        return False
    supervised = is_alive(stack.supervisor)
    if supervised:
        end(stack.supervisor, _SUPERVISOR_SECONDS, asked=stack.status == "stopping")
    return stop_leftovers(home, say) or supervised


def stop_leftovers(home: Path, say: Callable[[str], None]) -> bool:
    """Stops what a killed stack left running, in order. False if there was nothing."""
    stack = read_stack(home)
    if stack is None:
        return False
    left = live_children(stack)
    for group in in_stop_order(left):
        for name in group:
            say(f"stopping {name}, left behind by an earlier stack")
            end(left[name], _CHILD_SECONDS)
    forget_stack(home)
    return bool(left)


def live_children(stack: Stack) -> dict[str, Process]:
    """Those of its processes that still run, by name."""
    return {process.name: process for process in stack.children if is_alive(process)}


def in_stop_order(names: Iterable[str]) -> list[list[str]]:
    """Who uses others goes first: workers, gateway, simulators, Temporal."""
    there = list(names)
    order = (programs.WORKER, programs.GATEWAY, programs.SIMULATORS, programs.TEMPORAL)
    return [[name for name in there if name.startswith(kind)] for kind in order]
