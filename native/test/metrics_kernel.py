"""The kernel audio distance against NumPy, from differences of rows in float64."""

from __future__ import annotations

import numpy as np
from metrics_checks import Checks
from metrics_operations import Operations

TOLERANCE = 1e-10
FIXED = {'scale': 100, 'epsilon': 1e-8, 'replicates': 0}


def squared_distances(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.stack([np.square(row - y).sum(axis=1) for row in x])


def kernel_audio_distance(
    generated: np.ndarray, reference: np.ndarray
) -> tuple[float, float, np.ndarray]:
    x, y = generated.astype(float), reference.astype(float)
    xx, yy, xy = squared_distances(x, x), squared_distances(y, y), squared_distances(x, y)
    distances = np.sort(np.sqrt(yy[np.triu_indices(len(y), 1)]))
    bandwidth = distances[(len(distances) - 1) // 2]
    gamma = 1 / (2 * bandwidth**2 + FIXED['epsilon'])

    def within(squares: np.ndarray) -> np.ndarray:
        kernel = np.exp(-gamma * squares)
        np.fill_diagonal(kernel, 0)
        return kernel.sum(axis=1) / (len(kernel) - 1)

    by_row = within(xx) + within(yy).mean() - 2 * np.exp(-gamma * xy).mean(axis=1)
    return FIXED['scale'] * by_row.mean(), bandwidth, FIXED['scale'] * by_row


def sets(random: np.random.Generator) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    def normal(count: int, columns: int, shift: float = 0.0, spread: float = 1.0) -> np.ndarray:
        return random.standard_normal((count, columns)) * spread + shift

    one = normal(1, 5)
    clusters = np.repeat(normal(4, 24, spread=50), 30, axis=0) + normal(120, 24, spread=1e-4)
    halves = np.concatenate([np.repeat(one, 20, axis=0), normal(9, 5)])
    return {
        '400 × 600 rows of 128': (normal(400, 128, 0.1), normal(600, 128)),
        '400 × 600 rows of 2048': (
            np.maximum(normal(400, 2048, 0.1), 0),
            np.maximum(normal(600, 2048), 0),
        ),
        # More pairs than are gathered at once, so the median is counted.
        '150 × 3000 rows of 6': (normal(150, 6, 0.5), normal(3000, 6)),
        # The same where a digit of the median is shared by nearly all: counted three times.
        '20 × 3000 rows that are equal or nearly': (
            normal(20, 2),
            np.where(np.arange(3000)[:, None] % 2 == 0, 1.0, 2.0) + normal(3000, 2, spread=1e-9),
        ),
        # Of more than gathered at once all are equal.
        '20 × 3200 rows of two kinds': (normal(20, 2), np.repeat([[0.0, 0], [3, 4]], 1600, axis=0)),
        'two rows': (normal(2, 3), normal(2, 3)),
        'rows far apart': (normal(30, 16, 1e6), normal(40, 16)),
        'rows far from the origin': (normal(50, 12, 1e5, 1e-2), normal(60, 12, 1e5, 1e-2)),
        'tight clusters': (clusters[:50], clusters),
        'half of a set far away': (
            np.concatenate([normal(20, 8), normal(20, 8, 1e7)]),
            normal(50, 8),
        ),
        'equal rows': (np.repeat(one, 7, axis=0), np.repeat(one, 9, axis=0)),
        'equal rows of others': (np.repeat(one, 7, axis=0), np.repeat(one + 1, 9, axis=0)),
        'mostly equal references': (np.concatenate([normal(9, 5), one]), halves),
    }


def check(ops: Operations, checks: Checks) -> None:
    for case, rows in sets(np.random.default_rng(9)).items():
        for dtype in (np.float64, np.float32):
            generated, reference = (each.astype(dtype) for each in rows)
            result, by_row = ops('kernel_audio_distance', generated, reference, **FIXED)
            value, bandwidth, expected = kernel_audio_distance(generated, reference)
            group, case_of = 'kernel audio distance', f'{case}, {dtype.__name__}'
            checks.close(group, case_of, result[0], value, tolerance=TOLERANCE)
            checks.close(group, f'bandwidth, {case_of}', result[1], bandwidth, tolerance=TOLERANCE)
            checks.close(group, f'by row, {case_of}', by_row, expected, tolerance=TOLERANCE)

    rows = np.random.default_rng(10).standard_normal((6, 3))
    same = ops('kernel_audio_distance', rows, rows, **FIXED)[0][0]
    checks.true('kernel audio distance', 'a set with itself is below 0', same < 0)
    zero = ops('kernel_audio_distance', rows, np.ones((5, 3)), **FIXED)[0]
    # The kernel is 1 among the references and 0 elsewhere.
    checks.close('kernel audio distance', 'bandwidth 0', zero, [100, 0])

    for case, inputs, changed, words in [
        ('one row', (rows, rows[:1]), {}, ("'rows_reference'", '2 rows')),
        ('lengths', (rows, rows[:, :2]), {}, ("'rows_generated'", "'rows_reference'")),
        ('epsilon', (rows, rows), {'epsilon': 0}, ("'epsilon'",)),
        ('NaN', (rows, rows * np.nan), {}, ("'rows_reference'", 'finite')),
        ('too large', (rows * 1e200, rows), {}, ('too large',)),
        ('too large references', (rows, rows * 1e200), {}, ('too large',)),
    ]:
        checks.fails(case, ops.outcome('kernel_audio_distance', *inputs, **FIXED | changed), *words)
    stopped = ops.outcome('kernel_audio_distance', rows, rows, **FIXED, cancel_after=2)
    checks.fails('cancelled', stopped, 'ABORTED')
