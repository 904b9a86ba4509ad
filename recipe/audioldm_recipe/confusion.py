"""Which class clips are of, and which a judge takes them for: as JSON and as a picture."""

import json
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np

CELL, LEFT, TOP = 26, 130, 130


class Confusion:
    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        self.counts = np.zeros((len(names), len(names)), np.int64)

    def add(self, category: str, probabilities: np.ndarray) -> None:
        self.counts[self.names.index(category), int(probabilities.argmax())] += 1

    def count(self) -> int:
        return int(self.counts.sum())

    def accuracy(self) -> float:
        return float(self.counts.trace() / max(self.count(), 1))

    def of_classes(self) -> dict[str, float]:
        """Class → the part of its clips that is recognised, of the classes that have clips."""
        totals = self.counts.sum(1)
        return {
            name: round(float(self.counts[i, i] / totals[i]), 4)
            for i, name in enumerate(self.names)
            if totals[i] > 0
        }

    def write(self, path: Path, title: str) -> None:
        """`path`.json and `path`.svg."""
        content = {
            'title': title,
            'clips': self.count(),
            'accuracy': round(self.accuracy(), 4),
            'accuracyOfClasses': self.of_classes(),
            'classes': list(self.names),
            'confusion': self.counts.tolist(),
        }
        path.with_suffix('.json').write_text(json.dumps(content, indent=1) + '\n')
        path.with_suffix('.svg').write_text(self.svg(title))

    def svg(self, title: str) -> str:
        """A row for every class that has clips; darker cells have more of them."""
        rows = [i for i in range(len(self.names)) if self.counts[i].sum() > 0]
        size = CELL * len(self.names)
        width, height = LEFT + size + 12, TOP + CELL * len(rows) + 12
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'font-family="sans-serif" font-size="11" fill="#334155">',
            f'<rect width="{width}" height="{height}" fill="#fff"/>',
            f'<text x="12" y="20" font-size="13">{escape(title)}: '
            f'{self.accuracy():.1%} of {self.count()}</text>',
        ]
        for column, name in enumerate(self.names):
            x = LEFT + CELL * column + CELL / 2 + 4
            parts.append(
                f'<text transform="translate({x},{TOP - 6}) rotate(-60)">{words(name)}</text>'
            )
        for row, i in enumerate(rows):
            y = TOP + CELL * row
            parts.append(
                f'<text x="{LEFT - 6}" y="{y + 17}" text-anchor="end">{words(self.names[i])}</text>'
            )
            for column, count in enumerate(self.counts[i]):
                parts.append(
                    cell(LEFT + CELL * column, y, count, self.counts[i].sum(), i == column)
                )
        return '\n'.join([*parts, '</svg>\n'])


def cell(x: int, y: int, count: int, total: int, right: bool) -> str:
    color = '#0f766e' if right else '#c2410c'
    share = count / total
    box = (
        f'<rect x="{x}" y="{y}" width="{CELL - 1}" height="{CELL - 1}" '
        f'fill="{color}" fill-opacity="{0.06 if count == 0 else 0.15 + 0.85 * share:.2f}"/>'
    )
    if count == 0:
        return box
    ink = '#fff' if share > 0.5 else '#334155'
    return box + f'<text x="{x + 12}" y="{y + 17}" text-anchor="middle" fill="{ink}">{count}</text>'


def words(name: str) -> str:
    return escape(name.replace('_', ' '))
