"""CLAP's audio tower with random weights, as transformers computes it."""

import numpy as np
import torch
from parity import randomize
from torch import Tensor
from transformers import ClapAudioConfig, ClapAudioModelWithProjection, ClapFeatureExtractor

from audioldm_export.binding import Attribute

RATE = 48000
LENGTH = 10 * RATE
LOWEST = 50.0


def reference_audio_encoder(**options: object) -> ClapAudioModelWithProjection:
    """Batch norm holds about the statistics of sounds, so that quiet bands still count."""
    reference = randomize(ClapAudioModelWithProjection(ClapAudioConfig(**options)))
    batch_norm = reference.audio_model.audio_encoder.batch_norm
    batch_norm.running_mean.normal_(-40, 5)
    batch_norm.running_var.uniform_(200, 500)
    return reference


def weights_of(reference: ClapAudioModelWithProjection) -> dict[str, Tensor]:
    buffers = ('relative_position_index', 'num_batches_tracked')
    return {name: t for name, t in reference.state_dict().items() if not name.endswith(buffers)}


def attributes_of(config: ClapAudioConfig) -> dict[str, Attribute]:
    stride = config.patch_stride
    return {
        'depths': list(config.depths),
        'heads': list(config.num_attention_heads),
        'window_size': config.window_size,
        'patch_stride': [stride, stride] if isinstance(stride, int) else list(stride),
        'layer_norm_eps': config.layer_norm_eps,
        'spec_size': config.spec_size,
        'num_mel_bins': config.num_mel_bins,
    }


def sound(seconds: float) -> Tensor:
    """Sweeps that come and go above a hiss that fades to nothing, with gaps of digital silence."""
    time = torch.arange(round(seconds * RATE), dtype=torch.float64) / RATE
    sweep = torch.sin(2 * torch.pi * 200 * time * (1 + 3 * time)) * torch.sin(5 * time) ** 4
    hiss = torch.randn(len(time), dtype=torch.float64) * 10 ** (-8 * time / seconds)
    return ((sweep + hiss) / 3 * ((time * 7) % 3 > 0.5)).float()


def prepared(clip: Tensor) -> Tensor:
    """What the archive is given: the first 10 s, or whole repetitions and then silence."""
    clip = clip[:LENGTH].repeat(max(1, LENGTH // len(clip)))
    return torch.nn.functional.pad(clip, (0, LENGTH - len(clip)))


def reference_embedding(
    reference: ClapAudioModelWithProjection, clip: Tensor, lowest: float = LOWEST
) -> Tensor:
    extractor = ClapFeatureExtractor(
        feature_size=reference.config.num_mel_bins, truncation='rand_trunc', frequency_min=lowest
    )
    # Longer clips would be cut at random.
    waveform = np.asarray(clip[:LENGTH])
    features = extractor(waveform, sampling_rate=RATE, return_tensors='pt').input_features
    return reference(features).audio_embeds
