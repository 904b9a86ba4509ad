"""The judge's network: a small CNN on log-mel, which shares no weights with what is shipped."""

import torch
from torch import Tensor, nn

from audioldm_export.mel_spectrogram import mel_filters

from .data import RATE

WINDOW, HOP, BANDS = 1024, 320, 64
FLOOR = 1e-6
WIDTHS = (24, 48, 96, 160)


class LogMel(nn.Module):
    """Waveforms [B, n] of peak 0.5 → [B, 1, n / HOP, BANDS], about of unit variance."""

    def __init__(self) -> None:
        super().__init__()
        filters = mel_filters(RATE, WINDOW, BANDS, 40.0, RATE / 2).float()
        self.register_buffer('filters', filters, persistent=False)
        self.register_buffer('window', torch.hann_window(WINDOW), persistent=False)

    def forward(self, waves: Tensor) -> Tensor:
        spectrum = torch.stft(waves, WINDOW, HOP, window=self.window, return_complex=True)
        power = spectrum.real.square() + spectrum.imag.square()
        mel = power.transpose(1, 2) @ self.filters
        return (mel.clamp(min=FLOOR).log().unsqueeze(1) + 6) / 4


class Block(nn.Sequential):
    def __init__(self, wide_in: int, wide_out: int) -> None:
        super().__init__(
            nn.Conv2d(wide_in, wide_out, 3, padding=1, bias=False),
            nn.BatchNorm2d(wide_out),
            nn.ReLU(inplace=True),
            nn.AvgPool2d(2),
        )


class JudgeNet(nn.Module):
    """Log-mel [B, 1, T, BANDS] → logits [B, classes], T from 16 frames on."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        widths = (1, *WIDTHS)
        self.blocks = nn.Sequential(*(Block(a, b) for a, b in zip(widths, WIDTHS)))
        self.drop = nn.Dropout(0.3)
        self.head = nn.Linear(2 * WIDTHS[-1], classes)

    def forward(self, mel: Tensor) -> Tensor:
        x = self.blocks(mel.to(memory_format=torch.channels_last)).mean(3)
        return self.head(self.drop(torch.cat([x.mean(2), x.amax(2)], 1)))
