"""PANNs' CNN14, from the waveform to its embedding and its logits.

The front-end is computed in float64, with the filters that come with the weights: in near-empty
bands the logarithm would amplify the rounding of float32 beyond that of all other layers. The head
is computed in float32.

Clips are computed one by one: libraries choose another kernel, and with it another order of
summation, for another number of images or rows, and a clip's result must not depend on its batch.
An image of a clip is large enough to keep the machine busy; so nothing is lost.
"""

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .layers import FLOAT32, Linear, empty


class Filter(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = empty()


class Stft(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv_real = Filter()
        self.conv_imag = Filter()


class SpectrogramExtractor(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stft = Stft()


class LogmelExtractor(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.melW = empty()


class BatchNorm(nn.Module):
    """x · scale + shift, in float64."""

    epsilon: Final = 1e-5

    def __init__(self) -> None:
        super().__init__()
        self.weight = empty()
        self.bias = empty()
        self.running_mean = empty()
        self.running_var = empty()

    def scale(self) -> Tensor:
        return self.weight.double() / (self.running_var.double() + self.epsilon).sqrt()

    def shift(self) -> Tensor:
        return self.bias.double() - self.running_mean.double() * self.scale()


class Conv(nn.Module):
    """Convolution, batch normalisation and ReLU; once frozen, a convolution and a ReLU."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = empty()

    def normalized(self, scale: Tensor, dtype: int) -> Tensor:
        weight = self.weight * scale.view(-1, 1, 1, 1)
        return weight.to(dtype, memory_format=torch.channels_last)

    def forward(self, x: Tensor, scale: Tensor, shift: Tensor, dtype: int) -> Tensor:
        weight = self.normalized(scale, dtype)
        return torch.relu_(F.conv2d(x, weight, shift.to(dtype), padding=[1, 1]))


class PlanarConv(Conv):
    """The same with less rounding in float32: neither on channels-last memory nor by an operator
    that the core replaces, where oneDNN sums long rows of channels.
    """

    def forward(self, x: Tensor, scale: Tensor, shift: Tensor, dtype: int) -> Tensor:
        weight, bias, one = self.normalized(scale, dtype), shift.to(dtype), [1, 1]
        if dtype == torch.float32:
            x, weight = x.contiguous(), weight.contiguous()
            y = torch.convolution(x, weight, bias, one, one, one, False, [0, 0], 1)
        else:
            y = F.conv2d(x, weight, bias, padding=one)
        return torch.relu(y)


class NarrowConv(Conv):
    """The same on images of a few bands: as a matrix product over unfolded patches, which runs up
    to three times as fast there, and sums with less rounding.
    """

    def forward(self, x: Tensor, scale: Tensor, shift: Tensor, dtype: int) -> Tensor:
        batch, channels, height, width = x.shape
        padded = torch.constant_pad_nd(x.permute(0, 2, 3, 1), [0, 0, 1, 1, 1, 1]).contiguous()
        row = (width + 2) * channels
        patches = padded.as_strided(
            [batch, height, width, 3, 3, channels],
            [(height + 2) * row, row, channels, row, channels, 1],
        )
        weight = self.normalized(scale, dtype).permute(0, 2, 3, 1).flatten(1)
        y = F.linear(patches.flatten(3).flatten(0, 2), weight, shift.to(dtype))
        return torch.relu_(y).view(batch, height, width, -1).permute(0, 3, 1, 2)


class ConvBlock(nn.Module):
    def __init__(self, conv: type[Conv]) -> None:
        super().__init__()
        self.conv1 = conv()
        self.conv2 = conv()
        self.bn1 = BatchNorm()
        self.bn2 = BatchNorm()

    def forward(self, x: Tensor, dtype: int) -> Tensor:
        x = self.conv1(x, self.bn1.scale(), self.bn1.shift(), dtype)
        return self.conv2(x, self.bn2.scale(), self.bn2.shift(), dtype)


class Cnn14(nn.Module):
    """Waveform [B, n] → embedding [B, d], logits [B, classes], both float32."""

    hop: int
    compute_dtype: int
    # Five poolings by 2, so a column of features stands for 32 frames.
    stride: Final = 32
    # Longer clips are computed in pieces of so many frames: what bounds the memory.
    piece: Final = 4096
    # Frames on either side of a piece that its features depend on, rounded up to a stride.
    margin: Final = 128

    def __init__(self) -> None:
        super().__init__()
        self.hop = 160
        self.compute_dtype = FLOAT32
        self.spectrogram_extractor = SpectrogramExtractor()
        self.logmel_extractor = LogmelExtractor()
        self.bn0 = BatchNorm()
        self.conv_block1 = ConvBlock(Conv)
        self.conv_block2 = ConvBlock(Conv)
        self.conv_block3 = ConvBlock(Conv)
        self.conv_block4 = ConvBlock(Conv)
        self.conv_block5 = ConvBlock(NarrowConv)
        self.conv_block6 = ConvBlock(NarrowConv)
        self.fc1 = Linear()
        self.fc_audioset = Linear()

    def frames(self, samples: Tensor) -> Tensor:
        """One clip [n] → [frames, window], as a view."""
        window = self.spectrogram_extractor.stft.conv_real.weight.shape[2]
        padding = [window // 2, window // 2]
        padded = torch.ops.aten.reflection_pad1d(samples.unsqueeze(0), padding)
        return padded[0].unfold(0, window, self.hop)

    def log_mel(self, frames: Tensor) -> Tensor:
        """[frames, window] → [frames, bands], normalised, float64."""
        stft = self.spectrogram_extractor.stft
        filters = torch.cat([stft.conv_real.weight, stft.conv_imag.weight]).squeeze(1).double().t()
        real, imaginary = frames.double().mm(filters).chunk(2, 1)
        mel = (real.square() + imaginary.square()).mm(self.logmel_extractor.melW.double())
        decibels = mel.clamp_(min=1e-10).log10_() * 10.0
        return decibels * self.bn0.scale() + self.bn0.shift()

    def shallow(self, image: Tensor) -> Tensor:
        """[frames, bands] → [1, channels, frames / 2, bands / 2]."""
        dtype = self.compute_dtype
        # In channels-last memory, which with a single channel has to be spelled out.
        x = image.to(dtype).unsqueeze(0).unsqueeze(3).permute(0, 3, 1, 2)
        return F.avg_pool2d(self.conv_block1(x, dtype), [2, 2])

    def deep(self, x: Tensor) -> Tensor:
        """What the first block gave → [columns, channels], float32."""
        dtype = self.compute_dtype
        x = F.avg_pool2d(self.conv_block2(x, dtype), [2, 2])
        x = F.avg_pool2d(self.conv_block3(x, dtype), [2, 2])
        x = F.avg_pool2d(self.conv_block4(x, dtype), [2, 2])
        x = F.avg_pool2d(self.conv_block5(x, dtype), [2, 2])
        return self.conv_block6(x, dtype)[0].float().mean(2).t()

    def pooled(self, samples: Tensor) -> Tensor:
        """One clip [n] → [1, channels]."""
        frames = self.frames(samples)
        count = frames.shape[0]
        assert count >= self.stride, 'CNN14 needs at least 31 hops'
        columns: list[Tensor] = []
        for start in range(0, count - self.stride + 1, self.piece):
            first, last = max(0, start - self.margin), start + self.piece
            image = self.log_mel(frames[first : last + self.margin])
            features = self.deep(self.shallow(image))
            columns.append(features[(start - first) // self.stride :][: self.piece // self.stride])
        return self.joined(columns)

    def joined(self, columns: list[Tensor]) -> Tensor:
        x = torch.cat(columns)
        return x.amax(0, keepdim=True) + x.mean(0, keepdim=True)

    def forward(self, waveform: Tensor) -> tuple[Tensor, Tensor]:
        embeddings: list[Tensor] = []
        logits: list[Tensor] = []
        for samples in waveform.unbind():
            embedding = torch.relu_(self.fc1(self.pooled(samples)))
            embeddings.append(embedding)
            logits.append(self.fc_audioset(embedding))
        return torch.cat(embeddings), torch.cat(logits)
