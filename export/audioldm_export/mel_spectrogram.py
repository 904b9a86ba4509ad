"""Log-mel spectrograms of the VAE, and what they share with the front-end of CLAP.

Everything is computed in float64: in near-empty bands the logarithm would amplify the rounding of
float32 beyond that of all layers that follow.

Clips are computed one by one, so that a clip's result does not depend on its batch.
"""

import math

import torch
from torch import Tensor, nn


def to_mel(hertz: float) -> float:
    """Slaney's scale: linear up to 1000 Hz, then 27 steps for a factor of 6.4."""
    if hertz < 1000.0:
        return hertz * 3.0 / 200.0
    return 15.0 + math.log(hertz / 1000.0) * (27.0 / math.log(6.4))


def to_hertz(mel: Tensor) -> Tensor:
    above = 1000.0 * torch.exp((mel - 15.0) * (math.log(6.4) / 27.0))
    return torch.where(mel < 15.0, mel * (200.0 / 3.0), above)


def mel_filters(rate: int, size: int, bands: int, lowest: float, highest: float) -> Tensor:
    """Triangles of equal area, [size / 2 + 1, bands]."""
    hertz = torch.linspace(0.0, rate / 2, size // 2 + 1, dtype=torch.float64).unsqueeze(1)
    mels = torch.linspace(to_mel(lowest), to_mel(highest), bands + 2, dtype=torch.float64)
    edges = to_hertz(mels)
    lower, center, upper = edges[:-2], edges[1:-1], edges[2:]
    rising = (hertz - lower) / (center - lower)
    falling = (upper - hertz) / (upper - center)
    return torch.minimum(rising, falling).clamp(min=0.0) * (2.0 / (upper - lower))


def htk_filters(rate: int, size: int, bands: int, lowest: float, highest: float) -> Tensor:
    """Triangles of height 1 on HTK's mel scale, [size / 2 + 1, bands]."""
    hertz = torch.linspace(0.0, rate / 2, size // 2 + 1, dtype=torch.float64).unsqueeze(1)
    low, high = math.log1p(lowest / 700.0), math.log1p(highest / 700.0)
    mels = torch.linspace(low, high, bands + 2, dtype=torch.float64)
    edges = 700.0 * torch.expm1(mels)
    lower, center, upper = edges[:-2], edges[1:-1], edges[2:]
    rising = (hertz - lower) / (center - lower)
    falling = (upper - hertz) / (upper - center)
    return torch.minimum(rising, falling).clamp(min=0.0)


def hann_window(size: int) -> Tensor:
    return torch.hann_window(size, dtype=torch.float64)


def mel_bands(
    samples: Tensor, window: Tensor, filters: Tensor, hop: int, padding: int, power: bool
) -> Tensor:
    """One clip [n], reflected at its ends → magnitudes or powers [frames, bands], float64."""
    padded = torch.ops.aten.reflection_pad1d(samples.double().unsqueeze(0), [padding, padding])[0]
    frames = padded.unfold(0, window.shape[0], hop)
    # So many frames at a time: what bounds the memory.
    piece = 4096
    bands: list[Tensor] = []
    for start in range(0, frames.shape[0], piece):
        spectrum = torch.fft.rfft(frames[start : start + piece] * window)
        powers = torch.view_as_real(spectrum).square().sum(2)
        bands.append((powers if power else powers.sqrt()).mm(filters))
    return torch.cat(bands)


class MelSpectrogram(nn.Module):
    """Waveform [B, n] → log-mel [B, 1, n / hop, bands], float32, as the models were trained on.

    Frames are not centred: with half of window − hop on either side, n / hop of them fit exactly.
    """

    sample_rate: int
    n_fft: int
    hop: int
    num_mels: int

    def __init__(self) -> None:
        super().__init__()
        self.sample_rate = 16000
        self.n_fft = 1024
        self.hop = 160
        self.num_mels = 64

    def forward(self, waveform: Tensor) -> Tensor:
        highest = self.sample_rate / 2
        filters = mel_filters(self.sample_rate, self.n_fft, self.num_mels, 0.0, highest)
        filters = filters.to(waveform.device)
        window = hann_window(self.n_fft).to(waveform.device)
        padding = (self.n_fft - self.hop) // 2
        mels: list[Tensor] = []
        for samples in waveform.unbind():
            bands = mel_bands(samples, window, filters, self.hop, padding, False)
            mels.append(bands.clamp(min=1e-5).log().float())
        return torch.stack(mels).unsqueeze(1)
