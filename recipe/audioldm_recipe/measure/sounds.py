"""What a listener would say of a sound, in numbers.

Centroid, onsets, modulation, swells and filled are defined as in `test/synthesis/measure.ts`, which
holds the synthesiser to its word; here at 16 kHz.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..data import RATE

FRAME, HOP, FFT = 372, 160, 512
"""23 ms every 10 ms."""
STEP = 44100 / 1024
"""Hz: bands are counted in these, 2.6 to the octave."""
BANDS = 20
TINY = 1e-12
"""So that silence has no logarithm of zero."""


@dataclass(frozen=True)
class Sound:
    """`levels` [frames]: the level of each; `tracks` [frames, BANDS]: in bands; `power` [bins]."""

    levels: np.ndarray
    tracks: np.ndarray
    power: np.ndarray
    hertz: np.ndarray

    @classmethod
    def of(cls, wave: np.ndarray) -> 'Sound':
        """At 16 kHz; what is measured of it does not depend on its level."""
        frames = np.lib.stride_tricks.sliding_window_view(wave, FRAME)[::HOP]
        window = np.hanning(FRAME + 1)[:-1]
        power = (
            np.square(np.abs(np.fft.rfft(frames.astype(np.float64) * window, FFT)))[:, 2:] + TINY
        )
        hertz = np.fft.rfftfreq(FFT, 1 / RATE)[2:]
        band = np.floor(np.log2(hertz / STEP) * 2.6).astype(int).clip(0, BANDS - 1)
        tracks = np.sqrt(power @ np.eye(BANDS)[band])
        return cls(np.sqrt(power.sum(1)), tracks, power.sum(0), hertz)

    def decibels(self) -> np.ndarray:
        """Levels under that which 2 % of the frames exceed."""
        return 20 * np.log10(np.maximum(self.levels / np.quantile(self.levels, 0.98), 1e-6))


def centroid(sound: Sound) -> float:
    """Hz around which the energy lies, on a logarithmic scale."""
    return float(np.exp(sound.power @ np.log(sound.hertz) / sound.power.sum()))


def onsets(sound: Sound) -> float:
    """Beginnings: peaks of the rise of all bands together, 30 ms apart or more. A half for none."""
    before = np.pad(sound.tracks, ((2, 0), (0, 0)))[:-2]
    rises = np.maximum(sound.tracks - before, 0).sum(1)
    around = np.lib.stride_tricks.sliding_window_view(np.pad(rises, 3), 7)
    others = np.delete(around, 3, axis=1).max(1)
    return max(float(((rises > others) & (rises >= 0.15 * rises.max())).sum()), 0.5)


def modulation(sound: Sound) -> float:
    """How fast levels go up and down, in Hz: the centroid of the spectra of the bands' levels."""
    count = len(sound.tracks)
    swing = (sound.tracks - sound.tracks.mean(0)) * np.sin(np.pi * np.arange(count) / count)[
        :, None
    ] ** 2
    size = 1 << (count - 1).bit_length()
    power = np.square(np.abs(np.fft.rfft(swing, size, axis=0)))[1:].sum(1) + TINY
    hertz = np.arange(1, len(power) + 1) * (RATE / HOP / size)
    return float(np.exp(power @ np.log(hertz) / power.sum()))


def pace(sound: Sound) -> float:
    """Beginnings and turns: what goes faster has more of either."""
    return onsets(sound) * modulation(sound)


def fullness(sound: Sound) -> float:
    """The level that is there half of the time, in dB under the loudest: higher for what lasts."""
    return float(np.median(sound.decibels()))


def dullness(sound: Sound) -> float:
    """How much less there is above 3 kHz than in all, in dB: air swallows high frequencies."""
    high = sound.power[sound.hertz > 3000].sum() / sound.power.sum()
    return float(-10 * np.log10(high + 1e-9))


def echo(sound: Sound) -> float:
    """How little the level falls in 0.2 s where it falls most, in dB from 0 down: an echo keeps it
    up. What is 45 dB under the loudest is silence.
    """
    levels = np.maximum(sound.decibels(), -45)
    return -float(np.quantile(levels[:-20] - levels[20:], 0.98))


@dataclass(frozen=True)
class Measure:
    """What is more by less than `least` is not more: nobody would hear it. Of decibels that is a
    difference, of all else a ratio.
    """

    of: Callable[[Sound], float]
    least: float
    decibels: bool = False

    def more(self, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        """Whether `high` is more than `low`."""
        return high > (low + self.least if self.decibels else low * self.least)


MEASURES = {
    'centroid': Measure(centroid, 1.03),
    'onsets': Measure(onsets, 1.05),
    'pace': Measure(pace, 1.05),
    'fullness': Measure(fullness, 0.5, decibels=True),
    'dullness': Measure(dullness, 0.5, decibels=True),
    'echo': Measure(echo, 0.5, decibels=True),
}
