"""Inception score, divergences, kernel distance and their random numbers against NumPy."""

from __future__ import annotations

import numpy as np
import scipy.special
from metrics_checks import Checks
from metrics_operations import Operations

ROUNDING = 1e-12


def check_random(ops: Operations, checks: Checks) -> None:
    for seed in (0, 1, 2020, 2**32 - 1):
        for count in (0, 1, 2, 3, 64, 65, 1000, 70_000):
            random = np.random.RandomState(seed)
            shuffled = np.arange(count)
            random.shuffle(shuffled)
            chosen = random.choice(count, count // 2, replace=False) if count else np.zeros(0)
            first, second = ops('permutation', seed=seed, count=count, times=2)
            case = f'{count} with seed {seed}'
            checks.true('shuffle', case, np.array_equal(first, shuffled))
            checks.true('choice', case, np.array_equal(second[: count // 2], chosen))
        for count in (1, 2, 1000, 2**16, 2**31, 2**32 - 1, 2**32):
            (drawn,) = ops('integers', seed=seed, count=count, size=2000)
            random = np.random.RandomState(seed)
            expected = random.randint(0, count, size=2000, dtype=np.int64)
            checks.true('randint', f'{count} with seed {seed}', np.array_equal(drawn, expected))
            if count <= 2**16:
                expected = np.random.RandomState(seed).choice(count, 2000, replace=True)
                checks.true('choice', f'{count}, seed {seed}', np.array_equal(drawn, expected))


def inception_score(logits: np.ndarray, splits: int, seed: int) -> tuple[float, float]:
    count = len(logits)
    shuffled = logits[np.random.RandomState(seed).permutation(count)].astype(float)
    p, log_p = scipy.special.softmax(shuffled, axis=1), scipy.special.log_softmax(shuffled, axis=1)
    scores = []
    for i in range(splits):
        part = slice(i * count // splits, (i + 1) * count // splits)
        marginal = p[part].mean(axis=0, keepdims=True)
        scores.append(np.exp((p[part] * (log_p[part] - np.log(marginal))).sum(axis=1).mean()))
    return float(np.mean(scores)), float(np.std(scores))


def check_inception_score(ops: Operations, checks: Checks) -> None:
    random = np.random.default_rng(5)
    for count, classes, splits, seed, spread in [
        (10, 527, 10, 2020, 2), (403, 527, 10, 2020, 4), (26, 5, 3, 0, 10), (7, 3, 1, 9, 50),
        (1, 4, 1, 2020, 1), (64, 1, 8, 2020, 1),
    ]:  # fmt: skip
        for dtype in (np.float64, np.float32):
            logits = (random.standard_normal((count, classes)) * spread - 5).astype(dtype)
            result = ops('inception_score', logits, splits=splits, seed=seed)[0]
            expected = inception_score(logits, splits, seed)
            checks.close('inception score', f'{logits.shape} in {splits}', result, expected)
    apart = np.array([[2000.0, 0, -2000], [2000, 0, -2000], [-2000, 0, 2000], [-2000, 0, 2000]])
    result = ops('inception_score', apart, splits=1, seed=1)[0]
    checks.close('inception score', 'probabilities that underflow', result, [2, 0])

    few = ops.outcome('inception_score', apart, splits=5, seed=1)
    checks.fails('few rows', few, "'logits'", '4 rows', '5 splits')
    checks.fails('splits', ops.outcome('inception_score', apart, splits=0, seed=1), "'splits'")
    checks.fails('seed', ops.outcome('inception_score', apart, splits=1, seed=2**32), "'seed'")
    sick = ops.outcome('inception_score', apart * np.nan, splits=1, seed=1)
    checks.fails('NaN', sick, "'logits'", 'finite')
    stopped = ops.outcome('inception_score', apart, splits=3, seed=1, cancel_after=2)
    checks.fails('cancelled', stopped, 'ABORTED')


def check_kl_divergence(ops: Operations, checks: Checks) -> None:
    random = np.random.default_rng(6)

    def xlogx_over(p: np.ndarray, q: np.ndarray, epsilon: float) -> np.ndarray:
        return (scipy.special.xlogy(p, p) - p * np.log(q + epsilon)).sum(axis=1)

    for count, classes, spread, epsilon in [(1, 2, 1, 1e-6), (60, 527, 5, 1e-6), (9, 7, 400, 1e-3)]:
        for dtype in (np.float64, np.float32):
            generated = (random.standard_normal((count, classes)) * spread).astype(dtype)
            target = (random.standard_normal((count, classes)) * spread).astype(dtype)
            g, t = generated.astype(float), target.astype(float)
            softmax = xlogx_over(
                scipy.special.softmax(t, axis=1), scipy.special.softmax(g, axis=1), epsilon
            )
            sigmoid = xlogx_over(scipy.special.expit(t), scipy.special.expit(g), epsilon)
            result = ops('kl_divergence', generated, target, epsilon=epsilon)[0]
            case = f'{generated.shape} of spread {spread}'
            checks.close('KL softmax', case, result[:, 0], softmax)
            checks.close('KL sigmoid', case, result[:, 1], sigmoid)
    logits = random.standard_normal((3, 5))
    same = ops('kl_divergence', logits, logits, epsilon=1e-6)[0]
    checks.true(
        'KL', 'ε makes KL(A, A) negative', bool(((same[:, 0] < 0) & (same[:, 0] > -1e-4)).all())
    )

    shapes = ops.outcome('kl_divergence', logits, logits[:2], epsilon=1e-6)
    checks.fails('shapes', shapes, "'logits_generated'", "'logits_target'")
    checks.fails('epsilon', ops.outcome('kl_divergence', logits, logits, epsilon=0), "'epsilon'")
    sick = ops.outcome('kl_divergence', logits, logits / 0.0, epsilon=1e-6)
    checks.fails('infinity', sick, "'logits_target'", 'finite')


def kernel_distance(
    first: np.ndarray, second: np.ndarray, subsets: int, subset_size: int, seed: int
) -> tuple[float, float]:
    size = min(subset_size, len(first), len(second))
    random = np.random.RandomState(seed)

    def kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return (x @ y.T / x.shape[1] + 1) ** 3

    values = []
    for _ in range(subsets):
        x = first[random.choice(len(first), size, replace=False)].astype(float)
        y = second[random.choice(len(second), size, replace=False)].astype(float)
        xx, yy, xy = kernel(x, x), kernel(y, y), kernel(x, y)
        within = xx.sum() - np.trace(xx) + yy.sum() - np.trace(yy)
        values.append(within / (size * (size - 1)) - 2 * xy.sum() / size**2)
    return float(np.mean(values)), float(np.std(values))


def check_kernel_distance(ops: Operations, checks: Checks) -> None:
    random = np.random.default_rng(7)
    # Whole sets, overlapping subsets, subsets of many more rows, one subset, the smallest.
    for n1, n2, columns, subsets, size in [
        (40, 60, 16, 9, 1000), (1300, 700, 24, 20, 600), (3000, 2500, 8, 4, 50),
        (90, 80, 5, 1, 30), (2, 2, 3, 5, 2), (30, 2, 1, 7, 1000),
    ]:  # fmt: skip
        for dtype in (np.float64, np.float32):
            first = np.maximum(random.standard_normal((n1, columns)), 0).astype(dtype)
            second = np.maximum(random.standard_normal((n2, columns)) + 0.3, 0).astype(dtype)
            parameters = {'subsets': subsets, 'subset_size': size, 'seed': 2020}
            result = ops('kernel_distance', first, second, **parameters)[0]
            expected = kernel_distance(first, second, **parameters)
            checks.close('kernel distance', f'{n1} and {n2} rows of {columns}', result, expected)

    rows = random.standard_normal((6, 3))
    fine = {'subsets': 3, 'subset_size': 4, 'seed': 1}
    for case, inputs, changed, words in [
        ('one row', (rows[:1], rows), {}, ("'rows_generated'", '2 rows')),
        ('lengths', (rows, rows[:, :2]), {}, ("'rows_generated'", "'rows_reference'")),
        ('subset_size', (rows, rows), {'subset_size': 1}, ("'subset_size'",)),
        ('subsets', (rows, rows), {'subsets': 0}, ("'subsets'",)),
        ('NaN', (rows, rows * np.nan), {}, ("'rows_reference'", 'finite')),
        ('too large', (rows * 1e200, rows), {}, ('too large',)),
    ]:
        checks.fails(case, ops.outcome('kernel_distance', *inputs, **fine | changed), *words)
    stopped = ops.outcome('kernel_distance', rows, rows, **fine, cancel_after=1)
    checks.fails('cancelled', stopped, 'ABORTED')


def check_vggish_postprocess(ops: Operations, checks: Checks) -> None:
    random = np.random.default_rng(8)
    rows = random.standard_normal((50, 128)).astype(np.float32)
    vectors, _ = np.linalg.qr(random.standard_normal((128, 128)))
    means = random.standard_normal(128) * 0.1
    vectors = vectors * 1.5
    whitened = (rows.astype(float) - means) @ vectors.T
    expected = np.round((np.clip(whitened, -2, 2) + 2) * (255 / 4))
    result = ops('vggish_postprocess', rows, vectors, means)[0]
    checks.close('vggish_postprocess', '50 rows', result, expected)
    checks.true('vggish_postprocess', 'clips', result.min() == 0 and result.max() == 255)
    bad = ops.outcome('vggish_postprocess', rows, vectors[:, :5], means)
    checks.fails('vectors', bad, "'eigen_vectors'", '128')
    checks.fails('means', ops.outcome('vggish_postprocess', rows, vectors, means[:5]), "'means'")


def check(ops: Operations, checks: Checks) -> None:
    check_random(ops, checks)
    check_inception_score(ops, checks)
    check_kl_divergence(ops, checks)
    check_kernel_distance(ops, checks)
    check_vggish_postprocess(ops, checks)
