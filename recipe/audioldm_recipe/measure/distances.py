"""FD and FAD of generated clips to recordings, beside those of what is nearer and farther.

All are compared with the judged fold of ESC-10: as many recordings of other folds, clips of the
model, clips of the model that has never heard a recording, and noise of the fold's mean spectrum.
Every clip is 5 s long with a peak of 0.5, as the model was trained.
"""

import json
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import soundfile

from ..crops import REAL
from ..data import JUDGED_FOLD, PEAK, RATE, Clip, judged, load_source, read_wave
from .clips import SECONDS, generated
from .noise import mean_spectrum, noise
from .prompts import unseen_prompts
from .setting import Setting

DRIVER = Path(__file__).parents[2] / 'scores.mjs'
NAMES = {
    'real': 'recordings of other folds',
    'generated': 'generated',
    'base': 'generated, without recordings',
    'noise': 'noise of equal spectrum',
}


def run(setting: Setting) -> None:
    """Leaves `distances.json` and, as a table, `distances.md`."""
    options = setting.options
    if options.esc10 is None:
        raise ValueError('clips are compared with those of ESC-10: give --esc10')
    clips = load_source(REAL, options.esc10, options.folder('data'))
    reference = judged(clips)
    rng = np.random.default_rng(options.seed)
    spectrum = mean_spectrum([clip.wave() for clip in reference])
    sets: dict[str, Iterable[np.ndarray]] = {
        'reference': [clip.wave() for clip in reference],
        'real': [clip.wave() for clip in of_other_folds(clips, reference, rng)],
        'generated': waves_of(REAL, len(reference), setting, setting.model),
        'noise': [noise(spectrum, SECONDS * RATE, rng) for _ in reference],
    }
    if setting.base is not None:
        sets['base'] = waves_of('base', len(reference), setting, setting.base)
    folder = setting.out / 'sets'
    for name, waves in sets.items():
        write_set(folder / name, waves)
    found = scores(folder, [name for name in NAMES if name in sets], setting)
    (setting.out / 'distances.json').write_text(json.dumps(found, indent=1) + '\n')
    (setting.out / 'distances.md').write_text(markdown(found['sets']), encoding='utf-8')
    print(markdown(found['sets']))


def of_other_folds(
    clips: list[Clip], reference: list[Clip], rng: np.random.Generator
) -> list[Clip]:
    """Of every class as many as the reference has."""
    found = []
    for category in sorted({clip.category for clip in reference}):
        count = sum(clip.category == category for clip in reference)
        others = [c for c in clips if c.category == category and c.fold != JUDGED_FOLD]
        found += [others[i] for i in rng.permutation(len(others))[:count]]
    return found


def waves_of(name: str, count: int, setting: Setting, model: Path) -> list[np.ndarray]:
    """The first of every class, `count` in all: made like those that are judged."""
    prompts = unseen_prompts(REAL, setting.options, setting.per_class)
    classes = len({prompt.category for prompt in prompts})
    if classes * setting.per_class < count:
        raise ValueError(f'{count} clips are compared: give --per-class {-(-count // classes)}')
    taken = [prompt for prompt in prompts if int(Path(prompt.file).stem) < -(-count // classes)]
    # Those of the model itself lie there all, for the judge.
    listed = prompts if model == setting.model else taken
    folder = generated(name, listed, setting, model)
    return [read_wave(folder / prompt.file) for prompt in taken[:count]]


def write_set(folder: Path, waves: Iterable[np.ndarray]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    length = SECONDS * RATE
    for i, wave in enumerate(waves):
        cut = np.pad(wave[:length], (0, max(length - len(wave), 0)))
        level = cut * (PEAK / max(np.abs(cut).max(), 1e-8))
        soundfile.write(folder / f'{i:03}.wav', level, RATE, 'PCM_16')


def scores(folder: Path, names: list[str], setting: Setting) -> dict[str, dict]:
    """`sets`: FD and FAD of each; `protocol`: what decides the numbers."""
    classifiers = setting.model / 'classifiers'
    command = ['node', str(DRIVER), '--reference', str(folder / 'reference')]
    command += ['--panns', str(classifiers / 'cnn14-16k.safetensors')]
    command += ['--vggish', str(classifiers / 'vggish.safetensors')]
    command += ['--cache', str(setting.out / 'features')]
    if setting.options.threads is not None:
        command += ['--threads', str(setting.options.threads)]
    command += [str(folder / name) for name in names]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def markdown(found: dict[str, dict[str, float]]) -> str:
    rows = ['| clips against fold 4 | FD | FAD |', '|---|---|---|']
    for name, values in found.items():
        rows.append(f'| {NAMES[name]} | {values["fd"]:.2f} | {values["fad"]:.2f} |')
    return '\n'.join(rows) + '\n'
