"""Narrow backbones with random weights, as their training scripts save them, and an archive."""

import sys
from pathlib import Path

import torch
from torch import Tensor

sys.path.insert(0, str(Path(__file__).parents[3] / 'export'))
from audioldm_export.random_backbone import write_random_backbone  # noqa: E402


class Autocorrelation(torch.nn.Module):
    """A user's own embedding: 8 lags of every half second."""

    def forward(self, waveform: Tensor) -> Tensor:
        frames = waveform[:, : waveform.shape[1] // 8000 * 8000].reshape(len(waveform), -1, 8000)
        lags = [(frames[..., lag:] * frames[..., :-lag]).mean(-1) for lag in range(1, 9)]
        return torch.stack(lags, -1)


out = Path(sys.argv[1])
for kind in ('cnn14-16k', 'wavegram-logmel', 'passt', 'vggish'):
    write_random_backbone(out / f'{kind}.pth', kind, 'zip', 2, 7)
torch.jit.script(Autocorrelation()).save(str(out / 'own.pt'))
