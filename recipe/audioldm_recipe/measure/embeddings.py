"""Distance of sounds in the audio tower of a model's own CLAP."""

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch.nn import functional as F
from transformers import ClapAudioConfig, ClapAudioModelWithProjection

from ..clap_features import Decibels, repeated

COMPUTED = ('relative_position_index', 'num_batches_tracked')
"""What transformers makes of the configuration, so that no file has it."""


class Ear:
    """`audio_encoder/` of a model folder, in float32."""

    def __init__(self, model: Path) -> None:
        folder = model / 'audio_encoder'
        config = json.loads((folder / 'config.json').read_text())
        self.tower = ClapAudioModelWithProjection(ClapAudioConfig.from_dict(config)).eval()
        tensors = {k: v.float() for k, v in load_file(folder / 'model.safetensors').items()}
        missing, unknown = self.tower.load_state_dict(tensors, strict=False)
        lacking = [name for name in missing if not name.endswith(COMPUTED)]
        if lacking or unknown:
            raise ValueError(f'{folder}: lacks {lacking}, has {unknown}')
        limits = json.loads((folder / 'preprocessor_config.json').read_text())
        self.decibels = Decibels()
        self.decibels.encoder.min_frequency = float(limits['frequency_min'])
        self.decibels.encoder.max_frequency = float(limits['frequency_max'])

    @torch.no_grad()
    def embed(self, waves: Iterable[np.ndarray]) -> torch.Tensor:
        """[waves, 512], of length 1; waves at 16 kHz."""
        rows = []
        for wave in waves:
            features = torch.from_numpy(repeated(self.decibels(wave)))
            rows.append(self.tower(features[None, None]).audio_embeds[0])
        return F.normalize(torch.stack(rows), dim=1)


class EmbeddingDistance:
    """One minus the cosine of the embeddings, to a pool of sounds."""

    def __init__(self, ear: Ear, pool: Iterable[np.ndarray]) -> None:
        self.ear = ear
        self.pool = ear.embed(pool)

    def __call__(self, wave: np.ndarray) -> np.ndarray:
        """[pool]"""
        return (1 - self.pool @ self.ear.embed([wave])[0]).numpy()
