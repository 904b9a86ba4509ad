"""CLAP with random weights in the layout of LAION's checkpoints: both towers in one file, with all
that lies in a published one beside them.
"""

from collections import OrderedDict
from typing import Any

import torch
from torch import Generator, Tensor

from . import configs, layouts
from .audio_encoder import foreign, offsets
from .layouts import Config
from .mel_spectrogram import mel_filters
from .random_layers import Tensors
from .random_model import random_audio_encoder, random_tensors
from .random_panns import fourier_filters
from .tokenizer import tokenizer_files

SIZES = {'laion-clap-tiny': 's', 'laion-clap-base': 'm', 'laion-clap-fusion': 's'}

RENAMES = {
    'audio_model.audio_encoder.': 'audio_branch.',
    'text_model.': 'text_branch.',
    'batch_norm': 'bn0',
    'attention.self.relative': 'attn.relative',
    'projection.linear1': 'projection.0',
    'projection.linear2': 'projection.2',
}
RENAMES_OF_BLOCKS = {
    'attention.output.dense': 'attn.proj',
    'intermediate.dense': 'mlp.fc1',
    'output.dense': 'mlp.fc2',
    'layernorm_before': 'norm1',
    'layernorm_after': 'norm2',
}


def original(tensors: dict[str, Tensor]) -> Tensors:
    """From the names of transformers to those of LAION."""
    renamed: Tensors = OrderedDict()
    for name, tensor in tensors.items():
        short = name
        renames = RENAMES | (RENAMES_OF_BLOCKS if name.startswith('audio_model.') else {})
        for new, old in renames.items():
            short = short.replace(new, old)
        if '.attention.self.' not in short or short.startswith('text_branch.'):
            renamed[short] = tensor
        elif '.query.' in short:
            parts = [tensors[name.replace('query', part)] for part in ('query', 'key', 'value')]
            renamed[short.replace('attention.self.query', 'attn.qkv')] = torch.cat(parts)
    return renamed


def fusion_tensors(width: int, patch: int, generator: Generator) -> Tensors:
    tensors: Tensors = OrderedDict()
    embed = 'audio_branch.patch_embed'

    def conv(name: str, outputs: int, inputs: int, *kernel: int) -> None:
        weight = torch.randn(outputs, inputs, *kernel, generator=generator)
        tensors[f'{name}.weight'] = weight / weight[0].numel() ** 0.5
        tensors[f'{name}.bias'] = torch.randn(outputs, generator=generator) * 0.1

    conv(f'{embed}.mel_conv2d', width, 1, patch, 3 * patch)
    for branch, first in (('local_att', 0), ('global_att', 1)):
        for index, inputs, outputs in ((0, width, width // 4), (3, width // 4, width)):
            layer = f'{embed}.fusion_model.{branch}'
            conv(f'{layer}.{first + index}', outputs, inputs, 1, 1)
            norm = f'{layer}.{first + index + 1}'
            draws = torch.randn(3, outputs, generator=generator) * 0.2
            parts = {'weight': 1 + draws[0], 'bias': draws[1], 'running_mean': draws[2]}
            parts['running_var'] = 0.5 + torch.rand(outputs, generator=generator)
            parts['num_batches_tracked'] = torch.tensor(1000)
            tensors |= {f'{norm}.{part}': tensor for part, tensor in parts.items()}
    return tensors


def unused(audio: Config, generator: Generator) -> Tensors:
    """Filters, buffers, heads and layers that no embedding is made with."""
    tensors: Tensors = OrderedDict()
    real, imaginary = fourier_filters(1024)
    tensors['audio_branch.spectrogram_extractor.stft.conv_real.weight'] = real
    tensors['audio_branch.spectrogram_extractor.stft.conv_imag.weight'] = imaginary
    tensors['audio_branch.logmel_extractor.melW'] = mel_filters(48000, 1024, 64, 50, 14000).float()
    window = audio['window_size']
    for level, depth in enumerate(audio['depths']):
        side = audio['spec_size'] // audio['patch_size'] // 2**level
        for i in range(depth):
            block = f'audio_branch.layers.{level}.blocks.{i}'
            tensors[f'{block}.attn.relative_position_index'] = offsets(window)
            if i % 2 == 1 and side > window:
                mask = foreign(side, side, window, window // 2)[:, 0]
                tensors[f'{block}.attn_mask'] = mask.float() * -100
    width = audio['hidden_size']
    tensors['audio_branch.tscam_conv.weight'] = torch.randn(527, width, 2, 3, generator=generator)
    tensors['audio_branch.tscam_conv.bias'] = torch.zeros(527)
    tensors['audio_branch.head.weight'] = torch.zeros(527, 527)
    tensors['audio_branch.head.bias'] = torch.zeros(527)
    for tower in ('audio', 'text'):
        for layer in (0, 3):
            tensors[f'{tower}_transform.sequential.{layer}.weight'] = torch.zeros(512, 512)
            tensors[f'{tower}_transform.sequential.{layer}.bias'] = torch.zeros(512)
        tensors[f'logit_scale_{tower[0]}'] = torch.tensor(2.66)
    tensors['text_branch.embeddings.position_ids'] = torch.arange(514)[None]
    return tensors


def laion_clap(kind: str, width: int, generator: Generator) -> dict[str, Any]:
    """Published sizes from a width of 64 on; a narrow one takes the tokenizer of the tests."""
    size = configs.SIZES[SIZES[kind] if width >= 64 else 'tiny']
    vocabulary = 50265 if width >= 64 else tokenizer_files()[1]
    audio, text = configs.audio_encoder(size), configs.text_encoder(size, vocabulary)
    towers = random_audio_encoder(audio, generator)
    towers |= random_tensors(layouts.text_encoder(text), generator)
    tensors = original(towers)
    if kind == 'laion-clap-fusion':
        channels, patch = audio['patch_embeds_hidden_size'], audio['patch_size']
        tensors |= fusion_tensors(channels, patch, generator)
    tensors |= unused(audio, generator)
    step = {'step': 1, 'exp_avg': torch.zeros(3), 'exp_avg_sq': torch.zeros(3)}
    return {
        'epoch': 1,
        'name': kind,
        'state_dict': {f'module.{name}': tensor for name, tensor in tensors.items()},
        'optimizer': {'state': {0: step}, 'param_groups': [{'lr': 1e-4, 'params': [0]}]},
        '_audioldm_random_weights': True,
    }
