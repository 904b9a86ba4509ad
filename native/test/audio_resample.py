"""Compares the operation `prepare` with torchaudio's definition of resampling, stated in float64.

    python audio_resample.py path/to/audio_trace

The statement is dense and slow: every output is a sum over all taps of its phase. The largest
error must stay below TOLERANCE of the expected rms: the float32 rounding of the result.
"""

from __future__ import annotations

import math
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scipy.special import i0

TOLERANCE = 1e-6
RATES = (8000, 11025, 16000, 22050, 32000, 44100, 44101, 48000, 96000, 192000)
TARGETS = (16000, 32000)
CHECKED_OUTPUTS = 300


@dataclass(frozen=True)
class Filter:
    width: int = 6
    rolloff: float = 0.99
    beta: float = 0.0


FILTERS = {
    'default': Filter(),
    'kaiser-fast': Filter(16, 0.85, 8.555504641634386),
    'kaiser-best': Filter(64, 0.9475937167399596, 14.769656459379492),
}


def resampled(x: np.ndarray, rate: int, target: int, f: Filter, outputs: np.ndarray) -> np.ndarray:
    """Some outputs of torchaudio.functional.resample(x, rate, target), in float64."""
    divisor = math.gcd(rate, target)
    rate, target = rate // divisor, target // divisor
    if rate == target:
        return x[outputs]
    base = min(rate, target) * f.rolloff
    width = math.ceil(f.width * rate / base)
    values = np.empty(len(outputs))
    for k, j in enumerate(outputs):
        block, phase = divmod(int(j), target)
        # The table's columns −width … width + rate − 1 that meet samples rather than zeros.
        first = max(-width, -block * rate)
        column = np.arange(first, min(width + rate, len(x) - block * rate))
        t = np.clip((-phase / target + column / rate) * base, -f.width, f.width)
        if f.beta:
            window = i0(f.beta * np.sqrt(1 - (t / f.width) ** 2)) / i0(f.beta)
        else:
            window = np.cos(t * np.pi / f.width / 2) ** 2
        taps = np.sinc(t) * window * (base / rate)
        values[k] = taps @ x[column + block * rate]
    return values


@dataclass
class Case:
    clip: np.ndarray  # channels × n
    rate: int
    target: int
    filter: Filter = field(default_factory=Filter)
    mono: int = 0
    remove_mean: int = 0
    min_samples: int = 0
    threads: int = 2

    def line(self, index: int, folder: Path) -> str:
        path = folder / f'{index}.in'
        self.clip.astype(np.float32).tofile(path)
        parameters = {
            'rate': self.rate,
            'target_rate': self.target,
            'mono': self.mono,
            'remove_mean': self.remove_mean,
            'min_samples': self.min_samples,
            'lowpass_filter_width': self.filter.width,
            'rolloff': self.filter.rolloff,
            'beta': self.filter.beta,
        }
        named = ' '.join(f'{name} {value!r}' for name, value in parameters.items())
        return (
            f'prepare {folder / f"{index}.out"} {self.threads} {len(parameters)} {named} '
            f'1 {len(self.clip)} {path}'
        )

    def waveform(self) -> np.ndarray:
        channels = self.clip.astype(np.float32).astype(float)
        wave = channels.mean(axis=0) if self.mono else channels[0]
        return wave - wave.mean() if self.remove_mean else wave

    def problem(self, result: np.ndarray) -> tuple[float, str]:
        """The largest error in units of the rms, and what is wrong ('' when nothing)."""
        wave = self.waveform()
        length = -(-len(wave) * self.target // self.rate)
        if len(result) != max(length, self.min_samples):
            return math.inf, f'{len(result)} samples for {length}'
        if result[length:].any():
            return math.inf, 'the padding is not zero'
        # Both ends and, where there are too many outputs, some of those between.
        edge = CHECKED_OUTPUTS // 3
        outputs = np.arange(length)
        if length > CHECKED_OUTPUTS:
            middle = np.random.default_rng(length).choice(length, edge, replace=False)
            outputs = np.concatenate([outputs[:edge], outputs[-edge:], middle])
        expected = resampled(wave, self.rate, self.target, self.filter, outputs)
        rms = np.sqrt(np.mean(expected**2))
        error = np.abs(result[outputs] - expected).max() / max(rms, 1e-30)
        return error, '' if error < TOLERANCE else 'too far'


def cases() -> list[Case]:
    rng = np.random.default_rng(1)

    def noise(length: int, channels: int = 1) -> np.ndarray:
        return rng.uniform(-1, 1, (channels, length))

    found = []
    for rate in RATES:
        for target in TARGETS:
            for f in FILTERS.values():
                lengths = (1, 2, 100, rate // 50, 4111)
                found += [Case(noise(n), rate, target, f) for n in lengths]
    # A longer clip: several chunks to a thread, and the same on one thread.
    long = noise(400_001)
    found += [Case(long, 44100, 16000, threads=threads) for threads in (1, 2, 3)]
    found += [Case(noise(70_001), 22050, 32000, FILTERS['kaiser-best'])]
    # Rates without common factor, and far apart: rows of more taps than are held at a time.
    found += [Case(noise(9000), 999_983, 16000), Case(noise(300), 16000, 16001)]
    found += [Case(noise(300_000), 1 << 20, 101), Case(noise(3), 1, 1000)]
    # Mono rules, mean removal, padding, and rates that need no resampling.
    for rate in (16000, 44100, 8000):
        for mono in (0, 1):
            for remove_mean in (0, 1):
                clip = noise(3000, 3) * [[0.3], [0.1], [0.7]] + [[0.5], [-0.2], [0.1]]
                found.append(Case(clip, rate, 16000, FILTERS['default'], mono, remove_mean, 2000))
    return found


def run(binary: str, lines: list[str]) -> list[str]:
    done = subprocess.run(
        [binary], check=False, input='\n'.join(lines) + '\n', capture_output=True, text=True
    )
    if done.returncode != 0:
        sys.exit(f'{binary} failed: {done.stderr}')
    return done.stdout.splitlines()


def compare(binary: str, folder: Path) -> int:
    wanted = cases()
    reports = run(binary, [case.line(i, folder) for i, case in enumerate(wanted)])
    wrong, worst = 0, 0.0
    for i, (case, report) in enumerate(zip(wanted, reports, strict=True)):
        if report.startswith('ok'):
            error, problem = case.problem(np.fromfile(folder / f'{i}.out', np.float32))
        else:
            error, problem = math.inf, report
        worst = max(worst, error)
        if problem:
            wrong += 1
            shape = case.clip.shape
            print(f'{shape} {case.rate} → {case.target}, {case.filter}: {problem} ({error:.2e})')
    print(f'{len(wanted)} waveforms, {wrong} wrong; largest error {worst:.1e} of the rms')
    return wrong


def same_on_any_threads(folder: Path) -> int:
    """Whether the long clip's three runs gave the same bits."""
    indices = [i for i, case in enumerate(cases()) if case.clip.size == 400_001]
    results = {(folder / f'{i}.out').read_bytes() for i in indices}
    if len(indices) == 3 and len(results) == 1:
        return 0
    print('the number of threads changes the result')
    return 1


def identity_is_exact(binary: str, folder: Path) -> int:
    samples = np.random.default_rng(2).standard_normal((1, 100_003)).astype(np.float32)
    report = run(binary, [Case(samples, 22050, 22050).line(0, folder)])
    if report[0].startswith('ok') and samples.tobytes() == (folder / '0.out').read_bytes():
        return 0
    print('equal rates change samples')
    return 1


def constant_clip_becomes_zero(binary: str, folder: Path) -> int:
    clip = np.full((2, 30_001), [[0.1], [0.7]])
    report = run(binary, [Case(clip, 44100, 16000, mono=1, remove_mean=1).line(0, folder)])
    if report[0].startswith('ok') and not np.fromfile(folder / '0.out', np.float32).any():
        return 0
    print('a constant clip leaves something')
    return 1


def bad_input_is_refused(binary: str, folder: Path) -> int:
    wrong = 0
    clips = {'not finite': [math.nan, math.inf, -math.inf], 'more than 2^30': [0.0]}
    for message, values in clips.items():
        for value in values:
            samples = np.zeros((1, 2000))
            samples[0, 777] = value
            case = Case(samples, 1 if value == 0 else 16000, 1 << 20)
            report = run(binary, [case.line(0, folder)])[0]
            if not (report.startswith('error') and 'clip 1' in report and message in report):
                wrong += 1
                print(f'{value}: {report}')
    return wrong


def main(binary: str) -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wrong = compare(binary, folder)
        wrong += same_on_any_threads(folder)
        wrong += identity_is_exact(binary, folder)
        wrong += constant_clip_becomes_zero(binary, folder)
        wrong += bad_input_is_refused(binary, folder)
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
