"""What intervals are made of, against NumPy: samples drawn anew, and sets without a group."""

from __future__ import annotations

import numpy as np
import scipy.linalg
import scipy.special
from metrics_checks import Checks
from metrics_kernel import FIXED, kernel_audio_distance, squared_distances
from metrics_operations import Operations


def frechet(first: np.ndarray, second: np.ndarray) -> float:
    roots = [(rows - rows.mean(axis=0)) / np.sqrt(len(rows) - 1) for rows in (first, second)]
    apart = first.mean(axis=0) - second.mean(axis=0)
    traces = sum(np.square(root).sum() for root in roots)
    return apart @ apart + traces - 2 * scipy.linalg.svdvals(roots[0] @ roots[1].T).sum()


def counts(count: int, replicates: int, seed: int) -> np.ndarray:
    random = np.random.RandomState(seed)
    draws = [random.randint(0, count, count) for _ in range(replicates)]
    return np.array([np.bincount(each, minlength=count) for each in draws], float)


def check_means(ops: Operations, checks: Checks) -> None:
    values = np.random.default_rng(1).standard_normal((23, 3))
    values[4, 1] = values[9, 1] = np.nan
    (result,) = ops('bootstrap_means', values, replicates=50, seed=7)
    random = np.random.RandomState(7)
    expected = [np.nanmean(values[random.randint(0, 23, 23)], axis=0) for _ in range(50)]
    checks.close('bootstrap means', '23 clips', result, np.array(expected))
    (alone,) = ops('bootstrap_means', np.array([[5.0], [np.nan]]), replicates=40, seed=1)
    both = counts(2, 40, 1)[:, 0] > 0
    checks.true(
        'bootstrap means', 'none of a clip without', bool((np.isnan(alone[:, 0]) == ~both).all())
    )
    bad = ops.outcome('bootstrap_means', values, replicates=0, seed=1)
    checks.fails('replicates', bad, "'replicates'")


def check_inception(ops: Operations, checks: Checks) -> None:
    logits = np.random.default_rng(2).standard_normal((57, 11)) * 3
    p = scipy.special.softmax(logits, axis=1)
    (result,) = ops('inception_bootstrap', logits, splits=5, replicates=20, seed=3)
    random = np.random.RandomState(3)
    expected = []
    for _ in range(20):
        drawn = p[random.randint(0, 57, 57)]
        parts = [drawn[i * 57 // 5 : (i + 1) * 57 // 5] for i in range(5)]
        gains = [(part * np.log(part / part.mean(axis=0))).sum(axis=1).mean() for part in parts]
        expected.append(np.exp(gains).mean())
    checks.close('inception bootstrap', '57 rows', result, np.array(expected))
    far = np.array([[2000.0, 0, -2000], [-2000, 0, 2000]])
    (apart,) = ops('inception_bootstrap', far, splits=1, replicates=30, seed=1)
    mixed = (counts(2, 30, 1) == 1).all(axis=1)
    checks.close('inception bootstrap', 'underflow', apart, np.where(mixed, 2.0, 1.0))
    few = ops.outcome('inception_bootstrap', logits, splits=58, replicates=1, seed=1)
    checks.fails('splits', few, "'splits'")


def deviations(
    xx: np.ndarray, yy: np.ndarray, xy: np.ndarray, w: np.ndarray, v: np.ndarray
) -> np.ndarray:
    """First and second part of Hoeffding's decomposition, from whole kernel matrices."""

    def centred(kernel: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        return kernel - rows[:, None] - columns + rows.mean()

    def within(kernel: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        n = len(kernel)
        off = kernel - np.diag(np.diag(kernel))
        means = off.sum(axis=1) / (n - 1)
        rest = centred(off, means, means)
        np.fill_diagonal(rest, 0)
        return means, np.einsum('bi,ij,bj->b', weights, rest, weights) / (n * (n - 1))

    a, second_x = within(xx, w)
    c, second_y = within(yy, v)
    b, b2 = xy.mean(axis=1), xy.mean(axis=0)
    first = 2 * w @ (a - b - (a - b).mean()) / len(a) + 2 * v @ (c - b2 - (c - b2).mean()) / len(c)
    cross = np.einsum('bi,ij,bj->b', w, centred(xy, b, b2), v) / xy.size
    return np.stack([first, second_x + second_y - 2 * cross], axis=1)


def check_kernels(ops: Operations, checks: Checks) -> None:
    random = np.random.default_rng(3)
    seeds = {'replicates': 12, 'seed_generated': 5, 'seed_reference': 6}
    # One row a clip, more blocks than one, and clips of several rows.
    cases = [([1] * 30, [1] * 41, 8), ([1] * 1500, [1] * 40, 3), ([2, 1, 3, 1, 2], [1, 2, 4], 5)]
    for clips_x, clips_y, columns in cases:
        x = random.standard_normal((sum(clips_x), columns)) + 0.4
        y = random.standard_normal((sum(clips_y), columns))
        w = np.repeat(counts(len(clips_x), 12, 5) - 1, clips_x, axis=1)
        v = np.repeat(counts(len(clips_y), 12, 6) - 1, clips_y, axis=1)
        inputs = (x, y, np.array(clips_x, float), np.array(clips_y, float))
        case = f'{len(x)} and {len(y)} rows of {len(clips_x)} and {len(clips_y)} clips'

        value, _, scatter = ops('kernel_audio_distance', *inputs, **FIXED | seeds)
        expected, bandwidth, _ = kernel_audio_distance(x, y)
        gamma = 1 / (2 * bandwidth**2 + FIXED['epsilon'])
        sets = (x, x), (y, y), (x, y)
        gaussians = [np.exp(-gamma * squared_distances(*each)) for each in sets]
        checks.close('KAD of replicates', case, value[0], expected)
        checks.close('KAD of replicates', case, scatter, 100 * deviations(*gaussians, w, v))

        value, scatter = ops('kernel_bootstrap', *inputs, **seeds)
        cubes = [(a @ b.T / columns + 1) ** 3 for a, b in sets]
        xx, yy = (each - np.diag(np.diag(each)) for each in cubes[:2])
        expected = xx.sum() / (len(x) * (len(x) - 1)) + yy.sum() / (len(y) * (len(y) - 1))
        checks.close('KID of replicates', case, value, [expected - 2 * cubes[2].mean()])
        checks.close('KID of replicates', case, scatter, deviations(*cubes, w, v))

    wrong = (x, y, np.ones(2), inputs[3])
    bad = ops.outcome('kernel_bootstrap', *wrong, **seeds)
    checks.fails('rows of clips', bad, "'rows_of_clips_generated'", '9 rows')


def groups_of(clips: int, groups: int, seed: int) -> np.ndarray:
    group = np.empty(clips, int)
    group[np.random.RandomState(seed).permutation(clips)] = np.arange(clips) * groups // clips
    return group


def check_jackknife(ops: Operations, checks: Checks) -> None:
    random = np.random.default_rng(4)
    for clips_x, clips_y, columns, groups in [
        ([1] * 40, [1] * 61, 6, 20), ([1] * 12, [1] * 15, 30, 12), ([3, 2, 5, 4], [4, 2, 2], 3, 3),
    ]:  # fmt: skip
        x = random.standard_normal((sum(clips_x), columns)) + 0.4
        y = random.standard_normal((sum(clips_y), columns))
        of_x = np.repeat(groups_of(len(clips_x), groups, 8), clips_x)
        of_y = np.repeat(groups_of(len(clips_y), groups, 9), clips_y)
        parameters = {'groups': groups, 'seed_generated': 8, 'seed_reference': 9}
        rows = (x, np.array(clips_x, float))
        (result,) = ops(
            'frechet_jackknife', *rows, y, np.array(clips_y, float), **parameters, count_reference=0
        )
        expected = [frechet(x[of_x != g], y[of_y != g]) for g in range(groups)]
        case = f'{len(x)} and {len(y)} rows in {groups} groups'
        checks.close('FD without a group', case, result, np.array(expected))
        mean, factor = ops('statistics', y)
        (result,) = ops(
            'frechet_jackknife', *rows, mean, factor, **parameters, count_reference=len(y)
        )
        expected = [frechet(x[of_x != g], y) for g in range(groups)]
        checks.close('FD without a group', f'fixed, {case}', result, np.array(expected))

    inputs = (*rows, y, np.array(clips_y, float))
    few = ops.outcome('frechet_jackknife', *inputs, **parameters | {'groups': 4}, count_reference=0)
    checks.fails('groups', few, "'rows_of_clips_reference'", '4 groups')
    rest = ops.outcome(
        'frechet_jackknife',
        *(x[:2], np.ones(2), y, np.array(clips_y, float)),
        **parameters | {'groups': 2},
        count_reference=0,
    )
    checks.fails('rows left', rest, 'fewer than 2 rows')
    stopped = ops.outcome(
        'frechet_jackknife', *inputs, **parameters, count_reference=0, cancel_after=3
    )
    checks.fails('cancelled', stopped, 'ABORTED')


def check(ops: Operations, checks: Checks) -> None:
    check_means(ops, checks)
    check_inception(ops, checks)
    check_kernels(ops, checks)
    check_jackknife(ops, checks)
