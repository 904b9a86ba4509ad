"""Wavegram-Logmel-CNN14 as PANNs has it, in plain PyTorch modules with the published names.

Runs in the dtype of its weights. Nothing here is shared with the archive.
"""

from pathlib import Path

import torch
from reference_cnn14 import ConvBlock, LogmelFilterBank, Spectrogram
from torch import Tensor, nn
from torch.nn import functional as F


class ConvPreWavBlock(nn.Module):
    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(in_channels, out_channels, 3, padding=1, bias=False)
        self.conv2 = nn.Conv1d(out_channels, out_channels, 3, dilation=2, padding=2, bias=False)
        self.bn1 = nn.BatchNorm1d(out_channels)
        self.bn2 = nn.BatchNorm1d(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu_(self.bn1(self.conv1(x)))
        x = F.relu_(self.bn2(self.conv2(x)))
        return F.max_pool1d(x, kernel_size=4)


class WavegramLogmelCnn14(nn.Module):
    def __init__(self, width: int = 64, groups: int = 4) -> None:
        super().__init__()
        self.pre_conv0 = nn.Conv1d(1, width, 11, stride=5, padding=5, bias=False)
        self.pre_bn0 = nn.BatchNorm1d(width)
        self.pre_block1 = ConvPreWavBlock(width, width)
        self.pre_block2 = ConvPreWavBlock(width, width * 2)
        self.pre_block3 = ConvPreWavBlock(width * 2, groups * 32)
        self.pre_block4 = ConvBlock(groups, width)
        self.spectrogram_extractor = Spectrogram(1024, 320)
        self.logmel_extractor = LogmelFilterBank(1024, 64)
        self.bn0 = nn.BatchNorm2d(64)
        self.conv_block1 = ConvBlock(1, width)
        self.conv_block2 = ConvBlock(width * 2, width * 2)
        self.conv_block3 = ConvBlock(width * 2, width * 4)
        self.conv_block4 = ConvBlock(width * 4, width * 8)
        self.conv_block5 = ConvBlock(width * 8, width * 16)
        self.conv_block6 = ConvBlock(width * 16, width * 32)
        self.fc1 = nn.Linear(width * 32, width * 32)
        self.fc_audioset = nn.Linear(width * 32, 527)

    def forward(self, waveform: Tensor) -> tuple[Tensor, Tensor]:
        a = F.relu_(self.pre_bn0(self.pre_conv0(waveform[:, None, :])))
        a = self.pre_block3(self.pre_block2(self.pre_block1(a)))
        a = a.reshape((a.shape[0], -1, 32, a.shape[-1])).transpose(2, 3)
        a = self.pre_block4(a, pool=(2, 1))

        x = self.logmel_extractor(self.spectrogram_extractor(waveform))
        x = self.bn0(x.transpose(1, 3)).transpose(1, 3)
        x = self.conv_block1(x, pool=2)
        # The published code fails where one is longer than the other.
        columns = min(x.shape[2], a.shape[2])
        x = torch.cat((x[:, :, :columns], a[:, :, :columns]), dim=1)
        x = self.conv_block2(x, pool=2)
        x = self.conv_block3(x, pool=2)
        x = self.conv_block4(x, pool=2)
        x = self.conv_block5(x, pool=2)
        x = self.conv_block6(x, pool=1)
        x = torch.mean(x, dim=3)
        x = torch.max(x, dim=2).values + torch.mean(x, dim=2)
        embedding = F.relu_(self.fc1(x))
        return embedding, self.fc_audioset(embedding)


def load_wavegram(path: Path) -> WavegramLogmelCnn14:
    """From a checkpoint's file, in float32, in evaluation mode."""
    # Not `weights_only`: training checkpoints hold NumPy arrays. Only for files we wrote.
    weights = torch.load(path, map_location='cpu', weights_only=False)['model']
    width, groups = len(weights['pre_conv0.weight']), weights['pre_block4.conv1.weight'].shape[1]
    network = WavegramLogmelCnn14(width, groups)
    network.load_state_dict(weights)
    return network.eval()
