"""Compares the operation `spectral_pair` with audioldm_eval's paired metrics, stated in float64.

    python audio_spectral_pair.py path/to/audio_trace

The spectrograms and mel filters are librosa's and the windows of SSIM scipy's, which are what the
evaluator uses or what scikit-image uses for it.
"""

from __future__ import annotations

import math
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import librosa
import numpy as np
from scipy.ndimage import uniform_filter

TOLERANCE = 1e-6  # librosa's filters are float32
RATE = 16000


def spectrogram(x: np.ndarray) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # of clips shorter than a frame
        return np.abs(librosa.stft(x, n_fft=int(2048 / (44100 / RATE)), hop_length=RATE // 100))


def unit(x: np.ndarray) -> np.ndarray:
    x = x - x.mean()
    peak = np.abs(x).max()
    return x / peak if peak > 0 else x


def lsd(generated: np.ndarray, reference: np.ndarray) -> float:
    generated = generated[7 * 160 :]
    if generated.size == 0:
        return math.nan
    length = min(generated.size, reference.size)
    g, r = unit(generated)[:length], unit(reference)[:length]
    if (g == r).all():
        return 0.0
    ratio = spectrogram(r) ** 2 / (spectrogram(g) + 1e-12) ** 2
    return np.sqrt((np.log10(ratio + 1e-12) ** 2).mean(axis=0)).mean()


def image(x: np.ndarray, filters: np.ndarray) -> np.ndarray:
    padded = np.pad(np.clip(x, -1, 1), 256, mode='reflect')
    magnitudes = np.abs(librosa.stft(padded, n_fft=512, hop_length=160, center=False))
    decibels = 20 * np.log10(np.maximum(filters @ magnitudes, 1e-5)) - 20
    return np.clip((decibels + 100) / 100, 0, 1)


def similarity(x: np.ndarray, y: np.ndarray) -> float:
    if x.shape[1] < 7:
        return math.nan
    if (x == y).all():
        return 1.0
    value_range = max(x.max(), y.max()) - min(x.min(), y.min())
    c1, c2 = (0.01 * value_range) ** 2, (0.03 * value_range) ** 2
    mx, my, xx, yy, xy = (uniform_filter(a, 7) for a in (x, y, x * x, y * y, x * y))
    vx, vy, vxy = (49 / 48 * v for v in (xx - mx * mx, yy - my * my, xy - mx * my))
    above = (2 * mx * my + c1) * (2 * vxy + c2)
    below = (mx**2 + my**2 + c1) * (vx + vy + c2)
    return (above / below)[3:-3, 3:-3].mean()


def metrics(generated: np.ndarray, reference: np.ndarray) -> list[float]:
    if min(generated.size, reference.size) < 257:
        return [lsd(generated, reference), math.nan, math.nan]
    filters = librosa.filters.mel(sr=RATE, n_fft=512, n_mels=64, fmin=50, fmax=8000)
    g, r = image(generated, filters), image(reference, filters)
    frames = min(g.shape[1], r.shape[1])
    g, r = g[:, :frames], r[:, :frames]
    error = ((g - r) ** 2).mean()
    psnr = 10 * np.log10(1 / error) if error else math.inf
    return [lsd(generated, reference), psnr, similarity(g, r)]


def pairs() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(3)

    def noise(length: int, level: float = 0.1) -> np.ndarray:
        return rng.standard_normal(length) * level

    def tone(length: int, hz: float, level: float = 0.5) -> np.ndarray:
        return level * np.sin(2 * np.pi * hz / RATE * np.arange(length))

    silence, base = np.zeros(16000), tone(32000, 440) + noise(32000, 1e-3)
    return {
        'close': (base, base + noise(32000, 0.01)),
        'equal': (base, base),
        'far': (tone(32000, 3000) + noise(32000, 0.01), noise(32000)),
        'clipped': (noise(20000, 2.0), noise(20000, 0.5)),
        'longer generated': (noise(20011), noise(16000)),
        'longer reference': (noise(16000), noise(20011)),
        'many frames': (noise(240_000), noise(240_000) * np.linspace(0, 1, 240_000)),
        'silent generated': (silence, noise(16000)),
        'silent reference': (noise(16000), silence),
        'silence': (silence, silence),
        'one value': (silence + 0.1, silence + 0.3),
        'quiet': (noise(16000, 1e-7), noise(16000)),
        '20 ms': (noise(320), noise(320)),
        'shorter than its padding': (noise(256), noise(256)),
        'as long as the delay': (noise(1120), noise(1120)),
        'a sample more': (noise(1121), noise(1122)),
        'one sample': (noise(1), noise(1)),
        'six frames': (noise(959), noise(959)),
        'seven frames': (noise(960), noise(960)),
        'a frame of LSD': (noise(1120 + 743), noise(743)),
    }


def results(binary: str, wanted: list[tuple[np.ndarray, np.ndarray]]) -> list[np.ndarray | str]:
    """What the core gave for each pair: three numbers, or its error message."""
    with tempfile.TemporaryDirectory() as name:
        folder, lines = Path(name), []
        for i, pair in enumerate(wanted):
            paths = [folder / f'{i}.{side}' for side in ('generated', 'reference')]
            for path, samples in zip(paths, pair, strict=True):
                samples.astype(np.float32).tofile(path)
            lines.append(f'spectral_pair {folder / str(i)} 2 0 2 0 {paths[0]} 0 {paths[1]}')
        done = subprocess.run(
            [binary], check=False, input='\n'.join(lines) + '\n', capture_output=True, text=True
        )
        if done.returncode != 0:
            sys.exit(f'{binary} failed: {done.stderr}')
        return [
            np.fromfile(folder / str(i), float) if report.startswith('ok') else report
            for i, report in enumerate(done.stdout.splitlines())
        ]


def equal(got: np.ndarray | str, want: list[float]) -> bool:
    if isinstance(got, str):
        return False
    return np.allclose(got, want, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True)


def main(binary: str) -> int:
    wanted = pairs()
    not_finite = (np.array([0.0, math.nan]), np.zeros(2))
    *given, refused = results(binary, [*wanted.values(), not_finite])
    wrong = 0
    for (label, pair), got in zip(wanted.items(), given, strict=True):
        # The statement gets the float32 samples that the core got.
        want = metrics(*(x.astype(np.float32).astype(float) for x in pair))
        if not equal(got, want):
            wrong += 1
            print(f'{label}: {got} for {want}')
    if not (isinstance(refused, str) and 'waveform_generated' in refused):
        wrong += 1
        print(f'NaN: {refused}')
    print(f'{len(wanted)} pairs, {wrong} wrong')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
