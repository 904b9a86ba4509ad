"""Collects comparisons: the largest error of every group, and what was wrong."""

from __future__ import annotations

import numpy as np
from metrics_operations import Outcome

TOLERANCE = 1e-9


class Checks:
    def __init__(self) -> None:
        self.count = 0
        self.wrong: list[str] = []
        self.largest: dict[str, float] = {}

    def close(
        self,
        group: str,
        case: str,
        value: np.ndarray | float,
        expected: np.ndarray | float,
        scale: float | None = None,
        tolerance: float = TOLERANCE,
    ) -> None:
        """The largest error, relative to `scale` or else to the largest expected value."""
        self.count += 1
        value, expected = np.asarray(value, float), np.asarray(expected, float)
        if value.shape != expected.shape:
            self.wrong.append(f'{group} {case}: shape {value.shape} for {expected.shape}')
            return
        unit = scale if scale is not None else float(np.abs(expected).max())
        error = float(np.abs(value - expected).max()) / (unit or 1.0)
        self.largest[group] = max(self.largest.get(group, 0.0), error)
        if not error <= tolerance:
            self.wrong.append(f'{group} {case}: {value} for {expected} ({error:.1e})')

    def true(self, group: str, case: str, condition: bool) -> None:
        self.count += 1
        if not condition:
            self.wrong.append(f'{group} {case}')

    def fails(self, case: str, outcome: Outcome, *words: str) -> None:
        """The request failed, and its message says all of the words."""
        self.count += 1
        if not outcome.error or not all(word in outcome.error for word in words):
            self.wrong.append(f'{case}: {outcome.error or "no error"!r}, expected one with {words}')

    def report(self) -> int:
        for problem in self.wrong:
            print(problem)
        print(f'{self.count} checks, {len(self.wrong)} wrong; largest relative errors:')
        for group, error in self.largest.items():
            print(f'  {group}: {error:.1e}')
        return 1 if self.wrong else 0
