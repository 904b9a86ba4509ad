"""Writes embedding networks with random weights in the layouts of the published files.

The weights keep the variance of what passes through them, and batch norms hold the statistics of
calibration sounds: embeddings differ between sounds, and logits are as large as those of a trained
network.
"""

import os
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from .binding import bind
from .cnn14 import Cnn14
from .vggish import Vggish

Tensors = OrderedDict[str, Tensor]

RATES = {'cnn14-16k': 16000, 'cnn14-32k': 32000}
KINDS = [*RATES, 'vggish', 'vggish-pca']
FORMATS = ['zip', 'legacy', 'training']
CLASSES = 527
LOGITS_RMS = 6.0
EMBEDDING_RMS = 0.5


def calibration_sounds(rate: int, generator: Generator) -> Tensor:
    """Noisy sweeps, no two alike, [clips, 2 s]."""
    clips = 12
    time = torch.arange(2 * rate) / rate
    start, stretch, beat, level, noise = torch.rand(5, clips, 1, generator=generator)
    frequency = 60 * 50**start
    tone = torch.sin(2 * torch.pi * frequency * time * (1 + stretch * time))
    tone = tone * (1 + torch.sin(2 * torch.pi * 8 * beat * time)) / 2
    hiss = torch.randn(clips, len(time), generator=generator)
    return 10 ** (-2 * level) * (tone + 10 ** (-4 * noise) * hiss) / 2


def random_weight(shape: list[int], generator: Generator) -> Tensor:
    """Keeps the mean square of its input, after a ReLU."""
    weight = torch.randn(shape, generator=generator)
    return weight.mul_((2 / weight[0].numel()) ** 0.5)


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


def add_norm(tensors: Tensors, name: str, x: Tensor, generator: Generator) -> Tensor:
    """Adds a batch norm with the statistics of `x` [B, C, …] and returns what it makes of `x`."""
    channels = x.shape[1]
    variance, mean = torch.var_mean(x, [0, 2, 3])
    tensors[f'{name}.weight'] = torch.randn(channels, generator=generator) * 0.1 + 1
    tensors[f'{name}.bias'] = torch.randn(channels, generator=generator) * 0.1
    tensors[f'{name}.running_mean'] = mean
    tensors[f'{name}.running_var'] = variance
    tensors[f'{name}.num_batches_tracked'] = torch.tensor(1000)
    parameters = (tensors[f'{name}.{part}'] for part in ('weight', 'bias'))
    return F.batch_norm(x, mean, variance, *parameters)


def add_linear(
    tensors: Tensors, name: str, x: Tensor, outputs: int, rms: float, generator: Generator
) -> Tensor:
    """Adds a linear layer whose outputs for `x` [B, C] have this rms, and half of what all rows
    share taken away, which would hide what tells them apart.
    """
    weight = random_weight([outputs, x.shape[1]], generator)
    y = F.linear(x, weight)
    bias = -y.mean(0) / 2
    gain = rms / (y + bias).square().mean().sqrt()
    tensors[f'{name}.weight'], tensors[f'{name}.bias'] = weight * gain, bias * gain
    return (y + bias) * gain


def cnn14(rate: int, width: int, generator: Generator) -> Tensors:
    tensors: Tensors = OrderedDict()
    size = rate * 512 // 16000
    real, imaginary = fourier_filters(size)
    tensors['spectrogram_extractor.stft.conv_real.weight'] = real
    tensors['spectrogram_extractor.stft.conv_imag.weight'] = imaginary
    tensors['logmel_extractor.melW'] = mel_filters(rate, size, 50, 8000 if rate == 16000 else 14000)
    identity = {'weight': torch.ones(64), 'bias': torch.zeros(64)}
    identity |= {'running_mean': torch.zeros(64), 'running_var': torch.ones(64)}
    front_end = tensors | {f'bn0.{part}': value for part, value in identity.items()}
    network = bind(Cnn14(), {'hop': rate // 100}, front_end)
    sounds = calibration_sounds(rate, generator)
    images = torch.stack([network.log_mel(network.frames(sound)) for sound in sounds])
    x = images.float().unsqueeze(1).transpose(1, 3)
    x = add_norm(tensors, 'bn0', x, generator).transpose(1, 3)
    for block in range(1, 7):
        name, channels = f'conv_block{block}', width * 2 ** (block - 1)
        norms: Tensors = OrderedDict()
        for layer in (1, 2):
            weight = random_weight([channels, x.shape[1], 3, 3], generator)
            tensors[f'{name}.conv{layer}.weight'] = weight
            x = add_norm(norms, f'{name}.bn{layer}', F.conv2d(x, weight, padding=1), generator)
            x = x.relu_()
        tensors.update(norms)
        if block < 6:
            x = F.avg_pool2d(x, 2)
    x = x.mean(3)
    x = x.amax(2) + x.mean(2)
    x = add_linear(tensors, 'fc1', x, x.shape[1], 2**0.5 * EMBEDDING_RMS, generator).relu_()
    add_linear(tensors, 'fc_audioset', x, CLASSES, LOGITS_RMS, generator)
    return tensors


def vggish(width: int, generator: Generator) -> Tensors:
    tensors: Tensors = OrderedDict()
    sounds = calibration_sounds(16000, generator)
    x = Vggish().log_mel(sounds[:, : Vggish.patch], sounds.device).float().unsqueeze(1)
    channels = {0: width, 3: 2 * width, 6: 4 * width, 8: 4 * width, 11: 8 * width, 13: 8 * width}
    for layer, count in channels.items():
        weight = random_weight([count, x.shape[1], 3, 3], generator)
        x = F.conv2d(x, weight, padding=1)
        variance, mean = torch.var_mean(x, [0, 2, 3])
        gain = (2 / (variance + mean**2)).sqrt()
        tensors[f'features.{layer}.weight'] = weight * gain.view(-1, 1, 1, 1)
        tensors[f'features.{layer}.bias'] = -mean * gain
        x = ((x - mean.view(-1, 1, 1)) * gain.view(-1, 1, 1)).relu_()
        if layer not in (6, 11):
            x = F.max_pool2d(x, 2)
    x = x.permute(0, 2, 3, 1).flatten(1)
    for layer, count in {0: 64 * width, 2: 64 * width, 4: 128}.items():
        x = add_linear(tensors, f'embeddings.{layer}', x.relu_(), count, 1.0, generator)
    return tensors


def vggish_pca(generator: Generator) -> dict[str, np.ndarray]:
    """As NumPy arrays, which is what the published file holds."""
    basis, _ = torch.linalg.qr(torch.randn(128, 128, dtype=torch.float64, generator=generator))
    means = torch.randn(128, dtype=torch.float64, generator=generator) * 0.1
    return {'pca_eigen_vectors': basis.numpy(), 'pca_means': means.numpy()}


def as_training(tensors: Tensors, generator: Generator) -> dict[str, Any]:
    """A checkpoint of PANNs' training script: the sampler's state lies in it as NumPy arrays."""
    clips = torch.randperm(2000, generator=generator).numpy()
    sampler = {
        'indexes_per_class': np.array_split(clips, CLASSES),
        'queue': list(range(100)),
        'pointers_of_classes': [0] * CLASSES,
    }
    return {'iteration': 200000, 'model': tensors, 'sampler': sampler}


@torch.no_grad()
def write_random_backbone(out: Path, kind: str, file_format: str, width: int, seed: int) -> None:
    """Replaces `out` at once."""
    if file_format == 'training' and kind not in RATES:
        raise ValueError(f'there is no training checkpoint of {kind}: use zip or legacy')
    generator = torch.Generator().manual_seed(seed)
    content: Any
    if kind in RATES:
        tensors = cnn14(RATES[kind], width, generator)
        training = file_format == 'training'
        content = as_training(tensors, generator) if training else {'model': tensors}
        content['_audioldm_random_weights'] = True
    elif kind == 'vggish':
        content = vggish(width, generator)
    else:
        content = vggish_pca(generator)
    part = out.with_name(f'.{out.name}.{os.getpid()}.tmp')
    try:
        torch.save(content, part, _use_new_zipfile_serialization=file_format != 'legacy')
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
