"""A log as a picture: one panel a number, in the order in which they first appear."""

import json
from pathlib import Path
from xml.sax.saxutils import escape

Points = list[tuple[float, float]]

WIDTH, HEIGHT, COLUMNS = 320, 180, 3
LEFT, RIGHT, TOP, BOTTOM = 48, 12, 28, 24
TRAINED, EVALUATED = '#7a8aa0', '#c2410c'


def write_curves(log: Path, out: Path, title: str) -> None:
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    panels = panels_of(lines)
    if not panels:
        return
    rows = -(-len(panels) // COLUMNS)
    body = [
        panel(name, series, (i % COLUMNS) * WIDTH, 32 + (i // COLUMNS) * HEIGHT)
        for i, (name, series) in enumerate(panels.items())
    ]
    width, height = COLUMNS * WIDTH, 32 + rows * HEIGHT
    text = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'font-family="sans-serif" font-size="10" fill="#334155">\n'
        f'<rect width="{width}" height="{height}" fill="#fff"/>\n'
        f'<text x="12" y="20" font-size="14">{escape(title)}: grey in training, '
        f'orange on clips that are not trained on</text>\n' + '\n'.join(body) + '\n</svg>\n'
    )
    part = out.with_suffix('.tmp')
    part.write_text(text)
    part.replace(out)


def panels_of(lines: list[dict]) -> dict[str, list[tuple[str, Points]]]:
    series: dict[str, dict[str, Points]] = {}
    for line in lines:
        for color, numbers in ((TRAINED, line), (EVALUATED, line.get('evaluation', {}))):
            for name, value in numbers.items():
                if name not in ('step', 'time') and isinstance(value, (int, float)):
                    series.setdefault(name, {}).setdefault(color, []).append((line['step'], value))
    return {name: list(colors.items()) for name, colors in series.items()}


def panel(name: str, series: list[tuple[str, Points]], x: int, y: int) -> str:
    xs = [point[0] for _, points in series for point in points]
    # The first values are mostly far above all others, which would be flat beside them.
    settled = sorted(point[1] for _, points in series for point in points)
    low, high = settled[0], settled[min(len(settled) - 1, int(len(settled) * 0.97))]
    last, room = max(xs), (high - low) or abs(high) or 1.0

    def place(point: tuple[float, float]) -> str:
        across = LEFT + (WIDTH - LEFT - RIGHT) * point[0] / last
        up = min(max((point[1] - low) / room, 0), 1.05)
        return f'{x + across:.1f},{y + HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * up:.1f}'

    parts = [f'<text x="{x + LEFT}" y="{y + 14}" font-size="12">{escape(name)}</text>']
    for value, line in ((high, y + TOP), (low, y + HEIGHT - BOTTOM)):
        parts.append(
            f'<path d="M{x + LEFT},{line}H{x + WIDTH - RIGHT}" stroke="#e2e8f0"/>'
            f'<text x="{x + LEFT - 4}" y="{line + 3}" text-anchor="end">{value:.3g}</text>'
        )
    parts.append(
        f'<text x="{x + WIDTH - RIGHT}" y="{y + HEIGHT - 8}" text-anchor="end">{last:.0f}</text>'
    )
    for color, points in series:
        path = ' '.join(place(point) for point in thinned(points))
        parts.append(f'<polyline points="{path}" fill="none" stroke="{color}"/>')
    return '\n'.join(parts)


def thinned(points: Points, most: int = 400) -> Points:
    """Means of neighbours, so that a long log stays a small picture."""
    size = -(-len(points) // most)
    groups = [points[i : i + size] for i in range(0, len(points), size)]
    return [(group[-1][0], sum(value for _, value in group) / len(group)) for group in groups]
