"""Random pieces of clips, varied so that few recordings go a long way."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .data import RATE, Clip

REAL = 'esc10'


@dataclass(frozen=True)
class Variation:
    """How pieces differ from the clips they are cut from."""

    decibels: tuple[float, float] = (-12.0, 3.0)
    """Of the gain."""
    speed: float = 1.25
    """Real clips are played up to so much faster or slower."""
    mixed: float = 0.2
    """So often two pieces of real clips are added."""
    louder: float = 0.7
    """So often the louder of two places is taken: silence teaches little."""


class Crops:
    """Pieces of `length` samples. Real clips are as often drawn as synthesised ones."""

    def __init__(self, clips: list[Clip], length: int, variation: Variation | None = None) -> None:
        real = [clip for clip in clips if clip.source == REAL]
        made = [clip for clip in clips if clip.source != REAL]
        self.sources = [source for source in (real, made) if source]
        self.length = length
        self.variation = variation or Variation()

    def draw(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Float32 [count, length]."""
        return np.stack([self.draw_one(rng) for _ in range(count)])

    def draw_one(self, rng: np.random.Generator) -> np.ndarray:
        source = self.sources[rng.integers(len(self.sources))]
        wave = self.piece(rng, source)
        if source[0].source == REAL and rng.random() < self.variation.mixed:
            wave = wave + self.piece(rng, source) * 10 ** (-rng.uniform(0, 20) / 20)
        gain = 10 ** (rng.uniform(*self.variation.decibels) / 20)
        return (wave * min(gain, 1 / max(np.abs(wave).max(), 1e-8))).astype(np.float32)

    def piece(self, rng: np.random.Generator, source: list[Clip]) -> np.ndarray:
        clip = source[rng.integers(len(source))]
        speed = 1.0
        if clip.source == REAL and rng.random() < 0.5:
            speed = self.variation.speed ** rng.uniform(-1, 1)
        # Some more on either side, since resampling by Fourier takes the piece for periodic.
        margin = 0 if speed == 1 else 256
        length = round((self.length + 2 * margin) * speed)
        places = [
            clip.wave(int(start), length)
            for start in rng.integers(-length // 4, len(clip.samples) - length // 2, 2)
        ]
        wave = places[0]
        if rng.random() < self.variation.louder:
            wave = max(places, key=lambda place: float(np.square(place).sum()))
        return wave if speed == 1 else stretched(wave, self.length + 2 * margin)[margin:-margin]


def stretched(wave: np.ndarray, length: int) -> np.ndarray:
    """Resampled to `length` samples; what lies above the new band is lost."""
    spectrum = np.fft.rfft(wave)[: length // 2 + 1]
    return np.fft.irfft(spectrum, length) * (length / len(wave))


def loudest(clips: list[Clip], per_category: int, seconds: float) -> Tensor:
    """The loudest part of the first clips of every category: [clips, samples]."""
    length = round(seconds * RATE)
    counts: dict[tuple[str, str], int] = {}
    waves: list[np.ndarray] = []
    for clip in clips:
        key = (clip.source, clip.category)
        counts[key] = counts.get(key, 0) + 1
        if counts[key] > per_category:
            continue
        starts = range(0, max(1, len(clip.samples) - length), length // 4)
        pieces = [clip.wave(start, length) for start in starts]
        waves.append(max(pieces, key=lambda piece: float(np.square(piece).sum())))
    return torch.from_numpy(np.stack(waves))
