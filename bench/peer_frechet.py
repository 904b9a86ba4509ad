"""The Fréchet distance by SciPy, for bench/score.mjs.

    python bench/peer_frechet.py FOLDER ROWS DIMENSIONS THREADS

Writes two sets of rows (float64, generated.bin and reference.bin) to FOLDER, then prints one line
of JSON: the distance, and the milliseconds from rows to covariances and of the rest.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import scipy.linalg
import torch


def main() -> None:
    folder, count, size = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    torch.set_num_threads(int(sys.argv[4]))
    rng = np.random.RandomState(0)
    # Spectra that decay, as those of embeddings do.
    scale = np.exp(-np.arange(size) / (size / 8))
    x, y = (rng.standard_normal((count, size)) * scale + shift for shift in (0, 0.1))
    x.tofile(folder / 'generated.bin')
    y.tofile(folder / 'reference.bin')
    started = time.perf_counter()
    cov1, cov2 = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    mean = x.mean(0) - y.mean(0)
    covered = time.perf_counter()
    root = scipy.linalg.sqrtm(cov1 @ cov2)
    value = mean @ mean + np.trace(cov1) + np.trace(cov2) - 2 * np.trace(root).real
    ended = time.perf_counter()
    print(
        json.dumps(
            {
                'value': float(value),
                'statisticsMs': (covered - started) * 1e3,
                'solveMs': (ended - covered) * 1e3,
            }
        )
    )


if __name__ == '__main__':
    main()
