"""The kernel audio distance as kadtk computes it, in PyTorch, for bench/score.mjs.

    python bench/peer_kernel.py FOLDER ROWS DIMENSIONS THREADS

Writes two sets of rows (float32, generated.bin and reference.bin) to FOLDER, then prints one line
of JSON: the distance, its milliseconds, and the peak memory of the process.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch


def kernel_audio_distance(x: torch.Tensor, y: torch.Tensor) -> float:
    """In float32, with whole matrices of distances; y is what the bandwidth is of."""
    bandwidth = torch.median(torch.pdist(y)).item()
    gamma = 1 / (2 * bandwidth**2 + 1e-8)
    x_norms, y_norms = x.square().sum(1), y.square().sum(1)

    def kernel(
        a: torch.Tensor, b: torch.Tensor, a_norms: torch.Tensor, b_norms: torch.Tensor
    ) -> torch.Tensor:
        return torch.exp(-gamma * (a_norms[:, None] + b_norms[None, :] - 2 * (a @ b.T)))

    def mean_within(a: torch.Tensor, norms: torch.Tensor) -> torch.Tensor:
        values = kernel(a, a, norms, norms)
        return values.fill_diagonal_(0).sum() / (len(a) * (len(a) - 1))

    within = mean_within(x, x_norms) + mean_within(y, y_norms)
    return float(100 * (within - 2 * kernel(x, y, x_norms, y_norms).mean()))


def peak_mib() -> float:
    status = Path('/proc/self/status').read_text()
    return int(status.split('VmHWM:')[1].split()[0]) / 1024


def main() -> None:
    folder, count, size = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    torch.set_num_threads(int(sys.argv[4]))
    rng = np.random.RandomState(0)
    scale = np.exp(-np.arange(size) / (size / 8)).astype(np.float32)
    x, y = (
        rng.standard_normal((count, size)).astype(np.float32) * scale + np.float32(shift)
        for shift in (0.02, 0)
    )
    x.tofile(folder / 'generated.bin')
    y.tofile(folder / 'reference.bin')
    started, cpu = time.perf_counter(), time.process_time()
    value = kernel_audio_distance(torch.from_numpy(x), torch.from_numpy(y))
    took, used = time.perf_counter() - started, time.process_time() - cpu
    print(
        json.dumps({'value': value, 'ms': took * 1e3, 'cpuMs': used * 1e3, 'peakMiB': peak_mib()})
    )


if __name__ == '__main__':
    main()
