"""VGGish with random weights in the layout of torchvggish, and PCA parameters."""

from collections import OrderedDict

import numpy as np
import torch
from torch import Generator
from torch.nn import functional as F

from .random_layers import Tensors, add_linear, calibration_sounds, random_weight
from .vggish import Vggish


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
