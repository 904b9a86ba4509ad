"""Whether a word does what it says: two prompts that differ in it, the same seeds, one measure.

A measure is first held against synthesised clips, of which it is known which end of an attribute
they are at: `measure right` is the share of pairs of clips, one from each end, that it puts in
order. What the model does cannot be seen better than that.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..captions import listed_captions, table
from ..data import load_source, read_wave
from ..options import Options
from .clips import Wanted, generated
from .setting import Setting
from .sounds import MEASURES, Sound

PAIRS = Path(__file__).with_name('pairs.tsv')


@dataclass(frozen=True)
class Pair:
    """`low`, `high`: values of the attribute `axis`, of which `measure` is less and more."""

    axis: str
    low: str
    high: str
    measure: str
    category: str
    low_prompt: str
    high_prompt: str

    def name(self) -> str:
        return f'{self.axis}-{self.category}'

    def of(self, wave: np.ndarray) -> float:
        return MEASURES[self.measure].of(Sound.of(wave))

    def share(self, low: np.ndarray, high: np.ndarray) -> float:
        """In how many cases the second is more. Arrays of one shape, or such as broadcast."""
        return float(MEASURES[self.measure].more(low, high).mean())


@dataclass(frozen=True)
class Result:
    """`low`, `high`: medians of what is measured. `right`: the share of seeds."""

    pair: Pair
    seeds: int
    measure_right: float
    low: float
    high: float
    right: float


def pairs() -> list[Pair]:
    return [Pair(**row) for row in table(PAIRS)]


def run(setting: Setting) -> None:
    """Leaves `attributes.json` and, as a table, `attributes.md`."""
    if setting.options.synth is None:
        raise ValueError('measures are tried on synthesised clips: give --synth')
    found = pairs()
    sure = validity(found, setting.options)
    folder = generated('attributes', wanted(found, setting), setting)
    results = []
    for pair in found:
        low, high = (
            np.array([pair.of(read_wave(path)) for path in sorted(folder.glob(f'{end}/*.wav'))])
            for end in ends(pair)
        )
        share = pair.share(low, high)
        results.append(
            Result(pair, len(low), sure[pair], float(np.median(low)), float(np.median(high)), share)
        )
        print(f'{pair.axis}, {pair.category}: {share:.0%}, measure {sure[pair]:.0%}')
    (setting.out / 'attributes.json').write_text(json.dumps(report(results), indent=1) + '\n')
    (setting.out / 'attributes.md').write_text(markdown(results), encoding='utf-8')


def wanted(found: list[Pair], setting: Setting) -> list[Wanted]:
    first = 500_000_000 + 1000 * setting.options.seed
    return [
        Wanted(f'{end}/{i:02}.wav', pair.category, prompt, first + i)
        for pair in found
        for end, prompt in zip(ends(pair), (pair.low_prompt, pair.high_prompt))
        for i in range(setting.seeds)
    ]


def ends(pair: Pair) -> tuple[str, str]:
    return f'{pair.name()}-low', f'{pair.name()}-high'


def validity(found: list[Pair], options: Options) -> dict[Pair, float]:
    """Of every pair how often the measure orders two synthesised clips rightly."""
    assert options.synth is not None
    facts = {
        line['file']: line['attributes']
        for line in listed_captions(options.synth / 'captions.jsonl')
    }
    clips = load_source('synth', options.synth, options.folder('data'))
    right = {}
    for pair in found:
        values: dict[str, list[float]] = {pair.low: [], pair.high: []}
        for clip in clips:
            end = facts.get(f'audio/{clip.file}', {}).get(pair.axis)
            if clip.category == pair.category and end in values:
                values[end].append(pair.of(clip.wave()))
        low, high = (np.array(values[end]) for end in (pair.low, pair.high))
        if min(len(low), len(high)) == 0:
            raise ValueError(f'no {pair.category} that is {pair.low}, or none that is {pair.high}')
        right[pair] = pair.share(low[:, None], high[None])
    return right


def report(results: list[Result]) -> dict[str, object]:
    return {
        'right': round(float(np.mean([one.right for one in results])), 4),
        'rightOfAxes': {axis: round(share, 4) for axis, share in of_axes(results).items()},
        'pairs': [
            {
                'axis': one.pair.axis,
                'class': one.pair.category,
                'prompts': [one.pair.low_prompt, one.pair.high_prompt],
                'measure': one.pair.measure,
                'measureRight': round(one.measure_right, 4),
                'medians': [round(one.low, 3), round(one.high, 3)],
                'seeds': one.seeds,
                'right': round(one.right, 4),
            }
            for one in results
        ],
    }


def of_axes(results: list[Result]) -> dict[str, float]:
    axes = dict.fromkeys(one.pair.axis for one in results)
    return {
        axis: float(np.mean([one.right for one in results if one.pair.axis == axis]))
        for axis in axes
    }


def markdown(results: list[Result]) -> str:
    rows = [
        '| prompts | measure | right on synthesised clips | medians | right |',
        '|---|---|---|---|---|',
    ]
    for one in results:
        low, high = one.pair.low_prompt, one.pair.high_prompt
        rows.append(
            f'| {low} / {high} | {one.pair.measure} | {one.measure_right:.0%} | '
            f'{one.low:.3g} / {one.high:.3g} | {one.right:.0%} of {one.seeds} |'
        )
    for axis, share in of_axes(results).items():
        rows.append(f'| {axis} | | | | {share:.0%} |')
    return '\n'.join(rows) + '\n'
