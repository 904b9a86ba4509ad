"""Recordings whose band ends below what their rate allows, made so by resampling down and up again.

stdin: {"folder", "files": [{"name", "rate", "band", "slope", "method", "subtype", "whistle"}]}
`band`: the end of the band in hertz, or null for one that is full; `slope`: of the spectrum in
decibels an octave; `method`: a quality of sox's resampler (soxr_hq …) or scipy's `polyphase`;
`whistle`: hertz of a tone added at the end, or null. 4 s of noise in bursts with a hum, peak 0.3.
stdout: {}
"""

import json
import sys
from math import gcd
from pathlib import Path
from typing import Any

import librosa
import numpy as np
import soundfile
from scipy.signal import resample_poly

SECONDS = 4


def recording(rate: int, slope: float) -> np.ndarray:
    frames = SECONDS * rate
    random = np.random.default_rng(7)
    spectrum = np.fft.rfft(random.normal(size=frames))
    octaves = np.log2(np.maximum(np.fft.rfftfreq(frames, 1 / rate), 50) / 50)
    noise = np.fft.irfft(spectrum * 10 ** (slope * octaves / 20), frames)
    time = np.arange(frames) / rate
    bursts = 0.1 + np.clip(np.sin(2 * np.pi * 1.5 * time), 0, 1) ** 4
    sound = noise / np.abs(noise).max() * bursts + 0.1 * np.sin(2 * np.pi * 120 * time)
    return 0.3 * sound / np.abs(sound).max()


def resample(sound: np.ndarray, rate: int, to: int, method: str) -> np.ndarray:
    if method == 'polyphase':
        shared = gcd(rate, to)
        return resample_poly(sound, to // shared, rate // shared)
    return librosa.resample(sound, orig_sr=rate, target_sr=to, res_type=method)


def write(folder: Path, file: dict[str, Any]) -> None:
    rate = file['rate']
    sound = recording(rate, file['slope'])
    if file['band'] is not None:
        low = 2 * file['band']
        sound = resample(resample(sound, rate, low, file['method']), low, rate, file['method'])
    if file['whistle'] is not None:
        sound = sound + 0.05 * np.sin(2 * np.pi * file['whistle'] * np.arange(len(sound)) / rate)
    soundfile.write(folder / file['name'], sound, rate, subtype=file['subtype'])


request = json.load(sys.stdin)
for each in request['files']:
    write(Path(request['folder']), each)
print('{}')
