"""The clips that the UNet is trained on, as a folder with captions that `fineTune` reads.

Three lists over the same files: `base` has the synthesised sounds alone, `default` real ones too,
`unseen` is the judged fold of both. Real clips are few, so each comes in several variants.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile

from .captions import listed_captions, write_captions
from .crops import REAL, stretched
from .data import JUDGED_FOLD, RATE, Clip, load_clips
from .loop import random_of
from .options import Options

SECONDS = 5.12
VARIANTS = 8
SPEED = 1.15


def run(options: Options) -> None:
    clips = load_clips(options)
    captions = captions_by_file(options)
    folder = options.folder('unet/clips')
    lists: dict[str, list[dict[str, object]]] = {'base': [], 'default': [], 'unseen': []}
    for clip in clips:
        said = captions.get((clip.source, f'audio/{clip.file}'))
        if not said:
            continue
        (folder / clip.source).mkdir(exist_ok=True)
        unseen = clip.fold == JUDGED_FOLD and not options.final
        rng = random_of(options.seed, f'{clip.source}/{clip.file}', 0)
        for i, wave in enumerate(variants(clip, 1 if unseen else VARIANTS, rng)):
            file = f'{clip.source}/{Path(clip.file).stem}-{i}.wav'
            if not (folder / file).exists():
                soundfile.write(folder / file, wave, RATE, 'PCM_16')
            entry = {'file': file, 'captions': said}
            if unseen:
                lists['unseen'].append(entry)
                continue
            lists['default'].append(entry)
            if clip.source != REAL:
                lists['base'].append(entry)
    for name, entries in lists.items():
        text = ''.join(json.dumps(entry) + '\n' for entry in entries)
        (folder / f'{name}.jsonl').write_text(text, encoding='utf-8')
        print(f'{name}: {len(entries)} clips')


def captions_by_file(options: Options) -> dict[tuple[str, str], list[str]]:
    lists = {}
    if options.esc10 is not None:
        lists['esc10'] = write_captions(options)
    if options.synth is not None:
        lists['synth'] = options.synth / 'captions.jsonl'
    return {
        (source, line['file']): line['captions']
        for source, path in lists.items()
        for line in listed_captions(path)
    }


def variants(clip: Clip, count: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """The clip itself, and of a real one others: faster or slower, and begun elsewhere."""
    yield fitted(clip.wave())
    for _ in range(count - 1 if clip.source == REAL else 0):
        wave = clip.wave()
        wave = stretched(wave, round(len(wave) * SPEED ** rng.uniform(-1, 1)))
        start = int(rng.uniform(-0.1, 0.2) * len(wave))
        yield fitted(wave[start:] if start > 0 else np.pad(wave, (-start, 0), mode='reflect'))


def fitted(wave: np.ndarray) -> np.ndarray:
    """As long as the model's clips are: an end that is missing is a reflection."""
    length = round(SECONDS * RATE)
    while len(wave) < length:
        wave = np.pad(wave, (0, min(length - len(wave), len(wave) - 1)), mode='reflect')
    return wave[:length] * (0.5 / max(np.abs(wave[:length]).max(), 1e-8))
