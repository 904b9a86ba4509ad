"""CNN14 and Wavegram-Logmel-CNN14 with random weights in the layout of PANNs."""

from collections import OrderedDict

import numpy as np
import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from .binding import bind
from .cnn14 import Cnn14
from .random_layers import (
    CLASSES,
    EMBEDDING_RMS,
    LOGITS_RMS,
    Tensors,
    add_linear,
    add_norm,
    calibration_sounds,
    random_weight,
)

BANDS = 64


def fourier_filters(size: int) -> tuple[Tensor, Tensor]:
    """Windowed cosines and sines, [size / 2 + 1, 1, size]."""
    sample = torch.arange(size, dtype=torch.float64)
    phase = -2 * torch.pi / size * torch.outer(sample[: size // 2 + 1], sample).remainder(size)
    window = torch.hann_window(size, dtype=torch.float64)
    return (phase.cos() * window).float().unsqueeze(1), (phase.sin() * window).float().unsqueeze(1)


def slaney_mel(hertz: np.ndarray) -> np.ndarray:
    """Linear up to 1000 Hz, then 27 steps for a factor of 6.4."""
    return np.where(
        hertz < 1000, hertz * 3 / 200, 15 + 27 * np.log(np.maximum(hertz, 1) / 1000) / np.log(6.4)
    )


def slaney_hertz(mel: np.ndarray) -> np.ndarray:
    return np.where(mel < 15, mel * 200 / 3, 1000 * 6.4 ** ((mel - 15) / 27))


def mel_filters(rate: int, size: int, lowest: float, highest: float) -> Tensor:
    """Slaney's triangles of equal area, [size / 2 + 1, 64]."""
    bins = np.linspace(0, rate / 2, size // 2 + 1)[:, None]
    low, high = slaney_mel(np.array([lowest, highest]))
    edges = slaney_hertz(np.linspace(low, high, 64 + 2))
    lower, center, upper = edges[:-2], edges[1:-1], edges[2:]
    rising, falling = (bins - lower) / (center - lower), (upper - bins) / (upper - center)
    weights = np.maximum(0, np.minimum(rising, falling)) * 2 / (upper - lower)
    return torch.from_numpy(weights.astype(np.float32))


def add_front_end(tensors: Tensors, rate: int, sounds: Tensor, generator: Generator) -> Tensor:
    """Adds DFT filters, mel matrix and bn0, and returns normalised images [B, 1, frames, bands]."""
    size = rate * 512 // 16000
    real, imaginary = fourier_filters(size)
    tensors['spectrogram_extractor.stft.conv_real.weight'] = real
    tensors['spectrogram_extractor.stft.conv_imag.weight'] = imaginary
    tensors['logmel_extractor.melW'] = mel_filters(rate, size, 50, 8000 if rate == 16000 else 14000)
    identity = {'weight': torch.ones(BANDS), 'bias': torch.zeros(BANDS)}
    identity |= {'running_mean': torch.zeros(BANDS), 'running_var': torch.ones(BANDS)}
    names = ('spectrogram_extractor', 'logmel_extractor')
    front_end = {name: tensor for name, tensor in tensors.items() if name.startswith(names)}
    front_end |= {f'bn0.{part}': value for part, value in identity.items()}
    network = bind(Cnn14(), {'hop': rate // 100}, front_end)
    images = torch.stack([network.log_mel(network.frames(sound)) for sound in sounds])
    x = images.float().unsqueeze(1).transpose(1, 3)
    return add_norm(tensors, 'bn0', x, generator).transpose(1, 3)


def add_block(
    tensors: Tensors, name: str, x: Tensor, channels: int, generator: Generator
) -> Tensor:
    norms: Tensors = OrderedDict()
    for layer in (1, 2):
        weight = random_weight([channels, x.shape[1], 3, 3], generator)
        tensors[f'{name}.conv{layer}.weight'] = weight
        x = add_norm(norms, f'{name}.bn{layer}', F.conv2d(x, weight, padding=1), generator)
        x = x.relu_()
    tensors.update(norms)
    return x


def add_head(tensors: Tensors, x: Tensor, generator: Generator) -> None:
    x = x.mean(3)
    x = x.amax(2) + x.mean(2)
    x = add_linear(tensors, 'fc1', x, x.shape[1], 2**0.5 * EMBEDDING_RMS, generator).relu_()
    add_linear(tensors, 'fc_audioset', x, CLASSES, LOGITS_RMS, generator)


def cnn14(rate: int, width: int, generator: Generator) -> Tensors:
    tensors: Tensors = OrderedDict()
    x = add_front_end(tensors, rate, calibration_sounds(rate, generator), generator)
    for block in range(1, 7):
        x = add_block(tensors, f'conv_block{block}', x, width * 2 ** (block - 1), generator)
        if block < 6:
            x = F.avg_pool2d(x, 2)
    add_head(tensors, x, generator)
    return tensors


def add_wave_block(
    tensors: Tensors, name: str, x: Tensor, channels: int, generator: Generator
) -> Tensor:
    norms: Tensors = OrderedDict()
    for layer in (1, 2):
        weight = random_weight([channels, x.shape[1], 3], generator)
        tensors[f'{name}.conv{layer}.weight'] = weight
        y = F.conv1d(x, weight, padding=layer, dilation=layer).unsqueeze(3)
        x = add_norm(norms, f'{name}.bn{layer}', y, generator).squeeze(3).relu_()
    tensors.update(norms)
    return F.max_pool1d(x, 4)


def wavegram(width: int, generator: Generator) -> Tensors:
    """Published are 64 channels. However narrow, the wavegram has two channels at least, so that
    their order counts.
    """
    tensors: Tensors = OrderedDict()
    rate, groups = 32000, max(2, width // 16)
    sounds = calibration_sounds(rate, generator)
    weight = random_weight([width, 1, 11], generator)
    tensors['pre_conv0.weight'] = weight
    x = F.conv1d(sounds.unsqueeze(1), weight, stride=5, padding=5).unsqueeze(3)
    x = add_norm(tensors, 'pre_bn0', x, generator).squeeze(3).relu_()
    x = add_wave_block(tensors, 'pre_block1', x, width, generator)
    x = add_wave_block(tensors, 'pre_block2', x, 2 * width, generator)
    x = add_wave_block(tensors, 'pre_block3', x, BANDS // 2 * groups, generator)
    x = x.unflatten(1, [groups, BANDS // 2]).transpose(2, 3)
    x = F.avg_pool2d(add_block(tensors, 'pre_block4', x, width, generator), [2, 1])
    image = add_front_end(tensors, rate, sounds, generator)
    logmel = F.avg_pool2d(add_block(tensors, 'conv_block1', image, width, generator), 2)
    x = torch.cat([logmel, x], 1)
    for block in range(2, 7):
        x = add_block(tensors, f'conv_block{block}', x, width * 2 ** (block - 1), generator)
        if block < 6:
            x = F.avg_pool2d(x, 2)
    add_head(tensors, x, generator)
    return tensors
