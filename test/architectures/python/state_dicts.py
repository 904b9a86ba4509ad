"""Prints names and shapes of state dicts. stdin: [{"class": ..., "config": {...}}, ...]."""

import json
import sys

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import (
    ClapAudioConfig,
    ClapAudioModelWithProjection,
    ClapTextConfig,
    ClapTextModelWithProjection,
    SpeechT5HifiGan,
    SpeechT5HifiGanConfig,
)


def build(name: str, config: dict) -> torch.nn.Module:
    if name == 'UNet2DConditionModel':
        return UNet2DConditionModel.from_config(config)
    if name == 'AutoencoderKL':
        return AutoencoderKL.from_config(config)
    if name == 'SpeechT5HifiGan':
        return SpeechT5HifiGan(SpeechT5HifiGanConfig(**config))
    if name == 'ClapAudioModelWithProjection':
        return ClapAudioModelWithProjection(ClapAudioConfig(**config))
    return ClapTextModelWithProjection(ClapTextConfig(**config))


results = []
for case in json.load(sys.stdin):
    with torch.device('meta'):
        model = build(case['class'], case['config'])
    results.append({name: list(tensor.shape) for name, tensor in model.state_dict().items()})
json.dump(results, sys.stdout)
