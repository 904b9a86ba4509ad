"""Batches for classifiers: pieces of clips and their classes, every class as often as any other."""

from dataclasses import dataclass

import numpy as np

from .crops import stretched
from .data import RATE, Clip


@dataclass(frozen=True)
class Labels:
    """Classes in alphabetical order."""

    names: tuple[str, ...]

    @classmethod
    def of(cls, clips: list[Clip]) -> 'Labels':
        return cls(tuple(sorted({clip.category for clip in clips})))

    def index(self, clip: Clip) -> int:
        return self.names.index(clip.category)


class LabelledCrops:
    """Pieces of `seconds`, played up to `speed` times faster or slower, two mixed now and then."""

    def __init__(
        self, clips: list[Clip], labels: Labels, seconds: float, speed: float, mixed: float
    ) -> None:
        self.classes = [[clip for clip in clips if clip.category == name] for name in labels.names]
        self.length = round(seconds * RATE)
        self.speed, self.mixed = speed, mixed

    def draw(self, rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Waveforms [count, length] and how much there is of every class [count, classes]."""
        waves = np.empty((count, self.length), np.float32)
        shares = np.zeros((count, len(self.classes)), np.float32)
        for row in range(count):
            # In turn, so that no batch lacks a class that it has room for.
            first = (rng.integers(len(self.classes)) + row) % len(self.classes)
            waves[row], shares[row, first] = self.piece(rng, first), 1
            if rng.random() < self.mixed:
                second = rng.integers(len(self.classes))
                share = rng.beta(0.4, 0.4)
                waves[row] = share * waves[row] + (1 - share) * self.piece(rng, second)
                shares[row] *= share
                shares[row, second] += 1 - share
        return waves, shares

    def piece(self, rng: np.random.Generator, category: int) -> np.ndarray:
        """Of peak 0.5. The louder of two places: much of some clips is silence."""
        clips = self.classes[category]
        clip = clips[rng.integers(len(clips))]
        speed = self.speed ** rng.uniform(-1, 1) if rng.random() < 0.5 else 1.0
        # A length of small prime factors, which Fourier transforms want.
        length = round(self.length * speed / 200) * 200
        starts = rng.integers(-length // 8, max(len(clip.samples) - length * 7 // 8, 1), 2)
        places = [clip.wave(int(start), length) for start in starts]
        wave = max(places, key=lambda place: float(np.square(place).sum()))
        wave = wave if speed == 1 else stretched(wave, self.length)
        return wave * (0.5 / max(np.abs(wave).max(), 1e-4))
