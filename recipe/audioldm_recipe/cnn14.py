"""PANNs' CNN14 for 16 kHz in training: the names and the function of the published file, narrow."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from audioldm_export.random_panns import fourier_filters, mel_filters

from .device import autocast
from .specaugment import varied

WIDTHS = (16, 32, 48, 64, 96, 96)
EMBEDDING = 128
WINDOW, HOP, BANDS = 512, 160, 64


class Constant(nn.Module):
    """A tensor of the file that is not trained: as float16, which it is shipped in, has it."""

    def __init__(self, name: str, value: Tensor) -> None:
        super().__init__()
        self.register_buffer(name, value.half().float())


class ConvBlock(nn.Module):
    def __init__(self, wide_in: int, wide_out: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(wide_in, wide_out, 3, padding=1, bias=False)
        self.conv2 = nn.Conv2d(wide_out, wide_out, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(wide_out)
        self.bn2 = nn.BatchNorm2d(wide_out)

    def forward(self, x: Tensor) -> Tensor:
        x = self.bn1(self.conv1(x)).relu_()
        return self.bn2(self.conv2(x)).relu_()


class Cnn14(nn.Module):
    """Waveforms [B, n] → logits [B, classes]; the embedding is the layer before."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        real, imaginary = fourier_filters(WINDOW)
        filters = {
            'conv_real': Constant('weight', real),
            'conv_imag': Constant('weight', imaginary),
        }
        self.spectrogram_extractor = nn.ModuleDict({'stft': nn.ModuleDict(filters)})
        self.logmel_extractor = Constant('melW', mel_filters(2 * 8000, WINDOW, 50, 8000))
        self.bn0 = nn.BatchNorm2d(BANDS)
        for i, (wide_in, wide_out) in enumerate(zip((1, *WIDTHS), WIDTHS), 1):
            self.add_module(f'conv_block{i}', ConvBlock(wide_in, wide_out))
        self.fc1 = nn.Linear(WIDTHS[-1], EMBEDDING)
        self.fc_audioset = nn.Linear(EMBEDDING, classes)

    def forward(self, waves: Tensor) -> Tensor:
        # The normalisation is of bands, which batch norms of images take for channels.
        image = self.bn0(self.decibels(waves).transpose(1, 3)).transpose(1, 3)
        if self.training:
            image = varied(image)
        with autocast(self.training):
            x = image.contiguous(memory_format=torch.channels_last)
            for i in range(1, len(WIDTHS) + 1):
                x = F.dropout(self.get_submodule(f'conv_block{i}')(x), 0.1, self.training)
                x = F.avg_pool2d(x, 2) if i < len(WIDTHS) else x
        x = x.float().mean(3)
        x = F.dropout(x.amax(2) + x.mean(2), 0.2, self.training)
        embedding = self.fc1(x).relu()
        return self.fc_audioset(F.dropout(embedding, 0.3, self.training))

    def decibels(self, waves: Tensor) -> Tensor:
        """[B, n] → [B, 1, n / HOP + 1, BANDS]."""
        padded = F.pad(waves.unsqueeze(1), [WINDOW // 2] * 2, mode='reflect').squeeze(1)
        stft = self.spectrogram_extractor['stft']
        filters = torch.cat([stft['conv_real'].weight, stft['conv_imag'].weight]).squeeze(1)
        real, imaginary = (padded.unfold(1, WINDOW, HOP) @ filters.t()).chunk(2, 2)
        mel = (real.square() + imaginary.square()) @ self.logmel_extractor.melW
        return 10 * mel.clamp(min=1e-10).log10().unsqueeze(1)
