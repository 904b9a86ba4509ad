"""Writes embedding networks with random weights in the layouts of the published files.

Embeddings differ between sounds, and logits are as large as those of a trained network.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Generator

from .random_laion_clap import SIZES as LAION_CLAP
from .random_laion_clap import laion_clap
from .random_layers import CLASSES, Tensors
from .random_panns import cnn14, wavegram
from .random_passt import passt
from .random_vggish import vggish, vggish_pca

# Those of PANNs.
RATES = {'cnn14-16k': 16000, 'cnn14-32k': 32000, 'wavegram-logmel': 32000}
KINDS = [*RATES, 'passt', 'vggish', 'vggish-pca', *LAION_CLAP]
FORMATS = ['zip', 'legacy', 'training']


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
        wave = kind == 'wavegram-logmel'
        tensors = wavegram(width, generator) if wave else cnn14(RATES[kind], width, generator)
        training = file_format == 'training'
        content = as_training(tensors, generator) if training else {'model': tensors}
        content['_audioldm_random_weights'] = True
    elif kind in LAION_CLAP:
        content = laion_clap(kind, width, generator)
    elif kind == 'passt':
        content = passt(width, generator)
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
