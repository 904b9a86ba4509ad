"""PaSST with random weights in the layout of the published file."""

from collections import OrderedDict

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from .archives import script
from .binding import bind
from .passt import MAX_DEPTH
from .random_layers import CLASSES, LOGITS_RMS, Tensors, add_linear, calibration_sounds

HEADS = 12
ROWS, COLUMNS = 12, 99


def passt(width: int, generator: Generator) -> Tensors:
    """The published one has 12 · 64 channels in 12 blocks; a narrow one 2 blocks."""
    channels, depth = HEADS * width, MAX_DEPTH if width >= 64 else 2

    def normal(*shape: int, scale: float = 1.0) -> Tensor:
        return torch.randn(shape, generator=generator) * scale

    tensors: Tensors = OrderedDict()

    def linear(name: str, inputs: int, outputs: int, gain: float) -> None:
        tensors[f'{name}.weight'] = normal(outputs, inputs, scale=gain / inputs**0.5)
        tensors[f'{name}.bias'] = normal(outputs, scale=0.1)

    def norm(name: str) -> None:
        tensors[f'{name}.weight'] = 1 + normal(channels, scale=0.1)
        tensors[f'{name}.bias'] = normal(channels, scale=0.1)

    tensors['cls_token'] = normal(1, 1, channels)
    tensors['dist_token'] = normal(1, 1, channels)
    tensors['new_pos_embed'] = normal(1, 2, channels, scale=0.3)
    tensors['freq_new_pos_embed'] = normal(1, channels, ROWS, 1, scale=0.3)
    tensors['time_new_pos_embed'] = normal(1, channels, 1, COLUMNS, scale=0.3)
    tensors['patch_embed.proj.weight'] = normal(channels, 1, 16, 16, scale=1 / 8)
    tensors['patch_embed.proj.bias'] = normal(channels, scale=0.1)
    for i in range(depth):
        block = f'blocks.{i}'
        norm(f'{block}.norm1')
        # More than 1, so that attention is on some patches and not on all alike.
        linear(f'{block}.attn.qkv', channels, 3 * channels, 1.5)
        linear(f'{block}.attn.proj', channels, channels, 1.0)
        norm(f'{block}.norm2')
        linear(f'{block}.mlp.fc1', channels, 4 * channels, 1.0)
        linear(f'{block}.mlp.fc2', 4 * channels, channels, 1.0)
    norm('norm')
    tensors['head.0.weight'] = 1 + normal(channels, scale=0.1)
    tensors['head.0.bias'] = normal(channels, scale=0.1)
    network = bind(script('passt'), {'depth': depth}, tensors)
    features = torch.cat([network.window(s) for s in calibration_sounds(32000, generator)])
    x = F.layer_norm(features, [channels], tensors['head.0.weight'], tensors['head.0.bias'])
    add_linear(tensors, 'head.1', x, CLASSES, LOGITS_RMS, generator)
    linear('head_dist', channels, CLASSES, 1.0)
    return tensors
