"""The audio tower in training: the function of transformers' class on the same parameters, in less
than half of the time on a CPU.

Places are kept in the order of windows, so that only shifted blocks and mergings move anything, and
activations are bfloat16 where the hardware multiplies it.
"""

import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import ClapAudioModelWithProjection

from audioldm_export.audio_encoder import foreign, offsets, partition


def order_of(height: int, width: int, window: int, shift: int) -> Tensor:
    """Where in rows each place lies that windows, moved by `shift`, list: [height · width]."""
    places = torch.arange(height * width).view(height, width)
    moved = torch.roll(places, [-shift, -shift], [0, 1])
    return partition(moved.unsqueeze(2), window).flatten()


def merging_order(height: int, width: int, window: int) -> Tensor:
    """Places in windows' order, four by four as the next level merges them and lists the result."""
    own = order_of(height, width, window, 0).argsort()
    four = own.view(height // 2, 2, width // 2, 2).permute(0, 2, 3, 1).reshape(-1, 4)
    return four[order_of(height // 2, width // 2, window, 0)].flatten()


class FastHtsat:
    """Decibels [B, frames, bands] → embeddings [B, 512], not normalised. Without dropout."""

    def __init__(self, model: ClapAudioModelWithProjection) -> None:
        self.model, self.config = model, model.config
        self.encoder = model.audio_model.audio_encoder

    def __call__(self, decibels: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
        config, encoder = self.config, self.encoder
        x = self.patches(decibels).to(dtype)
        norm = encoder.patch_embed.norm
        weight = encoder.patch_embed.proj.weight.flatten(1).to(dtype)
        x = F.linear(x, weight, encoder.patch_embed.proj.bias.to(dtype))
        x = F.layer_norm(x, norm.normalized_shape, norm.weight.to(dtype), norm.bias.to(dtype))
        size = config.spec_size // config.patch_stride[0]
        last = len(config.depths) - 1
        x = x[:, order_of(size, size, config.window_size, 0).to(x.device)]
        for level, (layer, heads) in enumerate(zip(encoder.layers, config.num_attention_heads)):
            shift = config.window_size // 2 if size > config.window_size else 0
            for i, block in enumerate(layer.blocks):
                x = self.block(block, x, size, heads, shift if i % 2 == 1 else 0)
            if level < last:
                order = merging_order(size, size, config.window_size).to(x.device)
                x = x[:, order].reshape(len(x), size * size // 4, -1)
                x = linear(layer_norm(x, layer.downsample.norm), layer.downsample.reduction)
                size //= 2
        x = layer_norm(x, encoder.norm).float().mean(1)
        return self.model.audio_projection(x)

    def patches(self, decibels: Tensor) -> Tensor:
        """The folded image in patches, [B, places, patch²]. The stretching in time comes before
        the normalisation, with which it commutes, and so needs no gradient.
        """
        config, norm = self.config, self.encoder.batch_norm
        bands, patch = config.num_mel_bins, config.patch_stride[0]
        rows = config.spec_size // bands
        frames = config.spec_size * rows
        x = F.interpolate(
            decibels.unsqueeze(1), (frames, bands), mode='bicubic', align_corners=True
        ).view(-1, bands)
        x = F.batch_norm(
            x, norm.running_mean, norm.running_var, norm.weight, norm.bias, norm.training, 0.1
        )
        # [B, segment, column, place in column, row, place in row] → [B, segment, row, column, …]
        x = x.view(len(decibels), rows, -1, patch, bands // patch, patch)
        return x.permute(0, 1, 4, 2, 5, 3).reshape(len(decibels), -1, patch * patch)

    def block(self, block: torch.nn.Module, x: Tensor, size: int, heads: int, shift: int) -> Tensor:
        y = layer_norm(x, block.layernorm_before)
        window = self.config.window_size
        if shift > 0:
            order = order_of(size, size, window, 0).argsort()[order_of(size, size, window, shift)]
            order = order.to(x.device)
            y = self.attend(block.attention, y[:, order], size, heads, shift)[:, order.argsort()]
        else:
            y = self.attend(block.attention, y, size, heads, 0)
        x = x + y
        y = F.gelu(linear(layer_norm(x, block.layernorm_after), block.intermediate.dense))
        return x + linear(y, block.output.dense)

    def attend(
        self, attention: torch.nn.Module, x: Tensor, size: int, heads: int, shift: int
    ) -> Tensor:
        batch, places, channels = x.shape
        own, window = attention.self, self.config.window_size
        parts = (own.query, own.key, own.value)
        weight = torch.cat([part.weight for part in parts]).to(x.dtype)
        bias = torch.cat([part.bias for part in parts]).to(x.dtype)
        qkv = F.linear(x, weight, bias).view(-1, window**2, 3, heads, channels // heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        scores = (q * (channels // heads) ** -0.5) @ k.transpose(2, 3)
        near = own.relative_position_bias_table[offsets(window).to(x.device)].permute(2, 0, 1)
        if shift > 0:
            apart = foreign(size, size, window, shift).to(x.device)
            near = near - 100.0 * apart.to(near.dtype)
            near = near.repeat(batch, 1, 1, 1)
        x = (scores + near.to(x.dtype)).softmax(3) @ v
        x = x.transpose(1, 2).reshape(batch, places, channels)
        return linear(x, attention.output.dense)


def linear(x: Tensor, layer: torch.nn.Linear) -> Tensor:
    bias = None if layer.bias is None else layer.bias.to(x.dtype)
    return F.linear(x, layer.weight.to(x.dtype), bias)


def layer_norm(x: Tensor, layer: torch.nn.LayerNorm) -> Tensor:
    weight, bias = layer.weight.to(x.dtype), layer.bias.to(x.dtype)
    return F.layer_norm(x, layer.normalized_shape, weight, bias, layer.eps)
