"""CNN14 as PANNs has it, in plain PyTorch modules with the published names.

Runs in the dtype of its weights. Nothing here is shared with the archive.
"""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Stft(nn.Module):
    """The Fourier transform as two strided convolutions."""

    def __init__(self, n_fft: int, hop: int) -> None:
        super().__init__()
        self.n_fft = n_fft
        bins = n_fft // 2 + 1
        self.conv_real = nn.Conv1d(1, bins, n_fft, stride=hop, bias=False)
        self.conv_imag = nn.Conv1d(1, bins, n_fft, stride=hop, bias=False)

    def forward(self, waveform: Tensor) -> tuple[Tensor, Tensor]:
        padding = (self.n_fft // 2, self.n_fft // 2)
        x = F.pad(waveform[:, None, :], padding, mode='reflect')
        real = self.conv_real(x)[:, None].transpose(2, 3)
        imag = self.conv_imag(x)[:, None].transpose(2, 3)
        return real, imag  # [batch, 1, frames, bins]


class Spectrogram(nn.Module):
    def __init__(self, n_fft: int, hop: int) -> None:
        super().__init__()
        self.stft = Stft(n_fft, hop)

    def forward(self, waveform: Tensor) -> Tensor:
        real, imag = self.stft(waveform)
        return real**2 + imag**2


class LogmelFilterBank(nn.Module):
    def __init__(self, n_fft: int, mel_bins: int) -> None:
        super().__init__()
        self.melW = nn.Parameter(torch.empty(n_fft // 2 + 1, mel_bins), requires_grad=False)

    def forward(self, spectrogram: Tensor) -> Tensor:
        mel = torch.matmul(spectrogram, self.melW)
        return 10.0 * torch.log10(torch.clamp(mel, min=1e-10))


class ConvBlock(nn.Module):
    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.bn2 = nn.BatchNorm2d(out_channels)

    def forward(self, x: Tensor, pool: int | tuple[int, int]) -> Tensor:
        x = F.relu_(self.bn1(self.conv1(x)))
        x = F.relu_(self.bn2(self.conv2(x)))
        return F.avg_pool2d(x, kernel_size=pool)


class Cnn14(nn.Module):
    def __init__(self, sample_rate: int, width: int = 64) -> None:
        super().__init__()
        n_fft, hop = {16000: (512, 160), 32000: (1024, 320)}[sample_rate]
        self.spectrogram_extractor = Spectrogram(n_fft, hop)
        self.logmel_extractor = LogmelFilterBank(n_fft, 64)
        self.bn0 = nn.BatchNorm2d(64)
        self.conv_block1 = ConvBlock(1, width)
        self.conv_block2 = ConvBlock(width, width * 2)
        self.conv_block3 = ConvBlock(width * 2, width * 4)
        self.conv_block4 = ConvBlock(width * 4, width * 8)
        self.conv_block5 = ConvBlock(width * 8, width * 16)
        self.conv_block6 = ConvBlock(width * 16, width * 32)
        self.fc1 = nn.Linear(width * 32, width * 32)
        self.fc_audioset = nn.Linear(width * 32, 527)

    def forward(self, waveform: Tensor) -> tuple[Tensor, Tensor]:
        x = self.spectrogram_extractor(waveform)
        x = self.logmel_extractor(x)
        x = self.bn0(x.transpose(1, 3)).transpose(1, 3)
        x = self.conv_block1(x, pool=2)
        x = self.conv_block2(x, pool=2)
        x = self.conv_block3(x, pool=2)
        x = self.conv_block4(x, pool=2)
        x = self.conv_block5(x, pool=2)
        x = self.conv_block6(x, pool=1)
        x = torch.mean(x, dim=3)
        x = torch.max(x, dim=2).values + torch.mean(x, dim=2)
        embedding = F.relu_(self.fc1(x))
        return embedding, self.fc_audioset(embedding)


def load_cnn14(path: Path, sample_rate: int) -> Cnn14:
    """From a checkpoint's file, in float32, in evaluation mode."""
    # Not `weights_only`: training checkpoints hold NumPy arrays. Only for files we wrote.
    weights = torch.load(path, map_location='cpu', weights_only=False)['model']
    network = Cnn14(sample_rate, width=len(weights['conv_block1.conv1.weight']))
    network.load_state_dict(weights)
    return network.eval()
