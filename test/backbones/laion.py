"""LAION-CLAP with random weights, and what transformers makes of it: `laion.py OUT WIDTH SECONDS…`.

Writes OUT/KIND.pt, OUT/N.f32 (a clip at 48 kHz) and, by transformers in float64 and float32,
OUT/KIND.audio.DTYPE.f64 [clips, 512] and OUT/KIND.text.f64 of the token ids on stdin, which are
JSON: by the name of the kind, a list of lists.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch

EXPORT = Path(__file__).parents[2] / 'export'
sys.path[:0] = [str(EXPORT), str(EXPORT / 'tests')]

from audioldm_export.random_backbone import write_random_backbone  # noqa: E402
from reference_laion_clap import audio_rows, load_laion_clap, text_rows  # noqa: E402

KINDS = ('laion-clap-tiny', 'laion-clap-base', 'laion-clap-fusion')


def clip(index: int, seconds: float) -> np.ndarray:
    """A chirp and some noise, louder than full scale in one of three."""
    random = np.random.default_rng(index)
    time = np.arange(round(seconds * 48000)) / 48000
    tone = np.sin(2 * np.pi * (150 + 100 * index) * time * (1 + time / 8))
    level = 0.3 * (1 + index % 3)
    return (level * tone + 0.01 * random.standard_normal(len(time))).astype(np.float32)


@torch.no_grad()
def main(out: Path, width: int, seconds: list[float]) -> None:
    texts = json.load(sys.stdin)
    clips = [clip(i, length) for i, length in enumerate(seconds)]
    for i, samples in enumerate(clips):
        samples.tofile(out / f'{i}.f32')
    for kind in KINDS:
        if kind == 'laion-clap-base' and width < 64:
            continue
        write_random_backbone(out / f'{kind}.pt', kind, 'zip', width, 5)
        model = load_laion_clap(out / f'{kind}.pt')
        for name in ('float32', 'float64'):
            model = model.to(getattr(torch, name))
            rows = audio_rows(model, clips)
            rows.double().numpy().tofile(out / f'{kind}.audio.{name}.f64')
        text_rows(model, texts).double().numpy().tofile(out / f'{kind}.text.f64')


if __name__ == '__main__':
    main(Path(sys.argv[1]), int(sys.argv[2]), [float(text) for text in sys.argv[3:]])
