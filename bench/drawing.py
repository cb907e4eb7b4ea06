"""Curves as SVG: small, and readable on light and on dark."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, LEGEND = 720, 320, 64, 44, 24, 190
# For most kinds of colour blindness; the second is for dark.
COLOURS = (
    ("#0b61a4", "#7ab8ee"),
    ("#c05000", "#f2a15f"),
    ("#2d7d46", "#7ccb94"),
    ("#8a4b9e", "#d0a0e0"),
    ("#7a6a00", "#d2c25a"),
    ("#a02040", "#f08aa4"),
)
LIGHT, DARK = ("#fff", "#333", "#ddd"), ("#16181c", "#ddd", "#3a3d44")

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Axis:
    """Name of what an axis counts, and whether equal steps multiply."""

    label: str
    is_log: bool = False

    def ticks(self, values: Sequence[float]) -> list[float]:
        """Places of its lines: powers of ten around the values, or quarters from 0 to a tenth above the most."""
        if self.is_log:
            first, last = (math.log10(max(value, 1e-9)) for value in (min(values), max(values)))
            return [10.0**power for power in range(math.floor(first), max(math.ceil(last), math.floor(first) + 1) + 1)]
        return [quarter * 1.1 * (max(values) or 1.0) / 4 for quarter in range(5)]

    def share(self, value: float, ticks: Sequence[float]) -> float:
        """Place of a value along the axis, from 0 to 1."""
        first, last = ticks[0], ticks[-1]
        if self.is_log:
            return math.log(max(value, first) / first) / math.log(last / first)
        return (value - first) / (last - first)


def svg(series: Mapping[str, Points], *, x: Axis, y: Axis, unit: str = "") -> str:
    """Draw them on one pair of axes, each named with its last value and the unit."""
    xs = x.ticks([point[0] for points in series.values() for point in points] or [1.0])
    ys = y.ticks([point[1] for points in series.values() for point in points] or [1.0])

    def place(point: tuple[float, float]) -> tuple[float, float]:
        return (
            LEFT + x.share(point[0], xs) * (WIDTH - LEFT - LEGEND),
            HEIGHT - BOTTOM - y.share(point[1], ys) * (HEIGHT - BOTTOM - TOP),
        )

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"',
        '  font-family="sans-serif" font-size="12">',
        _style(),
        f'<rect class="back" width="{WIDTH}" height="{HEIGHT}"/>',
    ]
    for tick in ys:
        _, at = place((xs[0], tick))
        parts.append(f'<path class="grid" d="M{LEFT} {at:.1f}H{WIDTH - LEGEND}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{_number(tick)}</text>')
    for tick in xs:
        at, _ = place((tick, ys[0]))
        parts.append(f'<path class="grid" d="M{at:.1f} {TOP}V{HEIGHT - BOTTOM}"/>')
        parts.append(f'<text x="{at:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{_number(tick)}</text>')
    parts.append(f'<text x="{LEFT}" y="14">{escape(y.label)}</text>')
    parts.append(f'<text x="{WIDTH - LEGEND}" y="{HEIGHT - 10}" text-anchor="end">{escape(x.label)}</text>')
    for number, (name, points) in enumerate(series.items()):
        line = number % len(COLOURS)
        drawn = " ".join(f"{across:.1f},{down:.1f}" for across, down in map(place, points))
        parts.append(f'<polyline class="line s{line}" points="{drawn}"/>')
        label = f"{escape(name)} {_number(points[-1][1])} {escape(unit)}".rstrip()
        parts.append(f'<text class="s{line}" x="{WIDTH - LEGEND + 8}" y="{TOP + 16 * number + 8}">{label}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _style() -> str:
    """Both kinds of colours; whoever shows the picture says which."""

    def rules(back: str, ink: str, grid: str, lines: Sequence[str]) -> str:
        each = "".join(f".s{n}{{fill:{colour};stroke:{colour}}}" for n, colour in enumerate(lines))
        return f".back{{fill:{back}}}text{{fill:{ink}}}.grid{{stroke:{grid}}}{each}"

    light, dark = rules(*LIGHT, [pair[0] for pair in COLOURS]), rules(*DARK, [pair[1] for pair in COLOURS])
    shape = "text{stroke:none!important}.line{fill:none!important;stroke-width:1.5}"
    return f"<style>{light}{shape}@media(prefers-color-scheme:dark){{{dark}}}</style>"


def _number(value: float) -> str:
    """Three digits at most, thousands set apart: 0.04, 3.5, 1,000,000."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
