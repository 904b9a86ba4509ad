"""VGGish, from the waveform to an embedding for each patch of 0.96 s.

The log-mel front-end is computed in float64. Clips are computed one by one, and the linear layers
in tiles of a fixed number of rows: libraries choose another order of summation for another number,
and a clip's result must not depend on its batch.
"""

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .layers import FLOAT32, Linear, empty


class LogMel(nn.Module):
    """The samples of patches [P, n] → [P, 96, 64], float64."""

    rate: Final = 16000
    window: Final = 400
    hop: Final = 160
    size: Final = 512
    bands: Final = 64
    lowest: Final = 125.0
    highest: Final = 7500.0
    offset: Final = 0.01

    def window_weights(self, device: torch.device) -> Tensor:
        positions = torch.arange(self.window, dtype=torch.float64, device=device)
        return 0.5 - 0.5 * torch.cos(positions * (2 * torch.pi / self.window))

    def mel(self, hertz: Tensor) -> Tensor:
        return torch.log1p(hertz / 700.0) * 1127.0

    def band_weights(self, device: torch.device) -> Tensor:
        """[bins, bands]: triangles on the mel scale; none takes anything of 0 Hz."""
        bins = torch.arange(self.size // 2 + 1, dtype=torch.float64, device=device)
        hertz = bins * (self.rate / self.size)
        limits = torch.tensor([self.lowest, self.highest], dtype=torch.float64, device=device)
        lowest, highest = self.mel(limits).unbind()
        steps = torch.arange(self.bands + 2, dtype=torch.float64, device=device)
        edges = lowest + (highest - lowest) * steps / (self.bands + 1)
        lower, center, upper = edges[:-2], edges[1:-1], edges[2:]
        mel = self.mel(hertz).unsqueeze(1)
        rising = (mel - lower) / (center - lower)
        falling = (upper - mel) / (upper - center)
        return torch.minimum(rising, falling).clamp(min=0.0) * (bins > 0).unsqueeze(1)

    def forward(self, samples: Tensor, device: torch.device) -> Tensor:
        frames = samples.double().unfold(1, self.window, self.hop) * self.window_weights(device)
        magnitude = torch.fft.rfft(frames, self.size).abs()
        return torch.log(magnitude.matmul(self.band_weights(device)) + self.offset)


class Conv(nn.Module):
    """Convolution and ReLU."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = empty()
        self.bias = empty()

    def forward(self, x: Tensor, dtype: int) -> Tensor:
        x, weight, bias = x.to(dtype), self.weight.to(dtype), self.bias.to(dtype)
        if dtype == torch.float32:
            # Not on channels-last memory, nor by an operator that the core replaces: oneDNN sums
            # long rows of channels there with up to four times the rounding.
            one = [1, 1]
            y = torch.convolution(x.contiguous(), weight, bias, one, one, one, False, [0, 0], 1)
        else:
            x = x.contiguous(memory_format=torch.channels_last)
            y = F.conv2d(x, weight, bias, padding=[1, 1])
        return torch.relu_(y)


class TiledLinear(Linear):
    """[rows, inputs] → [rows, outputs], computed in `dtype`, so many rows at a time."""

    tile: Final = 16

    def forward(self, x: Tensor, dtype: int) -> Tensor:
        rows = x.shape[0]
        weight, bias = self.weight.to(dtype), self.bias.to(dtype)
        padded = torch.constant_pad_nd(x.to(dtype), [0, 0, 0, -rows % self.tile])
        tiles = [F.linear(tile, weight, bias) for tile in padded.split(self.tile)]
        return torch.cat(tiles)[:rows]


class Vggish(nn.Module):
    """Waveform [B, n] at 16 kHz → embeddings [B, patches, 128], float32."""

    final_relu: bool
    compute_dtype: int
    patch: Final = 95 * 160 + 400
    step: Final = 96 * 160
    # Patches of a clip in the convolutions at once: what bounds the memory.
    group: Final = 16

    def __init__(self) -> None:
        super().__init__()
        self.final_relu = False
        self.compute_dtype = FLOAT32
        self.log_mel = LogMel()
        # Numbered as in the published file, where ReLUs and poolings count.
        self.features = nn.ModuleDict({key: Conv() for key in ('0', '3', '6', '8', '11', '13')})
        self.embeddings = nn.ModuleDict({key: TiledLinear() for key in ('0', '2', '4')})

    def features_of(self, images: Tensor) -> Tensor:
        """Log-mel [P, 96, 64] → [P, features] in the order time, frequency, channel."""
        dtype = self.compute_dtype
        x = torch.max_pool2d(self.features['0'](images.unsqueeze(1), dtype), [2, 2])
        x = torch.max_pool2d(self.features['3'](x, dtype), [2, 2])
        x = self.features['8'](self.features['6'](x, dtype), dtype)
        x = torch.max_pool2d(x, [2, 2])
        x = self.features['13'](self.features['11'](x, dtype), dtype)
        return torch.max_pool2d(x, [2, 2]).permute(0, 2, 3, 1).flatten(1)

    def forward(self, waveform: Tensor) -> Tensor:
        assert waveform.shape[1] >= self.patch, 'VGGish needs at least 15600 samples'
        dtype = self.compute_dtype
        device = self.features['0'].weight.device
        rows: list[Tensor] = []
        for samples in waveform.unbind():
            for patches in samples.unfold(0, self.patch, self.step).split(self.group):
                rows.append(self.features_of(self.log_mel(patches, device)))
        x = torch.relu_(self.embeddings['0'](torch.cat(rows), dtype))
        x = torch.relu_(self.embeddings['2'](x, dtype))
        x = self.embeddings['4'](x, torch.float32)
        if self.final_relu:
            x = torch.relu_(x)
        return x.unflatten(0, [waveform.shape[0], -1])
