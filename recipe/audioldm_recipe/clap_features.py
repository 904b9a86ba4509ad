"""What CLAP's audio tower is given: decibels in 64 bands, computed once and mapped into memory."""

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from scipy.signal import resample_poly

from audioldm_export.audio_encoder import AudioEncoder

from .crops import REAL, stretched
from .data import RATE, Clip

FRAMES, BANDS = 1001, 64
FLOOR = -100.0
# No band lies above half of the rate that AudioLDM's own sounds have: what a resampler leaves
# there would decide much and mean nothing.
FREQUENCIES = (50.0, 8000.0)
# Real clips are few: they are also there played slower and faster.
SPEEDS = (1.0, 0.82, 0.88, 0.94, 1.07, 1.14, 1.22)


class Decibels:
    """The front-end of the archive, with the range of frequencies that this model has."""

    def __init__(self) -> None:
        self.encoder = AudioEncoder()
        self.encoder.min_frequency, self.encoder.max_frequency = FREQUENCIES

    def __call__(self, wave: np.ndarray) -> np.ndarray:
        """16 kHz → [frames of 10 ms, BANDS]."""
        high = resample_poly(wave.astype(np.float64), self.encoder.sample_rate // RATE, 1)
        return self.encoder.decibels(torch.from_numpy(high)).numpy()


class Features:
    """`of[clip]`: its variants, float16 [frames, BANDS] each, the first as it is."""

    def __init__(self, clips: list[Clip], cache: Path) -> None:
        self.of: dict[Clip, list[np.ndarray]] = {}
        for source in dict.fromkeys(clip.source for clip in clips):
            own = [clip for clip in clips if clip.source == source]
            self.of.update(zip(own, mapped(own, cache)))

    def whole(self, clip: Clip) -> np.ndarray:
        """As the shipped model hears it: [FRAMES, BANDS]."""
        return repeated(self.of[clip][0])


def mapped(clips: list[Clip], cache: Path) -> Iterator[list[np.ndarray]]:
    """The variants of every clip, computed first if they are not in the cache."""
    key = hashlib.sha256(json.dumps([SPEEDS, FREQUENCIES]).encode())
    for clip in clips:
        key.update(f'{clip.source} {clip.file} {len(clip.samples)}\n'.encode())
    stem = cache / f'{clips[0].source}-decibels-{key.hexdigest()[:16]}'
    index, values = stem.with_suffix('.json'), stem.with_suffix('.f16')
    if not index.exists():
        compute(clips, index, values)
    rows = np.memmap(values, np.float16, 'r').reshape(-1, BANDS)
    at = 0
    for lengths in json.loads(index.read_text()):
        yield np.split(rows[at : at + sum(lengths)], np.cumsum(lengths)[:-1])
        at += sum(lengths)


def compute(clips: list[Clip], index: Path, values: Path) -> None:
    """Writes the features, then the index: of every clip the frames of its variants."""
    decibels, lengths = Decibels(), []
    part = values.with_suffix(f'.{os.getpid()}.tmp')
    with part.open('wb') as out:
        for clip in clips:
            own = []
            for speed in SPEEDS if clip.source == REAL else SPEEDS[:1]:
                wave = clip.wave()
                if speed != 1:
                    wave = stretched(wave, round(len(wave) / speed))
                # The last frame of a clip that is repeated is the first of the next.
                features = decibels(wave)[: len(wave) * 100 // RATE].astype(np.float16)
                features.tofile(out)
                own.append(len(features))
            lengths.append(own)
    part.replace(values)
    part.write_text(json.dumps(lengths))
    part.replace(index)


def repeated(features: np.ndarray) -> np.ndarray:
    """[frames, BANDS] → float32 [FRAMES, BANDS]: as often as it fits whole, then silence."""
    if len(features) >= FRAMES:
        return features[:FRAMES].astype(np.float32)
    times = max((FRAMES - 1) // len(features), 1)
    filled = np.tile(features.astype(np.float32), (times, 1))
    return np.pad(filled, ((0, FRAMES - len(filled)), (0, 0)), constant_values=FLOOR)


def varied_features(variants: list[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """One variant, of another level and in other noise, from another beginning or shorter."""
    features = variants[rng.integers(len(variants)) if rng.random() < 0.6 else 0]
    features = np.roll(features.astype(np.float32), rng.integers(len(features)), 0)
    if rng.random() < 0.25:
        features = features[: rng.integers(min(200, len(features) // 2), len(features) + 1)]
    features = features + rng.uniform(-15, 6)
    if rng.random() < 0.3:
        floor = rng.uniform(-90, -40)
        features = 10 * np.log10(10 ** (features / 10) + 10 ** (floor / 10))
    return repeated(np.maximum(features, FLOOR))
