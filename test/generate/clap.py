"""CLAP audio embeddings of transformers, for clips that it resamples itself.

stdin: {"model": folder, "clips": [{"path": float32 file, "rate"}], "texts": [[ids]]}
stdout: {"audio": [[512 floats]], "text": [[512 floats]]}, rows of length 1.
"""

import json
import math
import sys
from pathlib import Path

import numpy as np
import torch
from transformers import (
    ClapAudioModelWithProjection,
    ClapFeatureExtractor,
    ClapTextModelWithProjection,
)

RATE = 48000


def resample(samples: np.ndarray, rate: int) -> np.ndarray:
    """Samples times a sinc in a Hann window of 6 zero crossings, as torchaudio defines it."""
    common = math.gcd(rate, RATE)
    source, target = rate // common, RATE // common
    if source == target:
        return samples
    cutoff = min(source, target) * 0.99
    width = math.ceil(6 * source / cutoff)
    count = math.ceil(target * len(samples) / source)
    position = np.arange(count) * source / target
    nearest = np.floor(position).astype(int)
    padded = np.pad(samples, (width + 1, width + 1 + source))
    result = np.zeros(count)
    for offset in range(-width, width + 1):
        distance = (nearest + offset - position) * cutoff / source
        window = np.cos(np.pi * np.clip(distance, -6, 6) / 12) ** 2
        tap = np.sinc(distance) * window * cutoff / source
        result += padded[nearest + offset + width + 1] * np.where(np.abs(distance) < 6, tap, 0)
    return result


def main() -> None:
    request = json.load(sys.stdin)
    folder = Path(request['model'])
    extractor = ClapFeatureExtractor.from_pretrained(folder / 'audio_encoder')
    tower = ClapAudioModelWithProjection.from_pretrained(folder / 'audio_encoder').eval()
    text = ClapTextModelWithProjection.from_pretrained(folder / 'text_encoder').eval()
    rows = []
    for clip in request['clips']:
        samples = np.fromfile(clip['path'], dtype='<f4').astype(np.float64)
        waveform = resample(samples, clip['rate'])[: 10 * RATE].astype(np.float32)
        features = extractor(waveform, sampling_rate=RATE, return_tensors='pt')
        embeddings = tower(input_features=features['input_features']).audio_embeds
        rows.append(torch.nn.functional.normalize(embeddings, dim=-1)[0].tolist())
    texts = []
    for ids in request['texts']:
        embeddings = text(input_ids=torch.tensor([ids])).text_embeds
        texts.append(torch.nn.functional.normalize(embeddings, dim=-1)[0].tolist())
    json.dump({'audio': rows, 'text': texts}, sys.stdout)


with torch.inference_mode():
    main()
