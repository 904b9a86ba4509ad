"""The two halves of AudioLDM's variational autoencoder (diffusers: AutoencoderKL)."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .layers import Conv2d, GroupNorm, Linear, PointwiseConv2d, UpsampleDouble, channels_last

MAX_LEVELS = 6
MAX_LAYERS = 4


class Resnet(nn.Module):
    """The shortcut exists where the width changes."""

    def __init__(self) -> None:
        super().__init__()
        self.norm1 = GroupNorm()
        self.conv1 = Conv2d()
        self.norm2 = GroupNorm()
        self.conv2 = Conv2d()
        self.conv_shortcut = PointwiseConv2d()

    def forward(self, x: Tensor, groups: int) -> Tensor:
        h = self.conv1(torch.ops.aten.silu(self.norm1(x, groups)))
        h = self.conv2(torch.ops.aten.silu(self.norm2(h, groups)))
        if self.conv_shortcut.weight.numel() > 0:
            x = self.conv_shortcut(x)
        return x + h


class Attention(nn.Module):
    """One head as wide as the level."""

    def __init__(self) -> None:
        super().__init__()
        self.group_norm = GroupNorm()
        self.to_q = Linear()
        self.to_k = Linear()
        self.to_v = Linear()
        self.to_out = nn.ModuleList([Linear()])

    def forward(self, x: Tensor, groups: int) -> Tensor:
        batch, _, height, width = x.shape
        h = self.group_norm(x, groups).permute(0, 2, 3, 1).flatten(1, 2)
        weight = torch.cat([self.to_q.weight, self.to_k.weight, self.to_v.weight])
        bias = torch.cat([self.to_q.bias, self.to_k.bias, self.to_v.bias])
        q, k, v = F.linear(h, weight, bias).unsqueeze(1).chunk(3, dim=-1)
        h = self.to_out[0](F.scaled_dot_product_attention(q, k, v).squeeze(1))
        return x + h.view(batch, height, width, -1).permute(0, 3, 1, 2)


class MidBlock(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.resnets = nn.ModuleList([Resnet(), Resnet()])
        self.attentions = nn.ModuleList([Attention()])

    def forward(self, x: Tensor, groups: int, attention: bool) -> Tensor:
        x = self.resnets[0](x, groups)
        if attention:
            x = self.attentions[0](x, groups)
        return self.resnets[1](x, groups)


class Downsample(nn.Module):
    """Zeros are added at the far edges alone, as the original does."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = Conv2d(stride=2, padding=0)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.pad(x, [0, 1, 0, 1]))


class DownBlock(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.resnets = nn.ModuleList([Resnet() for _ in range(MAX_LAYERS)])
        self.downsamplers = nn.ModuleList([Downsample()])

    def forward(self, x: Tensor, layers: int, groups: int, downsample: bool) -> Tensor:
        for i, resnet in enumerate(self.resnets):
            if i < layers:
                x = resnet(x, groups)
        if downsample:
            x = self.downsamplers[0](x)
        return x


class UpBlock(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.resnets = nn.ModuleList([Resnet() for _ in range(MAX_LAYERS + 1)])
        self.upsamplers = nn.ModuleList([UpsampleDouble()])

    def forward(self, x: Tensor, layers: int, groups: int, upsample: bool) -> Tensor:
        for i, resnet in enumerate(self.resnets):
            if i < layers:
                x = resnet(x, groups)
        if upsample:
            x = self.upsamplers[0](x)
        return x


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv_in = Conv2d()
        self.down_blocks = nn.ModuleList([DownBlock() for _ in range(MAX_LEVELS)])
        self.mid_block = MidBlock()
        self.conv_norm_out = GroupNorm()
        self.conv_out = Conv2d()

    def forward(
        self, mel: Tensor, levels: int, layers: int, groups: int, attention: bool
    ) -> Tensor:
        x = self.conv_in(channels_last(mel, self.conv_in.weight))
        for i, block in enumerate(self.down_blocks):
            if i < levels:
                x = block(x, layers, groups, i < levels - 1)
        x = self.mid_block(x, groups, attention)
        return self.conv_out(torch.ops.aten.silu(self.conv_norm_out(x, groups)))


class Decoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv_in = Conv2d()
        self.mid_block = MidBlock()
        self.up_blocks = nn.ModuleList([UpBlock() for _ in range(MAX_LEVELS)])
        self.conv_norm_out = GroupNorm()
        self.conv_out = Conv2d()

    def forward(self, x: Tensor, levels: int, layers: int, groups: int, attention: bool) -> Tensor:
        x = self.mid_block(self.conv_in(x), groups, attention)
        for i, block in enumerate(self.up_blocks):
            if i < levels:
                x = block(x, layers + 1, groups, i < levels - 1)
        return self.conv_out(torch.ops.aten.silu(self.conv_norm_out(x, groups)))


class Half(nn.Module):
    """What either half is told of the structure."""

    num_levels: int
    layers_per_block: int
    norm_groups: int
    mid_attention: bool

    def __init__(self) -> None:
        super().__init__()
        self.num_levels = 3
        self.layers_per_block = 2
        self.norm_groups = 32
        self.mid_attention = True


class VaeEncoder(Half):
    """Log-mel [B, 1, T, F] → mean and log-variance [B, 2·latent, t, f], not clamped, not scaled."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder()
        self.quant_conv = PointwiseConv2d()

    def forward(self, mel: Tensor) -> Tensor:
        moments = self.encoder(
            mel, self.num_levels, self.layers_per_block, self.norm_groups, self.mid_attention
        )
        return self.quant_conv(moments)


class VaeDecoder(Half):
    """Latents [B, latent, t, f], already divided by the scaling factor → log-mel [B, 1, T, F]."""

    def __init__(self) -> None:
        super().__init__()
        self.post_quant_conv = PointwiseConv2d()
        self.decoder = Decoder()

    def forward(self, z: Tensor) -> Tensor:
        z = self.post_quant_conv(channels_last(z, self.post_quant_conv.weight))
        return self.decoder(
            z, self.num_levels, self.layers_per_block, self.norm_groups, self.mid_attention
        )
