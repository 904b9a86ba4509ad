"""Log-mels as the model has them, and the losses that compare waveforms by their spectra."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from audioldm_export.mel_spectrogram import hann_window, mel_filters

from .data import RATE

HOP, WINDOW, BANDS = 160, 1024, 64
CONTEXT = (WINDOW - HOP) // 2
"""Samples on either side of a piece that its first and last frames see."""
FLOOR = 1e-5


def log_mel(waves: Tensor) -> Tensor:
    """[B, n + 2 · CONTEXT] → [B, n / HOP, BANDS]: the model's front-end, of pieces in context."""
    window, filters = hann_window(WINDOW), mel_filters(RATE, WINDOW, BANDS, 0.0, RATE / 2)
    frames = waves.double().unfold(1, WINDOW, HOP)
    spectrum = torch.fft.rfft(frames * window.to(waves.device)).abs()
    return (spectrum @ filters.to(waves.device)).clamp(min=FLOOR).log().float()


def log_mel_of_clips(waves: Tensor) -> Tensor:
    """[B, n] → [B, n / HOP, BANDS], reflected at the ends, as the model hears whole clips."""
    return log_mel(F.pad(waves.unsqueeze(1), [CONTEXT, CONTEXT], mode='reflect').squeeze(1))


class Spectrum(nn.Module):
    """Magnitudes at one resolution: [B, n] → [B, size / 2 + 1, frames]."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size, self.hop = size, size // 4
        self.register_buffer('window', torch.hann_window(size), persistent=False)

    def forward(self, waves: Tensor) -> Tensor:
        pad = (self.size - self.hop) // 2
        waves = F.pad(waves.unsqueeze(1), [pad, pad], mode='reflect').squeeze(1)
        spectrum = torch.stft(
            waves, self.size, self.hop, window=self.window, center=False, return_complex=True
        )
        # The gradient of a magnitude has no bound at zero.
        return (spectrum.real.square() + spectrum.imag.square() + 1e-9).sqrt()


class SpectralLoss(nn.Module):
    """What two sets of waveforms [B, n] differ by, at several resolutions.

    Spectral convergence and log-magnitudes as in Parallel WaveGAN, and log-mels, whose few low
    bands and many resolutions are what hearing and the model itself go by.
    """

    RESOLUTIONS = (512, 1024, 2048)
    LEAST, LEAST_MEL = 1e-2, 1e-3
    """Some 90 dB below full scale. What is quieter nobody hears, and its logarithm and its share of
    itself have gradients that drown those of all the rest: so much so that a batch with one silent
    clip taught nothing else. For the same reason convergence is that of the batch as a whole.
    """
    MELS = ((256, 20), (512, 40), (1024, 64), (2048, 96))

    def __init__(self) -> None:
        super().__init__()
        sizes = sorted({*self.RESOLUTIONS, *(size for size, _ in self.MELS)})
        self.spectra = nn.ModuleDict({str(size): Spectrum(size) for size in sizes})
        for size, bands in self.MELS:
            filters = mel_filters(RATE, size, bands, 0.0, RATE / 2).float()
            self.register_buffer(f'mel{size}', filters, persistent=False)

    def forward(self, found: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
        """(STFT loss, mean log-mel difference)."""
        pairs = {int(n): (s(found), s(wanted)) for n, s in self.spectra.items()}
        stft = torch.zeros((), device=found.device)
        for size in self.RESOLUTIONS:
            a, b = pairs[size]
            convergence = (a - b).norm() / b.norm().clamp(min=1)
            logs = F.l1_loss(a.clamp(min=self.LEAST).log(), b.clamp(min=self.LEAST).log())
            stft = stft + (convergence + logs) / len(self.RESOLUTIONS)
        mel = torch.zeros((), device=found.device)
        for size, _ in self.MELS:
            filters = self.get_buffer(f'mel{size}')
            a, b = (x.transpose(1, 2) @ filters for x in pairs[size])
            a, b = (x.clamp(min=self.LEAST_MEL).log() for x in (a, b))
            mel = mel + F.l1_loss(a, b) / len(self.MELS)
        return stft, mel
