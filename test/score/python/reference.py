"""The metrics of score in NumPy and SciPy, on features that were written to files.

JSON in on stdin: {name: {"path", "shape"}} of float32 arrays. JSON out on stdout: the metrics of
the arrays that are there.
"""

import json
import sys

import numpy as np
from scipy.linalg import svdvals
from scipy.special import log_softmax, softmax


def frechet(a: np.ndarray, b: np.ndarray) -> float:
    """Dowson and Landau's distance, the trace of the root from the two centred sets."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    mean_a, mean_b = a.mean(0), b.mean(0)
    root_a = (a - mean_a) / np.sqrt(len(a) - 1)
    root_b = (b - mean_b) / np.sqrt(len(b) - 1)
    root = svdvals(root_a @ root_b.T).sum()
    return float(((mean_a - mean_b) ** 2).sum() + (root_a**2).sum() + (root_b**2).sum() - 2 * root)


def inception_score(logits: np.ndarray, splits: int = 10) -> tuple[float, float]:
    logits = logits.astype(np.float64)
    logits = logits[np.random.RandomState(2020).permutation(len(logits))]
    p, log_p = softmax(logits, axis=1), log_softmax(logits, axis=1)
    n = len(p)
    scores = []
    for i in range(splits):
        part = slice(i * n // splits, (i + 1) * n // splits)
        mean = p[part].mean(0, keepdims=True)
        scores.append(np.exp((p[part] * (log_p[part] - np.log(mean))).sum(1).mean()))
    return float(np.mean(scores)), float(np.std(scores))


def kl(generated: np.ndarray, target: np.ndarray) -> tuple[float, float]:
    generated, target = generated.astype(np.float64), target.astype(np.float64)

    def mean_of(log_p: np.ndarray, q: np.ndarray) -> float:
        return float((np.exp(log_p) * (log_p - np.log(q + 1e-6))).sum(1).mean())

    log_sigmoid = -np.logaddexp(0, -target)
    sigmoid = np.exp(-np.logaddexp(0, -generated))
    return mean_of(log_softmax(target, axis=1), softmax(generated, axis=1)), mean_of(
        log_sigmoid, sigmoid
    )


def kid(a: np.ndarray, b: np.ndarray, subsets: int = 100, size: int = 1000) -> tuple[float, float]:
    a, b = a.astype(np.float64), b.astype(np.float64)
    size = min(size, len(a), len(b))
    random = np.random.RandomState(2020)

    def kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return (x @ y.T / x.shape[1] + 1) ** 3

    values = []
    for _ in range(subsets):
        x = a[random.choice(len(a), size, replace=False)]
        y = b[random.choice(len(b), size, replace=False)]
        within = [
            (k.sum() - np.trace(k)) / (size * (size - 1)) for k in (kernel(x, x), kernel(y, y))
        ]
        values.append(sum(within) - 2 * kernel(x, y).mean())
    return float(np.mean(values)), float(np.std(values))


def kad(generated: np.ndarray, reference: np.ndarray) -> float:
    x, y = generated.astype(np.float64), reference.astype(np.float64)

    def squared_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.stack([((row - b) ** 2).sum(1) for row in a])

    yy = squared_distances(y, y)
    pairs = np.sort(np.sqrt(yy[np.triu_indices(len(y), 1)]))
    gamma = 1 / (2 * pairs[(len(pairs) - 1) // 2] ** 2 + 1e-8)
    xx, xy = squared_distances(x, x), squared_distances(x, y)
    within = [(np.exp(-gamma * d).sum() - len(d)) / (len(d) * (len(d) - 1)) for d in (xx, yy)]
    return float(100 * (sum(within) - 2 * np.exp(-gamma * xy).mean()))


def frechet_infinity(a: np.ndarray, b: np.ndarray, steps: int = 25, smallest: int = 500) -> dict:
    random = np.random.RandomState(2020)
    sizes = [int(n) for n in np.linspace(smallest, len(a), steps)]
    distances = [frechet(a[random.choice(len(a), size=n, replace=True)], b) for n in sizes]
    slope, value = np.polyfit(1 / np.array(sizes), distances, 1)
    return {'value': value, 'slope': slope}


arrays = {
    name: np.fromfile(entry['path'], dtype='<f4').reshape(entry['shape'])
    for name, entry in json.load(sys.stdin).items()
}
result: dict[str, object] = {}
if 'generated_embedding' in arrays:
    embeddings = arrays['generated_embedding'], arrays['reference_embedding']
    result |= {'fd': frechet(*embeddings), 'kid': kid(*embeddings)}
    result['kad'] = kad(*embeddings)
if 'generated_frames' in arrays:
    frames = arrays['generated_frames'], arrays['reference_frames']
    result['fad'] = frechet(*frames)
    result['fad_infinity'] = frechet_infinity(*frames) if len(frames[0]) > 500 else None
if 'generated_logits' in arrays:
    result['is'] = inception_score(arrays['generated_logits'])
    result['kl'] = kl(arrays['generated_logits'], arrays['reference_logits'])
json.dump(result, sys.stdout)
