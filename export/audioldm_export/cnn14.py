"""PANNs' CNN14, from the waveform to its embedding and its logits.

The front-end is computed in float64, with the filters that come with the weights: in near-empty
bands the logarithm would amplify the rounding of float32 beyond that of all other layers. The head
is computed in float32. What a clip gives does not depend on the batch it is in: the front-end works
clip by clip, the head in tiles of a fixed number of rows, and convolutions treat all images alike.
"""

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .layers import empty
from .tiles import FLOAT32, TiledLinear


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

    def forward(self, x: Tensor, scale: Tensor, shift: Tensor, dtype: int) -> Tensor:
        weight = self.weight * scale.view(-1, 1, 1, 1)
        weight = weight.to(dtype).contiguous(memory_format=torch.channels_last)
        return torch.relu_(F.conv2d(x, weight, shift.to(dtype), padding=[1, 1]))


class ConvBlock(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = Conv()
        self.conv2 = Conv()
        self.bn1 = BatchNorm()
        self.bn2 = BatchNorm()

    def forward(self, x: Tensor, dtype: int) -> Tensor:
        x = self.conv1(x, self.bn1.scale(), self.bn1.shift(), dtype)
        return self.conv2(x, self.bn2.scale(), self.bn2.shift(), dtype)


class Cnn14(nn.Module):
    """Waveform [B, n] → embedding [B, d], logits [B, classes], both float32."""

    hop: int
    compute_dtype: int
    # Five poolings halve the frames.
    min_frames: Final = 32
    # Frames transformed at once, and frames in the convolutions at once: what bounds the memory.
    piece: Final = 2048
    group: Final = 8192

    def __init__(self) -> None:
        super().__init__()
        self.hop = 160
        self.compute_dtype = FLOAT32
        self.spectrogram_extractor = SpectrogramExtractor()
        self.logmel_extractor = LogmelExtractor()
        self.bn0 = BatchNorm()
        self.conv_block1 = ConvBlock()
        self.conv_block2 = ConvBlock()
        self.conv_block3 = ConvBlock()
        self.conv_block4 = ConvBlock()
        self.conv_block5 = ConvBlock()
        self.conv_block6 = ConvBlock()
        self.fc1 = TiledLinear()
        self.fc_audioset = TiledLinear()

    def log_mel(self, waveform: Tensor) -> Tensor:
        """One clip [n] → [frames, bands], normalised."""
        stft = self.spectrogram_extractor.stft
        filters = torch.cat([stft.conv_real.weight, stft.conv_imag.weight]).squeeze(1).double().t()
        bands = self.logmel_extractor.melW.double()
        half = filters.shape[0] // 2
        padded = torch.ops.aten.reflection_pad1d(waveform.double().unsqueeze(0), [half, half])[0]
        frames = padded.unfold(0, filters.shape[0], self.hop)
        pieces: list[Tensor] = []
        for piece in frames.split(self.piece):
            real, imaginary = piece.mm(filters).chunk(2, 1)
            mel = (real.square() + imaginary.square()).mm(bands)
            pieces.append(mel.clamp_(min=1e-10).log10_().mul_(10.0))
        return torch.cat(pieces) * self.bn0.scale() + self.bn0.shift()

    def features(self, x: Tensor) -> Tensor:
        """Log-mel images [B, 1, frames, bands] → [B, channels]."""
        dtype = self.compute_dtype
        x = F.avg_pool2d(self.conv_block1(x, dtype), [2, 2])
        x = F.avg_pool2d(self.conv_block2(x, dtype), [2, 2])
        x = F.avg_pool2d(self.conv_block3(x, dtype), [2, 2])
        x = F.avg_pool2d(self.conv_block4(x, dtype), [2, 2])
        x = F.avg_pool2d(self.conv_block5(x, dtype), [2, 2])
        x = self.conv_block6(x, dtype).float().mean(3)
        return x.amax(2) + x.mean(2)

    def forward(self, waveform: Tensor) -> tuple[Tensor, Tensor]:
        frames = 1 + waveform.shape[1] // self.hop
        assert frames >= self.min_frames, 'CNN14 needs clips of at least 31 hops'
        features: list[Tensor] = []
        for clips in waveform.split(max(1, self.group // frames)):
            # In channels-last memory, which with a single channel has to be spelled out.
            images = torch.stack([self.log_mel(clip) for clip in clips.unbind()])
            images = images.to(self.compute_dtype).unsqueeze(3).permute(0, 3, 1, 2)
            features.append(self.features(images))
        embedding = torch.relu_(self.fc1(torch.cat(features)))
        return embedding, self.fc_audioset(embedding)
