"""PANNs' Wavegram-Logmel-CNN14: CNN14 that hears, beside the log-mel spectrogram, an image that
convolutions make of the waveform.

The first convolution on the waveform is computed in float64, as the log-mel front-end is. Those
that follow are matrix products over unfolded patches: their images are a single band wide.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .cnn14 import BatchNorm, Cnn14, ConvBlock, Filter, PlanarConv
from .layers import empty


class WaveConv(nn.Module):
    """Three taps, batch normalisation and ReLU, [positions, channels]."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = empty()

    def forward(self, x: Tensor, scale: Tensor, shift: Tensor, dilation: int, dtype: int) -> Tensor:
        length, channels = x.shape
        padded = torch.constant_pad_nd(x, [0, 0, dilation, dilation])
        patches = padded.as_strided([length, 3, channels], [channels, dilation * channels, 1])
        weight = (self.weight * scale.view(-1, 1, 1)).to(dtype).permute(0, 2, 1).flatten(1)
        return torch.relu_(F.linear(patches.flatten(1), weight, shift.to(dtype)))


class WaveBlock(nn.Module):
    """[positions, inputs] → [positions / 4, outputs]."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = WaveConv()
        self.conv2 = WaveConv()
        self.bn1 = BatchNorm()
        self.bn2 = BatchNorm()

    def forward(self, x: Tensor, dtype: int) -> Tensor:
        x = self.conv1(x, self.bn1.scale(), self.bn1.shift(), 1, dtype)
        x = self.conv2(x, self.bn2.scale(), self.bn2.shift(), 2, dtype)
        return x.unfold(0, 4, 4).amax(2)


class WavegramCnn14(Cnn14):
    """Waveform [B, n] at 32 kHz → embedding [B, d], logits [B, classes], both float32.

    The published network takes such lengths alone for which both images have the same number of
    columns; here what one of them has more is cut off.
    """

    def __init__(self) -> None:
        super().__init__()
        self.hop = 320
        self.pre_conv0 = Filter()
        self.pre_bn0 = BatchNorm()
        self.pre_block1 = WaveBlock()
        self.pre_block2 = WaveBlock()
        self.pre_block3 = WaveBlock()
        self.pre_block4 = ConvBlock(PlanarConv)
        self.conv_block1 = ConvBlock(PlanarConv)
        self.conv_block2 = ConvBlock(PlanarConv)
        self.conv_block3 = ConvBlock(PlanarConv)
        self.conv_block4 = ConvBlock(PlanarConv)

    def first(self, samples: Tensor) -> Tensor:
        """[n] → [n / 5, channels], in the dtype that follows."""
        padded = torch.constant_pad_nd(samples.double(), [5, 5])
        filters = self.pre_conv0.weight.squeeze(1).double() * self.pre_bn0.scale().unsqueeze(1)
        x = padded.unfold(0, 11, 5).mm(filters.t()) + self.pre_bn0.shift()
        return x.relu_().to(self.compute_dtype)

    def wavegram(self, samples: Tensor) -> Tensor:
        """[n] → [1, channels, n / 640, 32]."""
        dtype = self.compute_dtype
        x = self.pre_block1(self.first(samples), dtype)
        x = self.pre_block3(self.pre_block2(x, dtype), dtype)
        # Of the channels, 32 each are the bands of an image.
        x = x.view(x.shape[0], -1, 32).permute(0, 2, 1).contiguous()
        x = self.pre_block4(x.unsqueeze(0).permute(0, 3, 1, 2), dtype)
        return F.avg_pool2d(x, [2, 1])

    def features(self, image: Tensor, samples: Tensor) -> Tensor:
        """Of the same frames, [frames, bands] and their samples → [columns, channels]."""
        x, wavegram = self.shallow(image), self.wavegram(samples)
        columns = min(x.shape[2], wavegram.shape[2])
        return self.deep(torch.cat([x[:, :, :columns], wavegram[:, :, :columns]], 1))

    def pooled(self, samples: Tensor) -> Tensor:
        frames = self.frames(samples)
        # Of the wavegram, which has no frame more than the spectrogram.
        count = (samples.shape[0] + 4) // 5 // 64
        assert count >= self.stride, 'the wavegram needs at least 32 hops'
        columns: list[Tensor] = []
        for start in range(0, count - self.stride + 1, self.piece):
            first, last = max(0, start - self.margin), start + self.piece + self.margin
            image = self.log_mel(frames[first:last])
            features = self.features(image, samples[first * self.hop : last * self.hop])
            columns.append(features[(start - first) // self.stride :][: self.piece // self.stride])
        return self.joined(columns)
