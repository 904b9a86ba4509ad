"""The denoising UNet of AudioLDM (diffusers: UNet2DConditionModel, class_embeddings_concat)."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .layers import (
    Conv2d,
    GroupNorm,
    LayerNorm,
    Linear,
    LinearNoBias,
    PointwiseConv2d,
    Upsample,
    channels_last,
)

MAX_LEVELS = 6
MAX_LAYERS = 4


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.to_q = LinearNoBias()
        self.to_k = LinearNoBias()
        self.to_v = LinearNoBias()
        self.to_out = nn.ModuleList([Linear()])

    def forward(self, x: Tensor, heads: int) -> Tensor:
        batch, tokens, channels = x.shape
        weight = torch.cat([self.to_q.weight, self.to_k.weight, self.to_v.weight])
        qkv = F.linear(x, weight).view(batch, tokens, 3, heads, -1)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        x = F.scaled_dot_product_attention(q, k, v)
        return self.to_out[0](x.transpose(1, 2).reshape(batch, tokens, channels))


class GatedLinear(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.proj = Linear()

    def forward(self, x: Tensor) -> Tensor:
        value, gate = self.proj(x).chunk(2, dim=-1)
        return value * F.gelu(gate)


class FeedForward(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.net = nn.ModuleList([GatedLinear(), nn.Identity(), Linear()])

    def forward(self, x: Tensor) -> Tensor:
        return self.net[2](self.net[0](x))


class TransformerBlock(nn.Module):
    """Without a text context the second attention attends to the tokens themselves too."""

    def __init__(self) -> None:
        super().__init__()
        self.norm1 = LayerNorm()
        self.attn1 = Attention()
        self.norm2 = LayerNorm()
        self.attn2 = Attention()
        self.norm3 = LayerNorm()
        self.ff = FeedForward()

    def forward(self, x: Tensor, heads: int) -> Tensor:
        x = x + self.attn1(self.norm1(x), heads)
        x = x + self.attn2(self.norm2(x), heads)
        return x + self.ff(self.norm3(x))


class Transformer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = GroupNorm()
        self.proj_in = PointwiseConv2d()
        self.transformer_blocks = nn.ModuleList([TransformerBlock()])
        self.proj_out = PointwiseConv2d()

    def forward(self, x: Tensor, heads: int, groups: int) -> Tensor:
        batch, _, height, width = x.shape
        pixels = self.proj_in(self.norm(x, groups))
        tokens = pixels.permute(0, 2, 3, 1).flatten(1, 2)
        tokens = self.transformer_blocks[0](tokens, heads)
        pixels = tokens.view(batch, height, width, -1).permute(0, 3, 1, 2)
        return x + self.proj_out(pixels)


class Resnet(nn.Module):
    """`embedding` has been through SiLU. The shortcut exists where the width changes."""

    def __init__(self) -> None:
        super().__init__()
        self.norm1 = GroupNorm()
        self.conv1 = Conv2d()
        self.time_emb_proj = Linear()
        self.norm2 = GroupNorm()
        self.conv2 = Conv2d()
        self.conv_shortcut = PointwiseConv2d()

    def forward(self, x: Tensor, embedding: Tensor, groups: int, eps: float) -> Tensor:
        h = self.conv1(torch.ops.aten.silu(self.norm1(x, groups, eps)))
        h = h + self.time_emb_proj(embedding)[..., None, None]
        h = self.conv2(torch.ops.aten.silu(self.norm2(h, groups, eps)))
        if self.conv_shortcut.weight.numel() > 0:
            x = self.conv_shortcut(x)
        return x + h


class Downsample(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = Conv2d(stride=2)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class DownBlock(nn.Module):
    """Returns the state after each layer and after the downsampler: the skip connections."""

    def __init__(self) -> None:
        super().__init__()
        self.resnets = nn.ModuleList([Resnet() for _ in range(MAX_LAYERS)])
        self.attentions = nn.ModuleList([Transformer() for _ in range(MAX_LAYERS)])
        self.downsamplers = nn.ModuleList([Downsample()])

    def forward(
        self,
        x: Tensor,
        embedding: Tensor,
        layers: int,
        heads: int,
        groups: int,
        eps: float,
        attention: bool,
        downsample: bool,
    ) -> list[Tensor]:
        states: list[Tensor] = []
        for i, (resnet, transformer) in enumerate(zip(self.resnets, self.attentions)):
            if i < layers:
                x = resnet(x, embedding, groups, eps)
                if attention:
                    x = transformer(x, heads, groups)
                states = states + [x]
        if downsample:
            states = states + [self.downsamplers[0](x)]
        return states


class MidBlock(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.resnets = nn.ModuleList([Resnet(), Resnet()])
        self.attentions = nn.ModuleList([Transformer()])

    def forward(self, x: Tensor, embedding: Tensor, heads: int, groups: int, eps: float) -> Tensor:
        x = self.resnets[0](x, embedding, groups, eps)
        x = self.attentions[0](x, heads, groups)
        return self.resnets[1](x, embedding, groups, eps)


class UpBlock(nn.Module):
    """Takes one skip connection per layer, the last of `skips` first."""

    def __init__(self) -> None:
        super().__init__()
        self.resnets = nn.ModuleList([Resnet() for _ in range(MAX_LAYERS + 1)])
        self.attentions = nn.ModuleList([Transformer() for _ in range(MAX_LAYERS + 1)])
        self.upsamplers = nn.ModuleList([Upsample()])

    def forward(
        self,
        x: Tensor,
        skips: list[Tensor],
        embedding: Tensor,
        layers: int,
        heads: int,
        groups: int,
        eps: float,
        attention: bool,
    ) -> Tensor:
        for i, (resnet, transformer) in enumerate(zip(self.resnets, self.attentions)):
            if i < layers:
                x = resnet(torch.cat([x, skips[-1 - i]], dim=1), embedding, groups, eps)
                if attention:
                    x = transformer(x, heads, groups)
        return x

    @torch.jit.export
    def upsample(self, x: Tensor, size: list[int]) -> Tensor:
        return self.upsamplers[0](x, size)


class TimestepEmbedding(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear_1 = Linear()
        self.linear_2 = Linear()

    def forward(self, timestep: Tensor, flip_sin_to_cos: bool, freq_shift: float) -> Tensor:
        """Sinusoids in float32, then the MLP in the dtype of the weights."""
        width = self.linear_1.weight.shape[1]
        half = width // 2
        index = torch.arange(half, dtype=torch.float32, device=self.linear_1.weight.device)
        frequency = torch.exp(index * (-math.log(10000.0) / (half - freq_shift)))
        phase = timestep.to(torch.float32)[:, None] * frequency
        if flip_sin_to_cos:
            waves = torch.cat([torch.cos(phase), torch.sin(phase)], dim=1)
        else:
            waves = torch.cat([torch.sin(phase), torch.cos(phase)], dim=1)
        if width % 2 == 1:
            waves = F.pad(waves, [0, 1])
        return self.linear_2(
            torch.ops.aten.silu(self.linear_1(waves.to(self.linear_1.weight.dtype)))
        )


class UNet(nn.Module):
    num_levels: int
    layers_per_block: list[int]
    down_attention: list[bool]
    up_attention: list[bool]
    heads: list[int]
    norm_groups: int
    norm_eps: float
    flip_sin_to_cos: bool
    freq_shift: float

    def __init__(self) -> None:
        super().__init__()
        self.num_levels = 4
        self.layers_per_block = [2, 2, 2, 2]
        self.down_attention = [False, True, True, True]
        self.up_attention = [True, True, True, False]
        self.heads = [8, 8, 8, 8]
        self.norm_groups = 32
        self.norm_eps = 1e-5
        self.flip_sin_to_cos = True
        self.freq_shift = 0.0
        self.conv_in = Conv2d()
        self.time_embedding = TimestepEmbedding()
        self.class_embedding = Linear()
        self.down_blocks = nn.ModuleList([DownBlock() for _ in range(MAX_LEVELS)])
        self.mid_block = MidBlock()
        self.up_blocks = nn.ModuleList([UpBlock() for _ in range(MAX_LEVELS)])
        self.conv_norm_out = GroupNorm()
        self.conv_out = Conv2d()

    def forward(self, sample: Tensor, timestep: Tensor, class_labels: Tensor) -> Tensor:
        groups, eps, last = self.norm_groups, self.norm_eps, self.num_levels - 1
        time = self.time_embedding(timestep, self.flip_sin_to_cos, self.freq_shift)
        condition = self.class_embedding(class_labels.to(time.dtype))
        embedding = torch.ops.aten.silu(torch.cat([time, condition], dim=1))

        x = self.conv_in(channels_last(sample, self.conv_in.weight))
        skips = [x]
        for i, block in enumerate(self.down_blocks):
            if i <= last:
                skips = skips + block(
                    x,
                    embedding,
                    self.layers_per_block[i],
                    self.heads[i],
                    groups,
                    eps,
                    self.down_attention[i],
                    i < last,
                )
                x = skips[-1]

        x = self.mid_block(x, embedding, self.heads[last], groups, eps)

        for i, block in enumerate(self.up_blocks):
            if i <= last:
                layers = self.layers_per_block[last - i] + 1
                x = block(
                    x,
                    skips,
                    embedding,
                    layers,
                    self.heads[last - i],
                    groups,
                    eps,
                    self.up_attention[i],
                )
                if i < last:
                    skips = skips[:-layers]
                    x = block.upsample(x, skips[-1].shape[2:])
        return self.conv_out(torch.ops.aten.silu(self.conv_norm_out(x, groups, eps)))
