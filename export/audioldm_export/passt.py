"""PaSST (Koutini et al. 2022), a vision transformer on overlapping patches of a spectrogram: from
the waveform to its embedding and its logits, as hear21passt gives them of a clip.

The front-end is computed in float64; what is not a matrix product, in float32. Clips, and windows
of long ones, are computed one by one, so that a clip's numbers do not depend on its batch.
"""

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .layers import FLOAT32, LayerNorm, Linear, empty

MAX_DEPTH = 12


class LogMel(nn.Module):
    """Samples [n] at 32 kHz → [frames, 128], float64: Kaldi's mel bands after a pre-emphasis."""

    rate: Final = 32000
    window: Final = 800
    hop: Final = 320
    size: Final = 1024
    bands: Final = 128
    highest: Final = 15000.0
    preemphasis: Final = 0.97

    def window_weights(self, device: torch.device) -> Tensor:
        """Hann's, symmetric, in the middle of the transform."""
        positions = torch.arange(self.window, dtype=torch.float64, device=device)
        hann = 0.5 - 0.5 * torch.cos(positions * (2 * torch.pi / (self.window - 1)))
        margin = (self.size - self.window) // 2
        return torch.constant_pad_nd(hann, [margin, margin])

    def band_weights(self, device: torch.device) -> Tensor:
        """[bins, bands]: triangles on the mel scale, from 0 Hz on."""
        bins = torch.arange(self.size // 2 + 1, dtype=torch.float64, device=device)
        mel = torch.log1p(bins * (self.rate / self.size) / 700.0).unsqueeze(1)
        top = torch.tensor(self.highest, dtype=torch.float64, device=device)
        steps = torch.arange(self.bands + 2, dtype=torch.float64, device=device)
        edges = torch.log1p(top / 700.0) * steps / (self.bands + 1)
        lower, center, upper = edges[:-2], edges[1:-1], edges[2:]
        rising = (mel - lower) / (center - lower)
        falling = (upper - mel) / (upper - center)
        return torch.minimum(rising, falling).clamp(min=0.0)

    def forward(self, samples: Tensor) -> Tensor:
        x = samples.double()
        x = x[1:] - self.preemphasis * x[:-1]
        margin = [self.size // 2, self.size // 2]
        padded = torch.ops.aten.reflection_pad1d(x.unsqueeze(0), margin)[0]
        frames = padded.unfold(0, self.size, self.hop) * self.window_weights(samples.device)
        powers = torch.view_as_real(torch.fft.rfft(frames)).square().sum(2)
        mel = powers.mm(self.band_weights(samples.device))
        return ((mel + 1e-5).log() + 4.5) / 5.0


class TypedLinear(Linear):
    """Computed in `dtype`."""

    def forward(self, x: Tensor, dtype: int) -> Tensor:
        return F.linear(x.to(dtype), self.weight.to(dtype), self.bias.to(dtype))


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.qkv = TypedLinear()
        self.proj = TypedLinear()

    def forward(self, x: Tensor, heads: int, dtype: int) -> Tensor:
        tokens = x.shape[0]
        qkv = self.qkv(x, dtype).view(1, tokens, 3, heads, -1)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        x = F.scaled_dot_product_attention(q, k, v)
        return self.proj(x.transpose(1, 2).reshape(tokens, -1), dtype)


class Mlp(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc1 = TypedLinear()
        self.fc2 = TypedLinear()

    def forward(self, x: Tensor, dtype: int) -> Tensor:
        return self.fc2(F.gelu(self.fc1(x, dtype)), dtype)


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm1 = LayerNorm()
        self.attn = Attention()
        self.norm2 = LayerNorm()
        self.mlp = Mlp()

    def forward(self, x: Tensor, heads: int, dtype: int) -> Tensor:
        x = x + self.attn(self.norm1(x, 1e-6), heads, dtype).float()
        return x + self.mlp(self.norm2(x, 1e-6), dtype).float()


class Patches(nn.Module):
    """16 bands × 16 frames, 10 apart."""

    side: Final = 16
    step: Final = 10

    def __init__(self) -> None:
        super().__init__()
        self.proj = TypedLinear()

    def forward(self, image: Tensor, dtype: int) -> Tensor:
        """[bands, frames] → [rows, columns, channels]."""
        patches = image.unfold(0, self.side, self.step).unfold(1, self.side, self.step)
        weight = self.proj.weight.flatten(1).to(dtype)
        return F.linear(patches.flatten(2).to(dtype), weight, self.proj.bias.to(dtype)).float()


class Passt(nn.Module):
    """Waveform [B, n] at 32 kHz → embedding [B, d], logits [B, classes], both float32.

    Of more than 10 s, both are means over windows of 10 s, one for every 2.5 s, of the waveform
    reflected for 5 s at its ends.
    """

    depth: int
    compute_dtype: int
    heads: Final = 12
    longest: Final = 320000
    step: Final = 80000

    def __init__(self) -> None:
        super().__init__()
        self.depth = MAX_DEPTH
        self.compute_dtype = FLOAT32
        self.log_mel = LogMel()
        self.patch_embed = Patches()
        self.cls_token = empty()
        self.dist_token = empty()
        self.new_pos_embed = empty()
        self.freq_new_pos_embed = empty()
        self.time_new_pos_embed = empty()
        self.blocks = nn.ModuleList([Block() for _ in range(MAX_DEPTH)])
        self.norm = LayerNorm()
        # Numbered as in the published file.
        self.head = nn.ModuleDict({'0': LayerNorm(), '1': Linear()})

    def tokens(self, samples: Tensor) -> Tensor:
        """One window [n] → [2 + patches, channels]."""
        x = self.patch_embed(self.log_mel(samples).t(), self.compute_dtype)
        rows = self.freq_new_pos_embed[0, :, :, 0].t().unsqueeze(1)
        columns = self.time_new_pos_embed[0, :, 0].t()[: x.shape[1]]
        x = x + columns + rows
        first = torch.cat([self.cls_token[0], self.dist_token[0]]) + self.new_pos_embed[0]
        return torch.cat([first, x.flatten(0, 1)])

    def window(self, samples: Tensor) -> Tensor:
        """[n] → the mean of its two tokens [1, channels]."""
        x = self.tokens(samples)
        for i, block in enumerate(self.blocks):
            if i < self.depth:
                x = block(x, self.heads, self.compute_dtype)
        return self.norm(x[:2], 1e-6).mean(0, keepdim=True)

    def windows(self, samples: Tensor) -> list[Tensor]:
        if samples.shape[0] <= self.longest:
            return [samples]
        margin = [self.longest // 2, self.longest // 2]
        padded = torch.ops.aten.reflection_pad1d(samples.unsqueeze(0), margin)[0]
        return list(padded.unfold(0, self.longest, self.step).unbind())

    def forward(self, waveform: Tensor) -> tuple[Tensor, Tensor]:
        assert waveform.shape[1] > 15 * 320, 'PaSST needs more than 15 hops'
        embeddings: list[Tensor] = []
        logits: list[Tensor] = []
        for samples in waveform.unbind():
            features = [self.window(window) for window in self.windows(samples)]
            classes = [self.head['1'](self.head['0'](each, 1e-5)) for each in features]
            embeddings.append(torch.cat(features).mean(0, keepdim=True))
            logits.append(torch.cat(classes).mean(0, keepdim=True))
        return torch.cat(embeddings), torch.cat(logits)
