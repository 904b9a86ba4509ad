"""Layers with random weights: they keep the variance of what passes through them, and batch norms
hold the statistics of calibration sounds.
"""

from collections import OrderedDict

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

Tensors = OrderedDict[str, Tensor]

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
