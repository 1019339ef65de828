"""The waterfall as bars of a terminal: what each month bills and earns, what is left to earn after it."""

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rules.waterfall import WaterfallRow

_FIGURES = (("billed", "▒"), ("earned", "█"), ("remaining", "░"))
_LEAST_BAR = 10


def bars(row: "WaterfallRow", width: int) -> Iterator[str]:
    """Lines of at most `width` columns (wider where the figures alone are); a figure below zero has a bar of
    its size, and its sign in front of the figure. A figure that is not zero has a mark at least.
    """
    figures = [getattr(month, name) for month in row.months for name, _ in _FIGURES]
    digits = max(len(f"{figure:,f}") for figure in figures)
    most = max(abs(figure) for figure in figures)
    longest = max(width - len("2026-01 remaining  ") - digits - 1, _LEAST_BAR)
    yield f"{row.currency}: " + ", ".join(f"{mark} {name}" for name, mark in _FIGURES)
    for month in row.months:
        for place, (name, mark) in enumerate(_FIGURES):
            figure: Decimal = getattr(month, name)
            head = month.month if place == 0 else ""
            bar = mark * _columns(figure, most, longest)
            yield f"{head:7} {name:9} {figure:>{digits},f} {bar}".rstrip()


def _columns(figure: Decimal, most: Decimal, longest: int) -> int:
    if not figure:
        return 0
    return max(int(abs(figure) / most * longest), 1)
