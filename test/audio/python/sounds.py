"""Sound files written by libsndfile, and the samples that it reads from them.

stdin: {"folder", "files": [{"name", "format", "subtype", "endian", "channels", "rate", "frames"}]}
Each file goes to folder/name, its samples as interleaved float32 to folder/name.f32.
stdout: for each file {"channels", "rate", "frames"} as read back.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import soundfile


def sound(rate: int, channels: int, frames: int) -> np.ndarray:
    """A tone per channel with noise, and full scale at both ends in its first samples."""
    time = np.arange(frames) / rate
    tones = [0.5 * np.sin(2 * np.pi * 0.02 * (1 + c) * rate * time) for c in range(channels)]
    noise = np.random.default_rng(channels).normal(0, 0.05, (frames, channels))
    samples = np.stack(tones, axis=1) + noise
    samples[:3] = [[-1], [1], [0]]
    return samples


def write(folder: Path, file: dict[str, Any]) -> dict[str, int]:
    path = folder / file['name']
    samples = sound(file['rate'], file['channels'], file['frames'])
    soundfile.write(
        path,
        samples,
        file['rate'],
        format=file['format'],
        subtype=file['subtype'],
        endian=file.get('endian', 'FILE'),
    )
    read, rate = soundfile.read(path, dtype='float32', always_2d=True)
    read.astype('<f4').tofile(f'{path}.f32')
    return {'channels': read.shape[1], 'rate': rate, 'frames': read.shape[0]}


request = json.load(sys.stdin)
print(json.dumps([write(Path(request['folder']), file) for file in request['files']]))
