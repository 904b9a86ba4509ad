"""Statistics, their union and Fréchet distances against NumPy, SciPy and 60-digit arithmetic."""

from __future__ import annotations

import mpmath
import numpy as np
import scipy.linalg
from metrics_checks import Checks
from metrics_operations import Operations

# Within this many units of rounding, relative to the deviation or, for means, to the value itself.
ROUNDING = 1e-12


def scatter(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and scatter in 80-bit arithmetic."""
    wide = rows.astype(np.longdouble)
    mean = wide.mean(axis=0)
    mean += (wide - mean).mean(axis=0)
    return mean.astype(float), ((wide - mean).T @ (wide - mean)).astype(float)


def scipy_distance(first: np.ndarray, second: np.ndarray) -> float:
    """As audioldm_eval computes it, in float64. For covariances that are not singular."""
    sigma1 = np.atleast_2d(np.cov(first, rowvar=False))
    sigma2 = np.atleast_2d(np.cov(second, rowvar=False))
    apart = first.mean(axis=0) - second.mean(axis=0)
    root = scipy.linalg.sqrtm(sigma1 @ sigma2)
    return float(apart @ apart + np.trace(sigma1) + np.trace(sigma2) - 2 * np.trace(root).real)


def exact_distance(first: np.ndarray, second: np.ndarray) -> float:
    """From the eigenvalues of Σ₁Σ₂ with 60 digits, for any covariances."""
    with mpmath.workdps(60):
        means, sigmas = [], []
        for rows in (first, second):
            x = mpmath.matrix(rows.astype(float).tolist())
            ones = mpmath.ones(x.rows, 1)
            mean = ones.T * x / x.rows
            centred = x - ones * mean
            means.append(mean)
            sigmas.append(centred.T * centred / (x.rows - 1))
        apart = means[0] - means[1]
        values = mpmath.eig(sigmas[0] * sigmas[1], left=False, right=False)
        root = sum(mpmath.sqrt(max(mpmath.re(value), mpmath.mpf(0))) for value in values)
        traces = sum(sigma[i, i] for sigma in sigmas for i in range(sigma.rows))
        return float((apart * apart.T)[0] + traces - 2 * root)


class Sets:
    """Rows by their nature."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)

    def normal(self, count: int, size: int) -> np.ndarray:
        """Correlated columns of different spread."""
        mix = self.random.standard_normal((size, size)) * np.geomspace(1, 1e-2, size)
        return self.random.standard_normal((count, size)) @ mix + self.random.standard_normal(size)

    def relu(self, count: int, size: int) -> np.ndarray:
        """As an embedding after ReLU: many zeros, every fourth column dead."""
        rows = np.maximum(self.normal(count, size) - 0.3, 0)
        rows[:, ::4] = 0
        return rows


def statistics(ops: Operations, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    mean, factor = ops('statistics', rows)
    return mean, factor


def distance(ops: Operations, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return ops(
        'frechet_distance',
        *statistics(ops, first),
        *statistics(ops, second),
        count1=len(first),
        count2=len(second),
    )[0]


def check_statistics(ops: Operations, checks: Checks) -> None:
    sets = Sets(1)
    wanted = {
        'one row': sets.normal(1, 3),
        'two rows': sets.normal(2, 5),
        'one column': sets.normal(50, 1),
        'fewer rows than columns': sets.normal(10, 40),
        'more rows than columns': sets.normal(60, 40),
        'many rows': sets.normal(9000, 6),
        'dead columns': sets.relu(300, 20),
        'identical rows': np.tile(sets.normal(1, 7), (33, 1)),
        'all zero': np.zeros((9, 4)),
        'float32': sets.normal(500, 12).astype(np.float32),
        'large means': sets.normal(5000, 8) + 1e6,
        'larger means': sets.normal(5000, 8) + np.array([1e12, -1e11, 0, 1, 1e9, 0, 0, 1e10]),
    }
    for case, rows in wanted.items():
        mean, factor = statistics(ops, rows)
        expected_mean, expected = scatter(rows)
        count, size = rows.shape
        checks.true(
            'rows of the factor', case, len(factor) == (count if count <= 2 * size else size)
        )
        fine = np.abs(mean - expected_mean) <= 4e-16 * np.abs(rows).mean(axis=0)
        checks.true('mean', case, bool(fine.all()))
        checks.close('statistics', case, factor.T @ factor, expected, tolerance=ROUNDING)
        if count > 1:
            covariance = ops('covariance', factor, count=count)[0]
            scale = None if expected.any() else 1.0
            wide = expected / (count - 1)
            checks.close('covariance', case, covariance, wide, scale, ROUNDING)
            if 'means' not in case:  # np.cov itself loses digits there
                narrow = np.atleast_2d(np.cov(rows.astype(float), rowvar=False))
                checks.close('covariance', case, covariance, narrow, scale, ROUNDING)


def check_merging(ops: Operations, checks: Checks) -> None:
    sets = Sets(2)
    for trial, (count, size) in enumerate(
        [(5, 6), (40, 6), (700, 6), (30, 40), (200, 40), (60, 1)]
    ):
        for offset in (0.0, 1e3):
            rows = sets.relu(count, size) if trial % 2 else sets.normal(count, size)
            rows = rows + offset
            cuts = np.sort(
                sets.random.choice(np.arange(1, count), min(count - 1, 9), replace=False)
            )
            parts = [(len(part), *statistics(ops, part)) for part in np.split(rows, cuts)]
            while len(parts) > 1:  # in any order
                second = parts.pop(sets.random.integers(len(parts)))
                first = parts.pop(sets.random.integers(len(parts)))
                merged = ops(
                    'merge_statistics', *first[1:], *second[1:], count1=first[0], count2=second[0]
                )
                parts.append((first[0] + second[0], *merged))
            total, mean, factor = parts[0]
            expected_mean, expected = scatter(rows)
            case = f'{count} rows of {size} about {offset}'
            checks.true('merging', f'{case}: {total} rows', total == count)
            checks.true('merging', f'{case}: {factor.shape}', len(factor) <= 2 * size)
            checks.close('merged mean', case, mean, expected_mean, tolerance=1e-14)
            tolerance = ROUNDING * (1 if offset == 0 else 10)
            checks.close('merged scatter', case, factor.T @ factor, expected, tolerance=tolerance)


def check_distance(ops: Operations, checks: Checks) -> None:
    sets = Sets(3)
    for n1, n2, size in [(30, 25, 4), (90, 40, 16), (500, 300, 30), (70, 5000, 12), (2, 9, 1)]:
        first, second = sets.normal(n1, size), sets.normal(n2, size) * 1.3 + 0.1
        terms = distance(ops, first, second)
        scale = terms[1:4].sum()
        case = f'{n1} and {n2} rows of {size}'
        checks.close('FD to scipy', case, terms[0], scipy_distance(first, second), scale)
        parts = terms[1] + terms[2] + terms[3] - 2 * terms[4]
        checks.close('FD from its terms', case, terms[0], parts, scale, ROUNDING)
        back = distance(ops, second, first)
        checks.close('FD is symmetric', case, terms[0], back[0], scale, ROUNDING)

    singular = {
        'two rows each': (sets.normal(2, 5), sets.normal(2, 5)),
        'fewer rows than columns': (sets.normal(5, 9), sets.normal(4, 9) + 1),
        'one side singular': (sets.normal(4, 6), sets.normal(50, 6)),
        'dead columns': (sets.relu(20, 8), sets.relu(30, 8)),
        'identical rows': (np.tile(sets.normal(1, 4), (6, 1)), sets.normal(9, 4)),
        'far apart in scale': (sets.normal(7, 8) * 1e-6, sets.normal(6, 8) * 1e6),
        'means far away': (sets.normal(6, 8) + 2.0**20, sets.normal(7, 8) + 2.0**20),
        'float32': tuple(sets.relu(5, 8).astype(np.float32) for _ in range(2)),
    }
    for case, (first, second) in singular.items():
        terms = distance(ops, first, second)
        # Means far away hold fewer digits of what lies between them.
        tolerance = max(ROUNDING, 4 * np.spacing(np.abs(first).max()))
        exact = exact_distance(first, second)
        scale = terms[1:4].sum()
        checks.close('singular FD to 60 digits', case, terms[0], exact, scale, tolerance)

    for count, size in [(2, 3), (10, 60), (60, 60), (100, 60), (500, 60), (300, 1)]:
        rows = sets.relu(count, size) + 3
        terms = distance(ops, rows, rows)
        case = f'{count} rows of {size} with themselves'
        shuffled = distance(ops, rows, sets.random.permutation(rows))
        for group, found in (('FD(A, A)', terms), ('FD(A, shuffled A)', shuffled)):
            unclamped = found[1] + (found[2] + found[3] - 2 * found[4])
            checks.close(group, case, [found[0], unclamped], [0, 0], found[2], ROUNDING)
        checks.true('FD(A, A) ≥ 0', case, min(terms[0], shuffled[0]) >= 0)


def check_infinity(ops: Operations, checks: Checks) -> None:
    sets = Sets(4)
    for seed, count, size, steps, smallest in [(0, 400, 3, 25, 50), (2020, 130, 5, 2, 20)]:
        rows, reference = sets.normal(count, size), sets.normal(600, size) + 0.2
        random = np.random.RandomState(seed)
        sizes = [int(n) for n in np.linspace(smallest, count, steps)]
        distances = [
            scipy_distance(rows[random.choice(count, size=n, replace=True)], reference)
            for n in sizes
        ]
        x = 1 / np.array(sizes)
        slope, intercept = np.polyfit(x, distances, 1)
        left = np.sum((distances - (slope * x + intercept)) ** 2)
        r_squared = 1 - left / np.sum((distances - np.mean(distances)) ** 2)
        result = ops(
            'frechet_infinity', rows, *statistics(ops, reference),
            count_reference=600, steps=steps, min_size=smallest, seed=seed,
        )[0]  # fmt: skip
        for name, value, expected in zip(
            ('intercept', 'slope', 'r²', 'largest size'),
            result,
            (intercept, slope, r_squared, count),
            strict=True,
        ):
            checks.close('FD at infinity', f'{name} of {count} rows', value, expected)
    still = np.ones((30, 2))
    result = ops(
        'frechet_infinity', still, *statistics(ops, still),
        count_reference=30, steps=3, min_size=5, seed=1,
    )[0]  # fmt: skip
    checks.close('FD at infinity', 'identical rows', result, [0, 0, 1, 30])


def check_errors(ops: Operations, checks: Checks) -> None:
    rows = np.arange(12.0).reshape(4, 3)
    mean, factor = statistics(ops, rows)
    sick = rows.copy()
    sick[2, 1] = np.nan
    infinite = rows.astype(np.float32)
    infinite[0, 0] = np.inf
    counts = {'count1': 4, 'count2': 4}

    def fails(case: str, words: tuple[str, ...], name: str, *inputs: np.ndarray, **numbers: float):
        checks.fails(case, ops.outcome(name, *inputs, **numbers), 'ENGINE_FAILED', *words)

    fails('NaN', ("'rows'", 'finite'), 'statistics', sick)
    fails('infinity', ("'rows'", 'finite'), 'statistics', infinite)
    fails('no rows', ("'rows'", 'empty'), 'statistics', np.zeros((0, 3)))
    fails('no columns', ("'rows'", 'empty'), 'statistics', np.zeros((3, 0)))
    fails('one dimension', ("'rows'", 'dimensions'), 'statistics', np.zeros(3))
    fails('no input', ("'rows'", 'missing'), 'statistics')
    fails('too large', ('too large',), 'statistics', np.full((4, 2), 1.7e308))
    fails('no count', ("'count'", 'missing'), 'covariance', factor)
    fails('count of one', ("'count'",), 'covariance', factor, count=1)
    fails('count not whole', ("'count'",), 'covariance', factor, count=2.5)
    fails('count NaN', ("'count'",), 'covariance', factor, count=np.nan)
    fails('too large', ('too large',), 'covariance', np.full((4, 2), 1e300), count=4)
    for name in ('merge_statistics', 'frechet_distance'):
        fails('lengths', ('3 values', '2'), name, mean, factor, mean[:2], factor[:, :2], **counts)
        fails(
            'columns', ("'factor1'", "'mean1'"), name, mean, factor[:, :2], mean, factor, **counts
        )
        fails('NaN', ("'mean2'", 'finite'), name, mean, factor, mean * np.nan, factor, **counts)
        fails('missing', ("'factor2'", 'missing'), name, mean, factor, mean, **counts)
        fails('count2', ("'count2'",), name, mean, factor, mean, factor, count1=4, count2=0)
    fails(
        'one row', ("'count1'",), 'frechet_distance', mean, factor, mean, factor, count1=1, count2=4
    )
    huge = factor * 1e200
    fails('too large', ('too large',), 'frechet_distance', mean, huge, mean, huge, **counts)
    infinity = {'count_reference': 4, 'steps': 5, 'min_size': 2, 'seed': 0}
    name = 'frechet_infinity'
    fails(
        'few rows',
        ("'rows_generated'", 'min_size'),
        name,
        rows,
        mean,
        factor,
        **infinity | {'min_size': 4},
    )
    fails('one step', ("'steps'",), name, rows, mean, factor, **infinity | {'steps': 1})
    fails('seed', ("'seed'",), name, rows, mean, factor, **infinity | {'seed': -1})
    fails('lengths', ("'rows_generated'",), name, rows[:, :2], mean, factor, **infinity)
    fails('unknown', ("'frechet'",), 'frechet')
    for name, inputs, numbers in [
        ('statistics', (rows,), {}),
        ('frechet_distance', (mean, factor, mean, factor), counts),
        ('frechet_infinity', (rows, mean, factor), infinity),
    ]:
        checks.fails(name, ops.outcome(name, *inputs, **numbers, cancel_after=0), 'ABORTED')
    late = ops.outcome('frechet_infinity', rows, mean, factor, **infinity, cancel_after=15)
    checks.fails('frechet_infinity, later', late, 'ABORTED')


def check(ops: Operations, checks: Checks) -> None:
    check_statistics(ops, checks)
    check_merging(ops, checks)
    check_distance(ops, checks)
    check_infinity(ops, checks)
    check_errors(ops, checks)
