"""Whether generated clips repeat clips that were trained on: how far the nearest one is.

In CLAP's audio embeddings and in log-mels, beside what says how to read the numbers:

- `generated`: clips of the real classes, from wordings that no training had
- `held out`: recordings of the judged fold, from sources that no training had
- `trained on`: training clips, to those of other sources
- `same source`: training clips, to others that were cut from the same source
- `copies`: training clips after autoencoder and vocoder: what learnt by heart would come to

Training clips are there in all the variants that the UNet heard.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from transformers import SpeechT5HifiGan

from ..crops import REAL
from ..data import Clip, judged, load_clips, read_wave, trained
from ..loop import random_of
from ..rebuilt import through_autoencoder
from ..unet_clips import VARIANTS, fitted, variants
from .clips import generated
from .embeddings import Ear, EmbeddingDistance
from .log_mels import LogMelDistance
from .prompts import unseen_prompts
from .setting import Setting
from .strips import Panel, strips

COPY_EVERY = 4
CLOSEST = 10


@dataclass(frozen=True)
class Query:
    """A clip whose nearest training clip is wanted. `source` is '' where none is known."""

    name: str
    category: str
    source: str
    wave: np.ndarray


@dataclass(frozen=True)
class Nearest:
    """Of each query the distance to the nearest training clip, and which one that is."""

    distance: np.ndarray
    index: np.ndarray


def run(setting: Setting) -> None:
    """Leaves `nearest.json` and `nearest.svg`."""
    options = setting.options
    if options.esc10 is None:
        raise ValueError('training clips are those of ESC-10: give --esc10')
    clips = [clip for clip in load_clips(options) if clip.source == REAL]
    heard = trained(clips, options.final)
    groups = queries(setting, clips, heard)
    pool = [
        wave
        for clip in heard
        for wave in variants(clip, VARIANTS, random_of(options.seed, f'{REAL}/{clip.file}', 0))
    ]
    measures = {
        'CLAP': EmbeddingDistance(Ear(setting.model), pool),
        'log-mel': LogMelDistance(pool),
    }
    report, panels = {}, []
    for name, measure in measures.items():
        found = {}
        for group, own in groups.items():
            found[group] = nearest(measure, own, heard, group == 'same source')
            print(f'{name}, {group}: median {np.median(found[group].distance):.3f}', flush=True)
        report[name] = summary(found, groups, heard)
        panels.append(Panel(name, {group: one.distance for group, one in found.items()}))
        print(f'{name}: median ratio {report[name]["medianRatio"]}')
    (setting.out / 'nearest.json').write_text(json.dumps(report, indent=1) + '\n')
    title = 'distance to the nearest training clip'
    (setting.out / 'nearest.svg').write_text(strips(title, panels))


def queries(setting: Setting, clips: list[Clip], heard: list[Clip]) -> dict[str, list[Query]]:
    folder = generated(REAL, unseen_prompts(REAL, setting.options, setting.per_class), setting)
    made = [
        Query(f'{path.parent.name}/{path.name}', path.parent.name, '', fitted(read_wave(path)))
        for path in sorted(folder.glob('*/*.wav'))
    ]
    known = [of_clip(clip) for clip in heard]
    shared = [source for source in {q.source for q in known} if several(source, known)]
    return {
        'generated': made,
        'held out': [of_clip(clip) for clip in judged(clips)],
        'trained on': known,
        'same source': [query for query in known if query.source in shared],
        'copies': copies(known[::COPY_EVERY], setting.model),
    }


def of_clip(clip: Clip) -> Query:
    return Query(clip.file, clip.category, source_of(clip), fitted(clip.wave()))


def source_of(clip: Clip) -> str:
    """What it was cut from: FOLD-SOURCE-TAKE-TARGET."""
    return clip.file.split('-')[1]


def several(source: str, queries: list[Query]) -> bool:
    return sum(query.source == source for query in queries) > 1


def copies(known: list[Query], model: Path) -> list[Query]:
    """As the model would give back what it knows by heart: their originals are near."""
    vae = AutoencoderKL.from_pretrained(model / 'vae', torch_dtype=torch.float32).eval()
    vocoder = SpeechT5HifiGan.from_pretrained(model / 'vocoder', torch_dtype=torch.float32).eval()
    return [
        Query(q.name, q.category, '', fitted(through_autoencoder(q.wave, vae, vocoder)))
        for q in known
    ]


def nearest(
    measure: EmbeddingDistance | LogMelDistance,
    queries: list[Query],
    heard: list[Clip],
    same_source: bool,
) -> Nearest:
    """Among training clips of other sources, or of the same one and not the clip itself. The
    measure's pool has the variants of each clip one after the other.
    """
    sources, files = ([of(clip) for clip in heard] for of in (source_of, lambda clip: clip.file))
    distances, indices = [], []
    for query in queries:
        to_clips = measure(query.wave).reshape(len(heard), -1).min(1)
        for i, (source, file) in enumerate(zip(sources, files)):
            same = source == query.source
            if same != same_source or (same and file == query.name):
                to_clips[i] = np.inf
        indices.append(int(to_clips.argmin()))
        distances.append(float(to_clips.min()))
    return Nearest(np.array(distances), np.array(indices))


def summary(
    found: dict[str, Nearest], groups: dict[str, list[Query]], heard: list[Clip]
) -> dict[str, object]:
    made, unseen = found['generated'].distance, found['held out'].distance
    copied = found['copies'].distance
    order = made.argsort()[:CLOSEST]
    return {
        'groups': {name: spread(one.distance) for name, one in found.items()},
        'medianRatio': rounded(np.median(made) / np.median(unseen)),
        'medianRatioOfClasses': {
            name: rounded(of_class('generated', name, found, groups) / median)
            for name in sorted({query.category for query in groups['held out']})
            if (median := of_class('held out', name, found, groups)) > 0
        },
        # One in twenty of the recordings is nearer than this, and of copies all but one in twenty.
        'nearerThanRecordings': rounded((made < np.quantile(unseen, 0.05)).mean()),
        'nearAsCopies': rounded((made <= np.quantile(copied, 0.95)).mean()),
        'recordingsNearAsCopies': rounded((unseen <= np.quantile(copied, 0.95)).mean()),
        'closest': [
            {
                'generated': groups['generated'][i].name,
                'trainedOn': heard[found['generated'].index[i]].file,
                'category': heard[found['generated'].index[i]].category,
                'distance': rounded(made[i]),
            }
            for i in order
        ],
    }


def of_class(
    group: str, category: str, found: dict[str, Nearest], groups: dict[str, list[Query]]
) -> float:
    rows = [query.category == category for query in groups[group]]
    return float(np.median(found[group].distance[rows]))


def spread(values: np.ndarray) -> dict[str, float]:
    low, middle, high = np.quantile(values, (0.05, 0.5, 0.95))
    return {
        'clips': len(values),
        'least': rounded(values.min()),
        'twentieth': rounded(low),
        'median': rounded(middle),
        'nineteenTwentieths': rounded(high),
    }


def rounded(value: float) -> float:
    return round(float(value), 4)
