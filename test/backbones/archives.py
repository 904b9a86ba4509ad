"""A user's own archives, good and bad, and weights files that hold what they should not:
`archives.py OUT`."""

import sys
from pathlib import Path

import torch
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).parents[2] / 'export'))

from audioldm_export.random_backbone import write_random_backbone  # noqa: E402


class Levels(nn.Module):
    """Mean square, mean and largest sample: [B, 3]."""

    def forward(self, waveform: Tensor) -> Tensor:
        parts = [waveform.square().mean(1), waveform.mean(1), waveform.amax(1)]
        return torch.stack(parts, 1)


class Frames(nn.Module):
    """The levels of every 100 samples, [B, P, 3], and more that nobody asked for."""

    def forward(self, waveform: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x = waveform.unfold(1, 100, 100)
        return torch.stack([x.square().mean(2), x.mean(2), x.amax(2)], 2), waveform, waveform


class Linear(nn.Module):
    """Weights of its own, [B, 4]."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(100, 4)

    def forward(self, waveform: Tensor) -> Tensor:
        return self.layer(waveform.unfold(1, 100, 100).mean(1))


class Flat(nn.Module):
    def forward(self, waveform: Tensor) -> Tensor:
        return waveform.flatten()


class Transposed(nn.Module):
    def forward(self, waveform: Tensor) -> Tensor:
        return waveform.t()


class NotANumber(nn.Module):
    def forward(self, waveform: Tensor) -> Tensor:
        return waveform / waveform


class Integers(nn.Module):
    def forward(self, waveform: Tensor) -> Tensor:
        return waveform.long()


class Widening(nn.Module):
    """As many columns as samples: no two lengths agree."""

    def forward(self, waveform: Tensor) -> Tensor:
        return waveform * 2


class Empty(nn.Module):
    def forward(self, waveform: Tensor) -> Tensor:
        return waveform[:, :0]


class Failing(nn.Module):
    def forward(self, waveform: Tensor) -> Tensor:
        assert waveform.shape[1] > 10**9, 'give me more samples'
        return waveform


class TwoInputs(nn.Module):
    def forward(self, waveform: Tensor, rate: int) -> Tensor:
        return waveform * rate


def write_weights(out: Path) -> None:
    """CNN14 with NaN in it, and with a tensor that repeats one number a million million times."""
    write_random_backbone(out / 'good.pth', 'cnn14-16k', 'zip', 1, 0)
    content = torch.load(out / 'good.pth', weights_only=True)
    weights = content['model']
    weights['conv_block2.bn1.running_var'][1] = float('nan')
    weights['fc1.bias'][2] = float('inf')
    torch.save(content, out / 'nan.pth')
    weights['fc_audioset.weight'] = torch.zeros(1, 1).expand(1 << 35, weights['fc1.bias'].shape[0])
    weights['fc_audioset.bias'] = torch.zeros(1).expand(1 << 35)
    torch.save(content, out / 'claim.pth')


def main(out: Path) -> None:
    torch.manual_seed(0)
    modules = [Levels, Frames, Linear, Flat, Transposed, NotANumber, Integers, Widening, Empty]
    for module in [*modules, Failing, TwoInputs]:
        torch.jit.script(module()).save(str(out / f'{module.__name__}.pt'))
    write_weights(out)


if __name__ == '__main__':
    main(Path(sys.argv[1]))
