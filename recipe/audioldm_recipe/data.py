"""Real and synthesised clips in the layout of ESC-50, decoded once and mapped into memory.

The cache holds 16 kHz mono as int16, every clip with its mean removed and its peak at full scale;
in memory the peak is 0.5, as the model's own waveforms have it.
"""

import csv
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import resample_poly

from .options import Options

RATE = 16000
PEAK = 0.5
JUDGED_FOLD = 4
# The one licence among those of ESC-10 that says what a sound must not be used for.
EXCLUDED_LICENCE = 'CC-Sampling+'


@dataclass(frozen=True, eq=False)
class Clip:
    """`source` is 'esc10' or 'synth', `file` a name in `audio/`; `samples` a view of the map."""

    source: str
    file: str
    fold: int
    category: str
    samples: np.ndarray

    def wave(self, start: int = 0, length: int | None = None) -> np.ndarray:
        """Float32 with a peak of 0.5; zeros before the beginning and after the end."""
        end = len(self.samples) if length is None else start + length
        piece = self.samples[max(start, 0) : max(end, 0)].astype(np.float32) * (PEAK / 32767)
        before = min(max(-start, 0), end - start)
        return np.pad(piece, (before, end - start - before - len(piece)))


def load_clips(options: Options) -> list[Clip]:
    """All clips of both data sets, in the order of their lists."""
    clips: list[Clip] = []
    for source, folder in (('esc10', options.esc10), ('synth', options.synth)):
        if folder is not None:
            clips += load_source(source, folder, options.folder('data'))
    if not clips:
        raise ValueError('there are no clips: give --esc10, --synth or both')
    return clips


def trained(clips: Iterable[Clip], final: bool) -> list[Clip]:
    """What may be trained on: the judged fold only for the final weights."""
    return [clip for clip in clips if final or clip.fold != JUDGED_FOLD]


def judged(clips: Iterable[Clip]) -> list[Clip]:
    return [clip for clip in clips if clip.fold == JUDGED_FOLD]


def load_source(source: str, folder: Path, cache: Path) -> list[Clip]:
    rows = list(wanted_rows(folder))
    digest = hashlib.sha256()
    for row in rows:
        size = (folder / 'audio' / row['filename']).stat().st_size
        digest.update(f'{row["filename"]} {size}\n'.encode())
    stem = cache / f'{source}-{digest.hexdigest()[:16]}'
    index, samples = stem.with_suffix('.json'), stem.with_suffix('.i16')
    if not index.exists():
        decode(folder, [row['filename'] for row in rows], index, samples)
    starts = json.loads(index.read_text())
    mapped = np.memmap(samples, np.int16, 'r')
    return [
        Clip(source, row['filename'], int(row['fold']), row['category'], mapped[start:end])
        for row, start, end in zip(rows, starts, starts[1:])
    ]


def wanted_rows(folder: Path) -> Iterator[dict[str, str]]:
    attribution = folder / 'ATTRIBUTION.tsv'
    excluded = set()
    if attribution.exists():
        with attribution.open(encoding='utf-8', newline='') as lines:
            for row in csv.DictReader(lines, delimiter='\t', quoting=csv.QUOTE_NONE):
                if row['licence'] == EXCLUDED_LICENCE:
                    excluded.add(row['file'])
    with (folder / 'meta' / 'esc50.csv').open(encoding='utf-8', newline='') as lines:
        for row in csv.DictReader(lines):
            if row['filename'] not in excluded:
                yield row


def decode(folder: Path, files: list[str], index: Path, samples: Path) -> None:
    """Writes the samples, then the index: [0, end of clip 0, end of clip 1, …]."""
    ends = [0]
    part = samples.with_suffix(f'.{os.getpid()}.tmp')
    with part.open('wb') as out:
        for file in files:
            wave = read_wave(folder / 'audio' / file)
            np.round(wave * (32767 / max(np.abs(wave).max(), 1e-8))).astype(np.int16).tofile(out)
            ends.append(ends[-1] + len(wave))
    part.replace(samples)
    part.write_text(json.dumps(ends))
    part.replace(index)


def read_wave(path: Path) -> np.ndarray:
    """16 kHz mono with its mean removed."""
    wave, rate = soundfile.read(path, dtype='float32', always_2d=True)
    mono = wave.mean(1)
    if rate != RATE:
        divisor = np.gcd(RATE, rate)
        mono = resample_poly(mono, RATE // divisor, rate // divisor).astype(np.float32)
    return mono - mono.mean()
