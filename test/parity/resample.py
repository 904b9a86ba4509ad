"""The default resampler of torchaudio, stated anew."""

import math

import numpy as np


def resample(samples: np.ndarray, rate: int, wanted: int) -> np.ndarray:
    """Samples times a sinc in a Hann window of 6 zero crossings; float64."""
    common = math.gcd(rate, wanted)
    source, target = rate // common, wanted // common
    if source == target:
        return samples
    cutoff = min(source, target) * 0.99
    width = math.ceil(6 * source / cutoff)
    # One period: the places of `target` new samples among `source` old ones.
    place = np.arange(target) * source / target
    nearest = np.floor(place).astype(int)
    offsets = np.arange(-width, width + 1)
    distance = (nearest[:, None] + offsets - place[:, None]) * cutoff / source
    window = np.cos(np.pi * np.clip(distance, -6, 6) / 12) ** 2
    taps = np.where(np.abs(distance) < 6, np.sinc(distance) * window * cutoff / source, 0)
    periods, phase = np.divmod(np.arange(math.ceil(target * len(samples) / source)), target)
    padded = np.pad(samples, (width, width + 1 + source))
    result = np.zeros(len(phase))
    for column in range(len(offsets)):
        result += padded[source * periods + nearest[phase] + column] * taps[phase, column]
    return result
