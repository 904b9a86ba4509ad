"""Backbones with random weights in every published format, clips, and what the statements of the
networks in export/tests make of them: `reference.py OUT WIDTH SECONDS`.

Writes OUT/KIND-FORMAT.pth, OUT/KIND.clips.f32 [clips, samples] and, computed in float64 and in
float32, OUT/KIND.OUTPUT.DTYPE.f64 [clips, …]. Prints the shapes as JSON.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

EXPORT = Path(__file__).parents[2] / 'export'
sys.path[:0] = [str(EXPORT), str(EXPORT / 'tests')]

from audioldm_export.random_backbone import RATES, write_random_backbone  # noqa: E402
from reference_cnn14 import load_cnn14  # noqa: E402
from reference_passt import load_passt  # noqa: E402
from reference_vggish import load_vggish  # noqa: E402
from reference_wavegram import load_wavegram  # noqa: E402

FORMATS = {
    'cnn14-16k': ['zip', 'legacy', 'training'],
    'cnn14-32k': ['zip', 'legacy', 'training'],
    'wavegram-logmel': ['zip', 'training'],
    'passt': ['zip', 'legacy'],
    'vggish': ['zip', 'legacy'],
    'vggish-pca': ['zip', 'legacy'],
}


def clips(rate: int, seconds: float) -> np.ndarray:
    """Clean tones and chirps, whose empty bands are where float32 front-ends go wrong; noise, a
    whisper, full scale, clicks, silence, a constant."""
    random = np.random.default_rng(7)
    time = np.arange(int(rate * seconds)) / rate
    sounds = [0.5 * np.sin(2 * np.pi * hertz * time) for hertz in (60, 440, 1000, 3000, 7000)]
    for low, high in ((50, 7900), (200, 800), (4000, 100), (1000, 6000)):
        sweep = low * time + (high - low) * time**2 / (2 * seconds)
        sounds.append(0.7 * np.sin(2 * np.pi * sweep))
    noise = random.standard_normal((4, len(time)))
    sounds += [0.1 * noise[0], 1e-4 * noise[1], np.clip(noise[2], -1, 1)]
    sounds.append(np.cumsum(noise[3]) / 200)
    sounds.append((np.arange(len(time)) % 4000 == 0) * 0.9)
    sounds.append(np.sign(np.sin(2 * np.pi * 220 * time)) * np.exp(-3 * time))
    sounds += [np.zeros(len(time)), np.full(len(time), 0.25)]
    return np.stack(sounds).astype(np.float32)


def load(kind: str, path: Path) -> torch.nn.Module:
    if kind == 'passt':
        return load_passt(path)
    return load_wavegram(path) if kind == 'wavegram-logmel' else load_cnn14(path, RATES[kind])


def outputs(kind: str, out: Path, sounds: np.ndarray, dtype: torch.dtype) -> dict[str, Tensor]:
    path = out / f'{kind}-zip.pth'
    if kind != 'vggish':
        network = load(kind, path).to(dtype)
        parts = [network(torch.from_numpy(clip[None]).to(dtype)) for clip in sounds]
        names = ('embedding', 'logits')
        return {name: torch.cat([part[i] for part in parts]) for i, name in enumerate(names)}
    found = {}
    for name, relu in (('embedding', False), ('relu', True)):
        network = load_vggish(path, relu).to(dtype)
        found[name] = torch.stack([network(clip) for clip in sounds])
    pca = torch.load(out / 'vggish-pca-zip.pth', weights_only=False)
    found['pca'] = torch.from_numpy(postprocess(found['embedding'].double().numpy(), **pca))
    return found


def postprocess(
    embedding: np.ndarray, pca_eigen_vectors: np.ndarray, pca_means: np.ndarray
) -> np.ndarray:
    """To 8 bits, as AudioSet's embeddings were released."""
    projected = np.einsum('ij,cpj->cpi', pca_eigen_vectors, embedding - pca_means)
    return np.round((np.clip(projected, -2.0, 2.0) + 2.0) * (255.0 / 4.0))


@torch.no_grad()
def main(out: Path, width: int, seconds: float) -> None:
    shapes = {}
    for kind, formats in FORMATS.items():
        for file_format in formats:
            write_random_backbone(out / f'{kind}-{file_format}.pth', kind, file_format, width, 3)
    for kind in [*RATES, 'passt', 'vggish']:
        sounds = clips(16000 if kind == 'vggish' else RATES.get(kind, 32000), seconds)
        sounds.tofile(out / f'{kind}.clips.f32')
        for name in ('float64', 'float32'):
            for output, values in outputs(kind, out, sounds, getattr(torch, name)).items():
                values.double().numpy().tofile(out / f'{kind}.{output}.{name}.f64')
                shapes[f'{kind}.{output}'] = list(values.shape)
    print(json.dumps(shapes))


if __name__ == '__main__':
    main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
