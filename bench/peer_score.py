"""The peer of bench/score.mjs: the evaluator's steps in plain PyTorch, SciPy and NumPy.

    python bench/peer_score.py GENERATED REFERENCE PANNS VGGISH THREADS

Prints one line of JSON. It follows audioldm_eval's CNN14 path: one clip at a time in float32, each
read once per network, features kept as rows, `scipy.linalg.sqrtm` for the Fréchet distance.
"""

import json
import math
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import scipy.linalg
import scipy.special
import soundfile
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

sys.path.insert(0, str(Path(__file__).parent.parent / 'export' / 'tests'))

from reference_cnn14 import load_cnn14
from reference_vggish import load_vggish

RATE = 16000
MIN_SAMPLES = 32000


def sinc_kernel(orig: int, new: int, width: int = 6, rolloff: float = 0.99) -> tuple[Tensor, int]:
    """torchaudio's windowed-sinc filters, one row per output phase."""
    base = min(orig, new) * rolloff
    reach = math.ceil(width * orig / base)
    # In float32 for float32 waveforms, as torchaudio has it.
    t = torch.arange(0, -new, -1, dtype=torch.float32)[:, None] / new
    t = (t + torch.arange(-reach, reach + orig, dtype=torch.float32)[None] / orig) * base
    t = t.clamp(-width, width)
    window = torch.cos(t * math.pi / width / 2) ** 2
    t = t * math.pi
    return torch.where(t == 0, 1.0, t.sin() / t) * window * (base / orig), reach


KERNELS: dict[int, tuple[Tensor, int, int, int]] = {}


def resample(wave: Tensor, rate: int) -> Tensor:
    if rate == RATE:
        return wave
    if rate not in KERNELS:
        common = math.gcd(rate, RATE)
        orig, new = rate // common, RATE // common
        kernel, reach = sinc_kernel(orig, new)
        KERNELS[rate] = (kernel[:, None], reach, orig, new)
    kernel, reach, orig, new = KERNELS[rate]
    padded = torch.nn.functional.pad(wave[None, None], (reach, reach + orig))
    out = torch.nn.functional.conv1d(padded, kernel, stride=orig)
    return out[0].T.reshape(-1)[: math.ceil(new * wave.shape[0] / orig)]


class Waves(Dataset):
    def __init__(self, folder: Path) -> None:
        self.files = sorted(folder.glob('*.wav'))

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> Tensor:
        samples, rate = soundfile.read(self.files[index], dtype='float32', always_2d=True)
        wave = torch.from_numpy(samples[:, 0].copy())
        wave = resample(wave - wave.mean(), rate)
        return torch.nn.functional.pad(wave, (0, max(0, MIN_SAMPLES - wave.shape[0])))


def waves(folder: Path) -> Iterator[Tensor]:
    yield from DataLoader(Waves(folder), batch_size=1, num_workers=2)


def frechet(x: np.ndarray, y: np.ndarray) -> float:
    mean = x.mean(0) - y.mean(0)
    cov1, cov2 = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    root = scipy.linalg.sqrtm(cov1 @ cov2)
    return float(mean @ mean + np.trace(cov1) + np.trace(cov2) - 2 * np.trace(root).real)


def inception(logits: np.ndarray, splits: int = 10) -> tuple[float, float]:
    p = scipy.special.softmax(logits.astype(np.float64), axis=1)
    np.random.RandomState(2020).shuffle(p)
    scores = []
    for i in range(splits):
        part = p[i * len(p) // splits : (i + 1) * len(p) // splits]
        kl = part * (np.log(part) - np.log(part.mean(0, keepdims=True)))
        scores.append(np.exp(kl.sum(1).mean()))
    return float(np.mean(scores)), float(np.std(scores))


def kl_softmax(generated: np.ndarray, target: np.ndarray) -> float:
    p, q = (scipy.special.softmax(x.astype(np.float64), axis=1) for x in (target, generated))
    return float((p * (np.log(p) - np.log(q + 1e-6))).sum(1).mean())


def peak_mib() -> float:
    with open('/proc/self/status') as status:
        line = next(line for line in status if line.startswith('VmHWM'))
    return int(line.split()[1]) / 1024


@torch.inference_mode()
def main() -> None:
    generated, reference, panns, vggish = map(Path, sys.argv[1:5])
    torch.set_num_threads(int(sys.argv[5]))
    started = time.perf_counter()
    tagger = load_cnn14(panns, RATE)
    embedder = load_vggish(vggish, final_relu=False)
    loaded = time.perf_counter()
    sides = []
    for folder in (generated, reference):
        rows = [tagger(wave) for wave in waves(folder)]
        patches = [embedder(wave[0].numpy()) for wave in waves(folder)]
        sides.append(
            (
                torch.cat([embedding for embedding, _ in rows]).numpy(),
                torch.cat([logits for _, logits in rows]).numpy(),
                torch.cat(patches).numpy(),
            )
        )
    featured = time.perf_counter()
    (x, x_logits, x_patches), (y, y_logits, y_patches) = sides
    metrics = {
        'fd': frechet(x, y),
        'fad': frechet(x_patches, y_patches),
        'is': dict(zip(('mean', 'std'), inception(x_logits), strict=True)),
        'kl': kl_softmax(x_logits, y_logits),
    }
    ended = time.perf_counter()
    print(
        json.dumps(
            {
                'clips': len(x) + len(y),
                'metrics': metrics,
                'loadMs': (loaded - started) * 1e3,
                'featuresMs': (featured - loaded) * 1e3,
                'metricsMs': (ended - featured) * 1e3,
                'totalMs': (ended - started) * 1e3,
                'peakMiB': peak_mib(),
            }
        )
    )


if __name__ == '__main__':
    main()
