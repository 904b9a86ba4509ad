"""Noise that has the spectrum of sounds and nothing else of them."""

import numpy as np

FRAME = 1024


def mean_spectrum(waves: list[np.ndarray]) -> np.ndarray:
    """Power in FRAME / 2 + 1 bins, the mean over frames of all waves."""
    window = np.hanning(FRAME + 1)[:-1]
    total, count = np.zeros(FRAME // 2 + 1), 0
    for wave in waves:
        frames = np.lib.stride_tricks.sliding_window_view(wave, FRAME)[:: FRAME // 2]
        total += np.square(np.abs(np.fft.rfft(frames * window))).sum(0)
        count += len(frames)
    return total / count


def noise(spectrum: np.ndarray, length: int, rng: np.random.Generator) -> np.ndarray:
    """Gaussian noise of that spectrum at any level: [length], float32."""
    white = np.fft.rfft(rng.standard_normal(length))
    bins = np.linspace(0, 1, len(spectrum))
    gains = np.sqrt(np.interp(np.linspace(0, 1, len(white)), bins, spectrum))
    return np.fft.irfft(white * gains, length).astype(np.float32)
