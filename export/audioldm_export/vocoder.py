"""The HiFi-GAN vocoder (transformers: SpeechT5HifiGan).

Signals are kept as [B, C, 1, T] in channels-last memory: libtorch's conv2d is several times as fast
on them as its conv1d is on [B, C, T].
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .layers import empty

MAX_STAGES = 8
MAX_KERNELS = 4
MAX_DILATIONS = 4


class Conv1d(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = empty()
        self.bias = empty()

    def forward(self, x: Tensor, kernel: int, dilation: int) -> Tensor:
        padding = (kernel - 1) * dilation // 2
        weight = self.weight.unsqueeze(2)
        return F.conv2d(x, weight, self.bias, padding=[0, padding], dilation=[1, dilation])


class ConvTranspose1d(nn.Module):
    """A transposed convolution as an ordinary one with `rate` times the output channels.

    With the kernel cut into n pieces of `rate` taps, output sample q·rate + s is the sum over j of
    x[q − j] · weight[j·rate + s]: a convolution of n taps that gives all s at once, and in
    channels-last memory its output, read as `rate` times longer, is the signal already.
    """

    def __init__(self) -> None:
        super().__init__()
        self.weight = empty()
        self.bias = empty()

    def forward(self, x: Tensor, kernel: int, rate: int) -> Tensor:
        batch, _, _, frames = x.shape
        channels = self.bias.shape[0]
        pieces = (kernel + rate - 1) // rate
        weight = F.pad(self.weight, [0, pieces * rate - kernel])
        weight = weight.view(-1, channels, pieces, rate).permute(3, 1, 0, 2).flatten(0, 1).flip(2)
        y = F.conv2d(x, weight.unsqueeze(2), self.bias.repeat(rate), padding=[0, pieces - 1])
        y = y.permute(0, 2, 3, 1).reshape(batch, 1, -1, channels).permute(0, 3, 1, 2)
        crop = (kernel - rate) // 2
        return y.narrow(3, crop, (frames - 1) * rate + kernel - 2 * crop)


class ResidualBlock(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.convs1 = nn.ModuleList([Conv1d() for _ in range(MAX_DILATIONS)])
        self.convs2 = nn.ModuleList([Conv1d() for _ in range(MAX_DILATIONS)])

    def forward(self, x: Tensor, kernel: int, dilations: list[int], slope: float) -> Tensor:
        for i, (conv1, conv2) in enumerate(zip(self.convs1, self.convs2)):
            if i < len(dilations):
                h = conv1(torch.ops.aten.leaky_relu(x, slope), kernel, dilations[i])
                h = conv2(torch.ops.aten.leaky_relu(h, slope), kernel, 1)
                x = x + h
        return x


class Vocoder(nn.Module):
    """Log-mel [B, T, num_mel] → waveform [B, samples]."""

    upsample_rates: list[int]
    upsample_kernel_sizes: list[int]
    resblock_kernel_sizes: list[int]
    resblock_dilations: list[int]
    num_dilations: int
    leaky_relu_slope: float
    normalize_before: bool

    def __init__(self) -> None:
        super().__init__()
        self.upsample_rates = [5, 4, 2, 2, 2]
        self.upsample_kernel_sizes = [16, 16, 8, 4, 4]
        self.resblock_kernel_sizes = [3, 7, 11]
        self.resblock_dilations = [1, 3, 5, 1, 3, 5, 1, 3, 5]
        self.num_dilations = 3
        self.leaky_relu_slope = 0.1
        self.normalize_before = False
        self.mean = empty()
        self.scale = empty()
        self.conv_pre = Conv1d()
        self.upsampler = nn.ModuleList([ConvTranspose1d() for _ in range(MAX_STAGES)])
        self.resblocks = nn.ModuleList([ResidualBlock() for _ in range(MAX_STAGES * MAX_KERNELS)])
        self.conv_post = Conv1d()

    def upsample(self, x: Tensor, stage: int) -> Tensor:
        for i, upsampler in enumerate(self.upsampler):
            if i == stage:
                x = upsampler(x, self.upsample_kernel_sizes[i], self.upsample_rates[i])
        return x

    def forward(self, mel: Tensor) -> Tensor:
        mel = mel.to(self.conv_pre.weight.dtype)
        if self.normalize_before:
            mel = (mel - self.mean) / self.scale
        x = self.conv_pre(mel.contiguous().unsqueeze(1).permute(0, 3, 1, 2), 7, 1)
        kernels = len(self.resblock_kernel_sizes)
        blocks = len(self.upsample_rates) * kernels
        total = x
        for i, block in enumerate(self.resblocks):
            if i < blocks:
                kernel = i % kernels
                if kernel == 0:
                    x = self.upsample(
                        torch.ops.aten.leaky_relu(x, self.leaky_relu_slope), i // kernels
                    )
                first = kernel * self.num_dilations
                y = block(
                    x,
                    self.resblock_kernel_sizes[kernel],
                    self.resblock_dilations[first : first + self.num_dilations],
                    self.leaky_relu_slope,
                )
                total = y if kernel == 0 else total + y
                if kernel == kernels - 1:
                    x = total / kernels
        return torch.tanh(self.conv_post(torch.ops.aten.leaky_relu(x), 7, 1)).flatten(1)
