"""Distributions as small histograms, one above the other, so that groups can be compared."""

from dataclasses import dataclass
from xml.sax.saxutils import escape

import numpy as np

BINS, WIDTH, HEIGHT, LEFT, TOP = 48, 320, 44, 150, 52
GAP = 40
COLORS = ('#c2410c', '#0f766e', '#7a8aa0', '#7a8aa0', '#7a8aa0')


@dataclass(frozen=True)
class Panel:
    title: str
    groups: dict[str, np.ndarray]


def strips(title: str, panels: list[Panel]) -> str:
    """All panels have the same groups; a line stands at the median of each."""
    names = list(panels[0].groups)
    width = LEFT + len(panels) * (WIDTH + GAP)
    height = TOP + HEIGHT * len(names) + 32
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'font-family="sans-serif" font-size="11" fill="#334155">',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        f'<text x="12" y="20" font-size="13">{escape(title)}</text>',
    ]
    for row, name in enumerate(names):
        y = TOP + HEIGHT * (row + 1)
        count = len(panels[0].groups[name])
        parts.append(
            f'<text x="{LEFT - 10}" y="{y - 16}" text-anchor="end">{escape(name)}</text>'
            f'<text x="{LEFT - 10}" y="{y - 3}" text-anchor="end" font-size="9" '
            f'fill="#7a8aa0">{count} clips</text>'
        )
    for column, panel in enumerate(panels):
        parts += panel_parts(panel, LEFT + column * (WIDTH + GAP))
    return '\n'.join([*parts, '</svg>\n'])


def panel_parts(panel: Panel, x: int) -> list[str]:
    last = max(float(values.max()) for values in panel.groups.values()) * 1.02 or 1.0
    bottom = TOP + HEIGHT * len(panel.groups)
    parts = [f'<text x="{x}" y="{TOP - 10}">{escape(panel.title)}</text>']
    for row, values in enumerate(panel.groups.values()):
        y = TOP + HEIGHT * (row + 1)
        color = COLORS[min(row, len(COLORS) - 1)]
        counts, _ = np.histogram(values, BINS, (0, last))
        tops = counts / counts.max() * (HEIGHT - 10)
        step = WIDTH / BINS
        bars = ''.join(
            f'M{x + i * step:.1f},{y}v{-top:.1f}h{step - 1:.1f}v{top:.1f}z'
            for i, top in enumerate(tops)
            if top > 0
        )
        middle = x + float(np.median(values)) / last * WIDTH
        parts.append(
            f'<path d="M{x},{y}h{WIDTH}" stroke="#e2e8f0"/>'
            f'<path d="{bars}" fill="{color}" fill-opacity="0.6"/>'
            f'<path d="M{middle:.1f},{y}v{-(HEIGHT - 8)}" stroke="{color}" stroke-width="2"/>'
        )
    for share in (0, 0.5, 1):
        parts.append(
            f'<text x="{x + share * WIDTH:.0f}" y="{bottom + 16}" text-anchor="middle">'
            f'{share * last:.2g}</text>'
        )
    return parts
