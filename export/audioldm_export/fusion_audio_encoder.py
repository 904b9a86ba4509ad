"""The audio tower of the CLAP that was trained with feature fusion: of a clip longer than 10 s it
hears the whole, shortened in its spectrogram, and three stretches of 10 s.

Where training chose the stretches at random, they are at the beginning, in the middle and at the
end here. A clip of 10 s is one image, as for the other towers.
"""

from typing import Final

import torch
from torch import Tensor, nn

from .audio_encoder import AudioEncoder, AudioModel, Htsat, PatchConv, PatchEmbed
from .cnn14 import BatchNorm
from .layers import PointwiseConv2d
from .mel_spectrogram import htk_filters


class Norm(BatchNorm):
    """Of an image [1, C, H, W], in its own type."""

    def forward(self, x: Tensor) -> Tensor:
        scale, shift = self.scale().view(1, -1, 1, 1), self.shift().view(1, -1, 1, 1)
        return x * scale.to(x.dtype) + shift.to(x.dtype)


class Fusion(nn.Module):
    """Weighs two images [1, C, H, W] against each other, place by place and channel by channel."""

    def __init__(self) -> None:
        super().__init__()
        # Numbered as in the published file, where activations and the mean count.
        local = {'0': PointwiseConv2d(), '1': Norm(), '3': PointwiseConv2d(), '4': Norm()}
        self.local_att = nn.ModuleDict(local)
        whole = {'1': PointwiseConv2d(), '2': Norm(), '4': PointwiseConv2d(), '5': Norm()}
        self.global_att = nn.ModuleDict(whole)

    def forward(self, x: Tensor, other: Tensor) -> Tensor:
        both = x + other
        y = torch.relu(self.local_att['1'](self.local_att['0'](both)))
        y = self.local_att['4'](self.local_att['3'](y))
        z = self.global_att['1'](both.mean([2, 3], keepdim=True))
        z = self.global_att['4'](torch.relu(self.global_att['2'](z)))
        weight = torch.sigmoid(y + self.global_att['5'](z))
        return 2.0 * x * weight + 2.0 * other * (1.0 - weight)


class FusionPatchEmbed(PatchEmbed):
    def __init__(self) -> None:
        super().__init__()
        self.mel_conv2d = PatchConv()
        self.fusion_model = Fusion()

    def fused(self, images: Tensor, stride: list[int]) -> Tensor:
        """Images [4, H, W], the whole first → patches [h, w, C]."""
        x = self.proj(images[0], stride)
        wide = [stride[0], 3 * stride[1]]
        parts = [self.mel_conv2d(image, wide) for image in images[1:].unbind()]
        other = torch.cat(parts, 1)
        # Three stretches have fewer columns than the whole, and never more.
        other = torch.constant_pad_nd(other, [0, 0, 0, x.shape[1] - other.shape[1]])
        planes = [each.permute(2, 0, 1).unsqueeze(0) for each in (x, other)]
        return self.norm(self.fusion_model(planes[0], planes[1])[0].permute(1, 2, 0))


class FusionHtsat(Htsat):
    frames: Final = 1001

    def __init__(self) -> None:
        super().__init__()
        self.patch_embed = FusionPatchEmbed()

    def patches(self, decibels: Tensor, size: int, stride: list[int]) -> Tensor:
        last = decibels.shape[0] - self.frames
        if last == 0:
            return self.patch_embed(self.image(decibels, size), stride)
        bands = decibels.shape[1]
        whole = torch.ops.aten.upsample_bilinear2d(
            decibels[None, None], [self.frames, bands], False
        )
        # Of two places there is no third one: the last stretch is the first again.
        starts = [0, (last + 1) // 2, last if last > 1 else 0]
        stretches = [decibels[start : start + self.frames] for start in starts]
        images = [self.image(each, size) for each in [whole[0, 0]] + stretches]
        return self.patch_embed.fused(torch.stack(images), stride)


class FusionAudioModel(AudioModel):
    def __init__(self) -> None:
        super().__init__()
        self.audio_encoder = FusionHtsat()


class FusionAudioEncoder(AudioEncoder):
    """Waveform [B, n], 10 s or more at 48 kHz → audio embeddings [B, 512], not normalised."""

    def __init__(self) -> None:
        super().__init__()
        self.audio_model = FusionAudioModel()

    def filters(self) -> Tensor:
        return htk_filters(48000, 1024, self.num_mel_bins, self.min_frequency, self.max_frequency)
