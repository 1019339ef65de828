"""The waterfall as an SVG: bars of what each month bills and earns, lines of what stands at its end."""

from collections.abc import Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rules.waterfall import WaterfallMonth, WaterfallRow

_TOP, _BOTTOM, _LEFT, _RIGHT = 48, 56, 96, 24
_HEIGHT, _MONTH_WIDTH, _LEAST_WIDTH, _MOST_WIDTH = 420, 64, 560, 1320
_LABEL_WIDTH, _POINT_WIDTH = 56, 16
"""A month's label takes so much; where the months are closer than a point, lines alone are drawn."""
_STEPS = 5
_BARS = (("billed", "#8fb4d9"), ("earned", "#2f6b3c"))
_LINES = (("remaining", "#5b3a8c", ""), ("unbilled", "#1a7f8e", "2 4"), ("deferred", "#b4540a", "7 4"))
"""In the order in which they are drawn: where two are one, the dashes of the later show both."""
_TICKS = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))


def svg(row: "WaterfallRow") -> str:
    """The picture of a row; every bar and point tells its month and amount when pointed at."""
    return "\n".join(["<?xml version='1.0' encoding='UTF-8'?>", *_Picture(row).parts(), "</svg>", ""])


class _Picture:
    def __init__(self, row: "WaterfallRow") -> None:
        self._row = row
        wanted = min(_LEFT + _RIGHT + _MONTH_WIDTH * len(row.months), _MOST_WIDTH)
        self._width = max(_LEAST_WIDTH, wanted)
        self._slot = Decimal(self._width - _LEFT - _RIGHT) / len(row.months)
        self._lines = [line for line in _LINES if any(getattr(month, line[0]) for month in row.months)]
        names = [*(name for name, _ in _BARS), *(name for name, _, _ in self._lines)]
        figures = [getattr(month, name) for month in row.months for name in names]
        self._step = _step(max(*figures, Decimal(0)) - min(*figures, Decimal(0)))
        highest, lowest = max(*figures, Decimal(0)) / self._step, min(*figures, Decimal(0)) / self._step
        self._most = self._step * max(highest.to_integral_value(ROUND_CEILING), Decimal(1))
        self._least = self._step * lowest.to_integral_value(ROUND_FLOOR)

    def parts(self) -> Iterator[str]:
        title = f"Revenue waterfall, {self._row.currency}, {self._row.months[0].month} to "
        title += self._row.months[-1].month
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self._width} {_HEIGHT}" '
            f'width="{self._width}" height="{_HEIGHT}" font-family="sans-serif" font-size="12">'
        )
        yield f"<title>{escape(title)}</title>"
        yield f'<rect width="{self._width}" height="{_HEIGHT}" fill="white"/>'
        yield f'<text x="{_LEFT}" y="20" font-size="15" font-weight="bold">{escape(title)}</text>'
        yield from self._legend()
        yield from self._grid()
        for index, month in enumerate(self._row.months):
            yield from self._bars(index, month)
        for name, colour, dashes in self._lines:
            yield from self._line(name, colour, dashes)

    def _legend(self) -> Iterator[str]:
        for place, (name, colour) in enumerate(_BARS):
            x = _LEFT + place * 110
            yield f'<rect x="{x}" y="30" width="12" height="10" fill="{colour}"/>'
            yield f'<text x="{x + 17}" y="39">{name}</text>'
        for place, (name, colour, dashes) in enumerate(self._lines, start=len(_BARS)):
            x = _LEFT + place * 110
            yield f'<line x1="{x}" x2="{x + 24}" y1="35" y2="35" {_stroke(colour, dashes)}/>'
            yield f'<text x="{x + 29}" y="39">{name}</text>'

    def _grid(self) -> Iterator[str]:
        value = self._least
        while value <= self._most:
            y, weight = self._y(value), "#666" if value == 0 else "#ddd"
            yield f'<line x1="{_LEFT}" x2="{self._width - _RIGHT}" y1="{y}" y2="{y}" stroke="{weight}"/>'
            yield f'<text x="{_LEFT - 8}" y="{y + 4}" text-anchor="end">{value:,f}</text>'
            value += self._step

    def _bars(self, index: int, month: "WaterfallMonth") -> Iterator[str]:
        left = _LEFT + self._slot * index
        width = self._slot * Decimal("0.36")
        for place, (name, colour) in enumerate(_BARS):
            amount: Decimal = getattr(month, name)
            x = left + self._slot * Decimal("0.12") + width * place
            top, bottom = sorted((self._y(amount), self._y(Decimal(0))))
            size = f'width="{width:.1f}" height="{bottom - top:.1f}"'
            yield (
                f'<rect x="{x:.1f}" y="{top}" {size} fill="{colour}">'
                f"<title>{month.month} {name} {amount:,f}</title></rect>"
            )
        if index % self._labelled:
            return
        middle = left + self._slot / 2
        yield f'<text x="{middle:.1f}" y="{_HEIGHT - _BOTTOM + 20}" text-anchor="middle">{month.month}</text>'

    @property
    def _labelled(self) -> int:
        """Every how manyth month has its label."""
        return int((_LABEL_WIDTH / self._slot).to_integral_value(ROUND_CEILING))

    def _line(self, name: str, colour: str, dashes: str) -> Iterator[str]:
        points, radius = [], "3.5" if self._slot >= _POINT_WIDTH else "1.5"
        for index, month in enumerate(self._row.months):
            amount: Decimal = getattr(month, name)
            x, y = _LEFT + self._slot * (index + Decimal("0.5")), self._y(amount)
            points.append(f"{x:.1f},{y}")
            yield (
                f'<circle cx="{x:.1f}" cy="{y}" r="{radius}" fill="{colour}">'
                f"<title>{month.month} {name} {amount:,f}</title></circle>"
            )
        yield f'<polyline points="{" ".join(points)}" fill="none" {_stroke(colour, dashes)}/>'

    def _y(self, amount: Decimal) -> Decimal:
        """How far down an amount stands, in tenths of a pixel."""
        height = Decimal(_HEIGHT - _TOP - _BOTTOM)
        share: Decimal = (self._most - amount) / (self._most - self._least)
        return (_TOP + height * share).quantize(Decimal("0.1"))


def _stroke(colour: str, dashes: str) -> str:
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'stroke="{colour}" stroke-width="2"{dashed}'


def _step(span: Decimal) -> Decimal:
    """A round distance of the grid's lines: 1, 2, 2.5 or 5 times a power of ten."""
    if span == 0:
        return Decimal(1)
    rough = span / _STEPS
    power = Decimal(1).scaleb(rough.adjusted())
    return next(tick * power for tick in _TICKS if tick * power >= rough)
