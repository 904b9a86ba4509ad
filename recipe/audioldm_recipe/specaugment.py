"""Variation of log-mels, so that few recordings go a long way."""

import torch
from torch import Tensor
from torch.nn import functional as F


def varied(mel: Tensor) -> Tensor:
    """Images [B, 1, frames, bands] of about unit variance, varied: the spectrum is bent as by
    another microphone, and two stretches of time and two of bands become the mean (SpecAugment).
    """
    batch, _, frames, bands = mel.shape
    tilt = torch.randn(batch, 1, 5) * 0.35
    tilt = F.interpolate(tilt, bands, mode='linear', align_corners=True)
    mel = mel + tilt.unsqueeze(1).to(mel.device)
    hidden = torch.zeros(batch, 1, frames, bands, dtype=torch.bool)
    for size, axis, widest in ((frames, 2, frames // 5), (bands, 3, bands // 6)):
        places = torch.arange(size)
        for _ in range(2):
            start, width = torch.rand(2, batch, 1)
            width = width * widest
            start = start * (size - width)
            stretch = (places >= start) & (places < start + width)
            hidden |= stretch.view(batch, 1, -1, 1) if axis == 2 else stretch.view(batch, 1, 1, -1)
    return torch.where(hidden.to(mel.device), mel.mean((2, 3), keepdim=True), mel)
