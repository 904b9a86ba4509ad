"""What tells made sounds from real ones in training, narrow: they must not cost more than what they
teach. Every discriminator answers with the outputs of all its layers, the verdicts last.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import weight_norm

from .device import autocast
from .spectra import Spectrum

Layers = list[Tensor]


class Convolutions(nn.Module):
    """A stack of 2-d convolutions with leaky ReLUs between them: [B, C, H, W] → its layers."""

    def __init__(self, *layers: nn.Conv2d) -> None:
        super().__init__()
        self.layers = nn.ModuleList(weight_norm(layer) for layer in layers)

    def forward(self, x: Tensor) -> Layers:
        outputs: Layers = []
        x = x.contiguous(memory_format=torch.channels_last)
        for layer in self.layers:
            x = layer(F.leaky_relu(x, 0.1) if outputs else x)
            outputs.append(x)
        return outputs


class PeriodDiscriminator(nn.Module):
    """HiFi-GAN's: every `period`-th sample below one another."""

    def __init__(self, period: int, channels: tuple[int, ...] = (8, 16, 32, 64)) -> None:
        super().__init__()
        self.period = period
        layers: list[nn.Conv2d] = []
        for wide_in, wide_out in zip((1, *channels), channels):
            layers.append(nn.Conv2d(wide_in, wide_out, (5, 1), (3, 1), (2, 0)))
        last = nn.Conv2d(channels[-1], 1, (3, 1), padding=(1, 0))
        self.layers = Convolutions(*layers, last)

    def forward(self, waves: Tensor) -> Layers:
        short = -waves.shape[1] % self.period
        waves = F.pad(waves.unsqueeze(1), [0, short], mode='reflect')
        return self.layers(waves.unflatten(2, (-1, self.period)))


class SpectrogramDiscriminator(nn.Module):
    """UnivNet's: the spectrogram at one resolution, here of log-magnitudes."""

    def __init__(self, size: int, channels: int = 16) -> None:
        super().__init__()
        self.spectrum = Spectrum(size)
        layers = [nn.Conv2d(1, channels, (9, 3), padding=(4, 1))]
        for _ in range(3):
            layers.append(nn.Conv2d(channels, channels, (9, 3), (2, 1), (4, 1)))
        layers += [
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.Conv2d(channels, 1, 3, padding=1),
        ]
        self.layers = Convolutions(*layers)

    def forward(self, waves: Tensor) -> Layers:
        return self.layers(self.spectrum(waves).clamp(min=1e-4).log().unsqueeze(1))


class WaveDiscriminators(nn.Module):
    """Waveforms [B, n] → the layers of every discriminator."""

    def __init__(self) -> None:
        super().__init__()
        periods = [PeriodDiscriminator(period) for period in (2, 3, 5, 7, 11)]
        spectra = [SpectrogramDiscriminator(size) for size in (512, 1024, 2048)]
        self.members = nn.ModuleList([*periods, *spectra])

    def forward(self, waves: Tensor) -> list[Layers]:
        return [member(waves) for member in self.members]


class MelDiscriminator(nn.Module):
    """Of patches of a log-mel [B, 1, T, F], as in latent diffusion."""

    def __init__(self, channels: tuple[int, ...] = (32, 64, 96)) -> None:
        super().__init__()
        layers = [nn.Conv2d(1, channels[0], 4, 2, 1)]
        for wide_in, wide_out in pairwise(channels):
            layers.append(nn.Conv2d(wide_in, wide_out, 4, 2, 1))
        layers.append(nn.Conv2d(channels[-1], 1, 3, padding=1))
        self.layers = Convolutions(*layers)

    def forward(self, mels: Tensor) -> list[Layers]:
        return [self.layers(mels)]


def critic_loss(real: list[Layers], made: list[Layers]) -> Tensor:
    """Least squares: real is 1, made is 0. Of the discriminators' mean."""
    losses = [
        (1 - r[-1].float()).square().mean() + m[-1].float().square().mean()
        for r, m in zip(real, made)
    ]
    return torch.stack(losses).mean()


def deceit_loss(made: list[Layers]) -> Tensor:
    return torch.stack([(1 - layers[-1].float()).square().mean() for layers in made]).mean()


def feature_loss(real: list[Layers], made: list[Layers]) -> Tensor:
    """Between the layers, each in proportion to what it is for real sounds."""
    losses = [
        (a - b).abs().float().mean() / a.abs().float().mean().clamp(min=1e-3)
        for r, m in zip(real, made)
        for a, b in zip(r[:-1], m[:-1])
    ]
    return torch.stack(losses).mean()


def judgement(discriminators: nn.Module, real: Tensor, made: Tensor) -> tuple[Tensor, Tensor]:
    """(deceit, features) of what was made, whose gradients leave the discriminators alone."""
    discriminators.requires_grad_(False)
    with autocast():
        with torch.no_grad():
            seen = discriminators(real)
        judged = discriminators(made)
    discriminators.requires_grad_(True)
    return deceit_loss(judged), feature_loss(seen, judged)
