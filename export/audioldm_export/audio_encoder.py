"""The audio tower of CLAP, from the waveform on (transformers: ClapFeatureExtractor in its mode
`rand_trunc`, then ClapAudioModelWithProjection): HTSAT, a Swin transformer on a folded spectrogram.

The front-end is computed in float64 up to the image, the rest in the dtype of the weights. Clips
are computed one by one, so that a clip's embedding does not depend on its batch; a clip's 4096
patches keep the machine busy.
"""

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .cnn14 import BatchNorm
from .layers import LayerNorm, Linear, LinearNoBias, empty
from .mel_spectrogram import hann_window, mel_bands, mel_filters
from .text_encoder import Projection

MAX_LEVELS = 4
MAX_DEPTH = 18


def partition(x: Tensor, window: int) -> Tensor:
    """[height, width, C] → [windows, window², C]."""
    height, width, channels = x.shape
    x = x.view(height // window, window, width // window, window, channels)
    return x.permute(0, 2, 1, 3, 4).reshape(-1, window * window, channels)


def join(x: Tensor, height: int, width: int, window: int) -> Tensor:
    """Undoes `partition`."""
    x = x.view(height // window, width // window, window, window, -1)
    return x.permute(0, 2, 1, 3, 4).reshape(height, width, -1)


def offsets(window: int) -> Tensor:
    """The row of the bias table for every pair of places in a window: by offset in y, then in x."""
    place = torch.arange(window * window)
    y, x = torch.div(place, window, rounding_mode='floor'), place.remainder(window)
    dy = y.unsqueeze(1) - y + (window - 1)
    dx = x.unsqueeze(1) - x + (window - 1)
    return dy * (2 * window - 1) + dx


def stretches(size: int, window: int, shift: int) -> Tensor:
    """Numbers the parts of a shifted axis that do not see one another."""
    place = torch.arange(size)
    return (place >= size - window).long() + (place >= size - shift).long()


def foreign(height: int, width: int, window: int, shift: int) -> Tensor:
    """Which pairs of places are together in a window only by the shift, [windows, 1, n, n]."""
    rows, columns = stretches(height, window, shift), stretches(width, window, shift)
    parts = partition((rows.unsqueeze(1) * 3 + columns).unsqueeze(2), window)
    return (parts != parts.transpose(1, 2)).unsqueeze(1)


class SelfAttention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.relative_position_bias_table = empty()
        self.query = Linear()
        self.key = Linear()
        self.value = Linear()

    def bias(self, height: int, width: int, window: int, shift: int) -> Tensor:
        """What is added to the scores, [1 or windows, heads, n, n]; once frozen, a constant."""
        table = self.relative_position_bias_table
        bias = torch.embedding(table, offsets(window).to(table.device))
        bias = bias.permute(2, 0, 1).unsqueeze(0)
        if shift > 0:
            bias = bias - 100.0 * foreign(height, width, window, shift).to(table)
        return bias.contiguous()

    def forward(self, x: Tensor, bias: Tensor, heads: int) -> Tensor:
        windows, places, channels = x.shape
        weight = torch.cat([self.query.weight, self.key.weight, self.value.weight])
        biases = torch.cat([self.query.bias, self.key.bias, self.value.bias])
        qkv = F.linear(x, weight, biases).view(windows, places, 3, heads, -1)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        x = F.scaled_dot_product_attention(q, k, v, attn_mask=bias.expand(windows, -1, -1, -1))
        return x.transpose(1, 2).reshape(windows, places, channels)


class Dense(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.dense = Linear()

    def forward(self, x: Tensor) -> Tensor:
        return self.dense(x)


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.self = SelfAttention()
        self.output = Dense()

    def forward(self, x: Tensor, heads: int, bias: Tensor) -> Tensor:
        return self.output(self.self(x, bias, heads))

    @torch.jit.export
    def bias(self, height: int, width: int, window: int, shift: int) -> Tensor:
        return self.self.bias(height, width, window, shift)


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layernorm_before = LayerNorm()
        self.attention = Attention()
        self.layernorm_after = LayerNorm()
        self.intermediate = Dense()
        self.output = Dense()

    def forward(
        self, x: Tensor, height: int, width: int, heads: int, window: int, shift: int, eps: float
    ) -> Tensor:
        """[height, width, C], in windows that are moved by `shift` down and to the right."""
        y = self.layernorm_before(x, eps)
        if shift > 0:
            y = torch.roll(y, [-shift, -shift], [0, 1])
        bias = self.attention.bias(height, width, window, shift)
        y = join(self.attention(partition(y, window), heads, bias), height, width, window)
        if shift > 0:
            y = torch.roll(y, [shift, shift], [0, 1])
        x = x + y
        return x + self.output(F.gelu(self.intermediate(self.layernorm_after(x, eps))))


class PatchMerging(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.reduction = LinearNoBias()
        self.norm = LayerNorm()

    def forward(self, x: Tensor) -> Tensor:
        """[height, width, C] → [height / 2, width / 2, 2 C]; of four places the left two first."""
        height, width, channels = x.shape
        x = x.view(height // 2, 2, width // 2, 2, channels).permute(0, 2, 3, 1, 4).flatten(2)
        return self.reduction(self.norm(x))


class Level(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([Block() for _ in range(MAX_DEPTH)])
        self.downsample = PatchMerging()

    def forward(
        self,
        x: Tensor,
        height: int,
        width: int,
        depth: int,
        heads: int,
        window: int,
        eps: float,
        downsample: bool,
    ) -> Tensor:
        # A single window has nowhere to go.
        shift = window // 2 if min(height, width) > window else 0
        for i, block in enumerate(self.blocks):
            if i < depth:
                x = block(x, height, width, heads, window, shift if i % 2 == 1 else 0, eps)
        if downsample:
            x = self.downsample(x)
        return x


class PatchConv(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = empty()
        self.bias = empty()

    def forward(self, x: Tensor, stride: list[int]) -> Tensor:
        """Image [H, W] → patches [h, w, C]."""
        kernel = self.weight.shape[2:]
        padding = [(kernel[0] - stride[0]) // 2, (kernel[1] - stride[1]) // 2]
        image = x.to(self.weight.dtype)[None, None]
        return F.conv2d(image, self.weight, self.bias, stride, padding)[0].permute(1, 2, 0)


class PatchEmbed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.proj = PatchConv()
        self.norm = LayerNorm()

    def forward(self, x: Tensor, stride: list[int]) -> Tensor:
        return self.norm(self.proj(x, stride))


class Htsat(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.batch_norm = BatchNorm()
        self.patch_embed = PatchEmbed()
        self.layers = nn.ModuleList([Level() for _ in range(MAX_LEVELS)])
        self.norm = LayerNorm()

    def patches(self, decibels: Tensor, size: int, stride: list[int]) -> Tensor:
        """[frames, bands] → [height, width, channels]."""
        return self.patch_embed(self.image(decibels, size), stride)

    def image(self, decibels: Tensor, size: int) -> Tensor:
        """[frames, bands] → [size, size]: stretched in time, cut, and stacked along frequency."""
        bands = decibels.shape[1]
        rows = size // bands
        x = decibels * self.batch_norm.scale() + self.batch_norm.shift()
        x = torch.ops.aten.upsample_bicubic2d(x[None, None], [size * rows, bands], True)
        return x.view(rows, size, bands).transpose(1, 2).reshape(size, size)

    def forward(
        self,
        decibels: Tensor,
        size: int,
        stride: list[int],
        depths: list[int],
        heads: list[int],
        window: int,
        eps: float,
    ) -> Tensor:
        """One clip's [frames, bands] → [1, features]."""
        x = self.patches(decibels, size, stride)
        height, width, last = size // stride[0], size // stride[1], len(depths) - 1
        for i, level in enumerate(self.layers):
            if i <= last:
                x = level(x, height, width, depths[i], heads[i], window, eps, i < last)
                height, width = height // 2, width // 2
        return self.norm(x).flatten(0, 1).mean(0, keepdim=True)


class AudioModel(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.audio_encoder = Htsat()

    def forward(
        self,
        decibels: Tensor,
        size: int,
        stride: list[int],
        depths: list[int],
        heads: list[int],
        window: int,
        eps: float,
    ) -> Tensor:
        return self.audio_encoder(decibels, size, stride, depths, heads, window, eps)


class AudioEncoder(nn.Module):
    """Waveform [B, n], 10 s at 48 kHz → audio embeddings [B, 512], not normalised."""

    depths: list[int]
    heads: list[int]
    window_size: int
    patch_stride: list[int]
    layer_norm_eps: float
    spec_size: int
    num_mel_bins: int
    min_frequency: float
    max_frequency: float
    quantize: bool
    sample_rate: Final = 48000
    n_fft: Final = 1024
    hop: Final = 480

    def __init__(self) -> None:
        super().__init__()
        self.depths = [2, 2, 6, 2]
        self.heads = [4, 8, 16, 32]
        self.window_size = 8
        self.patch_stride = [4, 4]
        self.layer_norm_eps = 1e-5
        self.spec_size = 256
        self.num_mel_bins = 64
        self.min_frequency = 50.0
        self.max_frequency = 14000.0
        self.quantize = False
        self.audio_model = AudioModel()
        self.audio_projection = Projection()

    def filters(self) -> Tensor:
        return mel_filters(
            self.sample_rate, self.n_fft, self.num_mel_bins, self.min_frequency, self.max_frequency
        )

    def decibels(self, samples: Tensor) -> Tensor:
        """One clip [n] → log-mel [frames, bands], float64."""
        if self.quantize:
            # To 16 bits, cut off and not rounded, and back, as the laion_clap package does.
            samples = (samples.float().clamp(-1.0, 1.0) * 32767.0).trunc().double() / 32767.0
            samples = samples.float()
        filters = self.filters()
        window = hann_window(self.n_fft).to(samples.device)
        padding = self.n_fft // 2
        powers = mel_bands(samples, window, filters.to(samples.device), self.hop, padding, True)
        return powers.clamp(min=1e-10).log10() * 10.0

    def forward(self, waveform: Tensor) -> Tensor:
        embeddings: list[Tensor] = []
        for samples in waveform.unbind():
            pooled = self.audio_model(
                self.decibels(samples),
                self.spec_size,
                self.patch_stride,
                self.depths,
                self.heads,
                self.window_size,
                self.layer_norm_eps,
            )
            embeddings.append(self.audio_projection(pooled))
        return torch.cat(embeddings)
