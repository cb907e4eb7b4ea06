"""Curves of a soak as SVG: megabytes of each process over minutes."""

from __future__ import annotations

from html import escape

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, LEGEND = 720, 320, 48, 32, 12, 170
# Readable on white and for most kinds of colour blindness.
COLOURS = ("#0b61a4", "#c05000", "#2d7d46", "#8a4b9e", "#7a6a00", "#a02040")


def svg(memory: dict[str, list[tuple[float, float]]]) -> str:
    """Draw them on one pair of axes, from 0 to a tenth above the most."""
    minutes = max((point[0] for series in memory.values() for point in series), default=1.0)
    most = 1.1 * max((point[1] for series in memory.values() for point in series), default=1.0)

    def place(minute: float, megabytes: float) -> str:
        x = LEFT + minute / minutes * (WIDTH - LEFT - LEGEND)
        return f"{x:.1f},{HEIGHT - BOTTOM - megabytes / most * (HEIGHT - BOTTOM - TOP):.1f}"

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"',
        '  font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
    ]
    for share in (0, 0.25, 0.5, 0.75, 1):
        x, y = place(0, share * most).split(",")
        parts.append(f'<path d="M{x} {y}H{WIDTH - LEGEND}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{float(y) + 4:.1f}" text-anchor="end">{share * most:.0f}</text>')
    parts.append(f'<text x="{LEFT}" y="{HEIGHT - 10}">0 min</text>')
    parts.append(f'<text x="{WIDTH - LEGEND}" y="{HEIGHT - 10}" text-anchor="end">{minutes:.0f} min</text>')
    for number, (name, series) in enumerate(memory.items()):
        colour = COLOURS[number % len(COLOURS)]
        points = " ".join(place(*point) for point in series)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        label = f"{escape(name)} {series[-1][1]:.0f} MB"
        parts.append(f'<text x="{WIDTH - LEGEND + 8}" y="{TOP + 16 * number + 8}" fill="{colour}">{label}</text>')
    return "\n".join([*parts, "</svg>", ""])
