"""Output lengths and receptive fields of vocoders, measured. stdin: [config, ...].

The receptive field is what one small frame in silence makes non-zero: with positive weights and no
biases nothing cancels, and float64 is far from underflow.
"""

import json
import sys

import torch
from transformers import SpeechT5HifiGan, SpeechT5HifiGanConfig

torch.set_num_threads(1)
results = []
for config in json.load(sys.stdin):
    model = SpeechT5HifiGan(SpeechT5HifiGanConfig(**config)).double().eval()
    frames, middle = config['frames'], config['frames'] // 2
    hop = 1
    for rate in config['upsample_rates']:
        hop *= rate
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(1 / parameter[0].numel() if parameter.dim() == 3 else 0)
        spectrogram = torch.zeros(1, frames, model.config.model_in_dim, dtype=torch.float64)
        spectrogram[0, middle] = 1e-6
        wave = model(spectrogram)[0]
    changed = wave.nonzero()[:, 0]
    first, last = int(changed.min()) // hop, int(changed.max()) // hop
    results.append({'samples': len(wave), 'reach': [last - middle, middle - first]})
json.dump(results, sys.stdout)
