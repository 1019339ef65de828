"""Avalara AvaTax REST v2, simulated from the vendor's published API description."""

from sandbox.avatax.platform import AvaTax
from sandbox.kit.platform import Platform, PlatformConfig
from sandbox.kit.state import State


def create(state: State, *, config: PlatformConfig) -> Platform:
    return AvaTax(state, config=config)


__all__ = ["AvaTax", "create"]
