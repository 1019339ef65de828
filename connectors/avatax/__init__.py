"""Avalara AvaTax as our tax engine."""

from connectors.avatax.connector import AvaTax, create
from connectors.avatax.settings import AvaTaxSettings

__all__ = ["AvaTax", "AvaTaxSettings", "create"]
