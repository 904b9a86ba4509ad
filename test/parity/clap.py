"""CLAP embeddings of transformers, for sound files that it decodes and resamples itself.

stdin: {"towers": {folder: {"width", "depths", "heads"} or null}, "text_encoder": folder,
"clips": [WAV files of 32-bit floats], "texts": [[ids]]}. A tower with a structure is first written
to its folder with random weights; the others are there.
stdout: {"audio": {folder: [[512 floats]]}, "text": [[512 floats]]}, rows of length 1.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import transformers
from audioldm_export import configs, random_model
from resample import resample
from scipy.io import wavfile
from torch import Tensor
from torch.nn.functional import normalize
from transformers import (
    ClapAudioModelWithProjection,
    ClapFeatureExtractor,
    ClapTextModelWithProjection,
)

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()

RATE = 48000


def write_tower(folder: Path, width: int, depths: list[int], heads: list[int]) -> None:
    size = replace(
        configs.SIZES['tiny'],
        audio_width=width,
        audio_depths=tuple(depths),
        audio_heads=tuple(heads),
    )
    config = configs.audio_encoder(size)
    tensors = random_model.random_audio_encoder(config, torch.Generator().manual_seed(0))
    random_model.write_part(folder, config, 'model.safetensors', tensors)
    random_model.write_json(folder / 'preprocessor_config.json', configs.feature_extractor())


def waveform(path: str) -> np.ndarray:
    rate, samples = wavfile.read(path)
    # A longer one would be cut at random.
    return resample(samples.astype(np.float64), rate, RATE)[: 10 * RATE].astype(np.float32)


def rows(embeddings: list[Tensor]) -> list[list[float]]:
    return normalize(torch.cat(embeddings), dim=-1).tolist()


@torch.inference_mode()
def main() -> None:
    request = json.load(sys.stdin)
    for folder, structure in request['towers'].items():
        if structure is not None:
            write_tower(Path(folder), **structure)
    # All are given the same features.
    extractor = ClapFeatureExtractor.from_pretrained(next(iter(request['towers'])))
    features = [
        extractor(waveform(path), sampling_rate=RATE, return_tensors='pt')['input_features']
        for path in request['clips']
    ]
    audio = {}
    for folder in request['towers']:
        tower = ClapAudioModelWithProjection.from_pretrained(folder).eval()
        audio[folder] = rows([tower(input_features=each).audio_embeds for each in features])
    text = ClapTextModelWithProjection.from_pretrained(request['text_encoder']).eval()
    texts = [text(input_ids=torch.tensor([ids])).text_embeds for ids in request['texts']]
    json.dump({'audio': audio, 'text': rows(texts)}, sys.stdout)


main()
