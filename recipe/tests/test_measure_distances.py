"""The sets of clips whose FD and FAD are compared."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from audioldm_recipe.data import RATE, Clip
from audioldm_recipe.measure.distances import markdown, of_other_folds, write_set
from audioldm_recipe.measure.noise import FRAME, mean_spectrum, noise


def test_noise_has_the_spectrum() -> None:
    rng = np.random.default_rng(0)
    time = np.arange(5 * RATE) / RATE
    hiss = np.diff(rng.standard_normal(5 * RATE + 1))
    waves = [hiss + 3 * np.sin(2 * np.pi * 1120 * time), 0.5 * hiss]
    wanted = mean_spectrum(waves)
    found = mean_spectrum([noise(wanted, 5 * RATE, rng) for _ in range(8)])
    # Third-octave bands: between bins the spectrum is interpolated, which widens the tone.
    edges = (FRAME / 2 * 2 ** (-np.arange(15, -1, -1) / 3)).astype(int)
    levels = [10 * np.log10(np.add.reduceat(s, edges[:-1])) for s in (found, wanted)]
    difference = levels[0] - levels[1]
    assert np.abs(difference - difference.mean()).max() < 1
    # Nothing of when it was: the same level all the time.
    pieces = noise(wanted, 5 * RATE, rng).reshape(10, -1).std(1)
    assert pieces.max() / pieces.min() < 1.5


def test_other_folds_give_as_many_of_every_class() -> None:
    clips = [
        Clip('esc10', f'{fold}-{category}-{i}', fold, category, np.zeros(1, np.int16))
        for fold in (1, 2, 3, 4)
        for category in ('dog', 'rain')
        for i in range(3 if category == 'dog' else 2)
    ]
    reference = [clip for clip in clips if clip.fold == 4]
    found = of_other_folds(clips, reference, np.random.default_rng(0))
    assert [clip.category for clip in found] == ['dog'] * 3 + ['rain'] * 2
    assert len(set(found)) == 5
    assert all(clip.fold != 4 for clip in found)


def test_sets_are_of_one_length_and_level(tmp_path: Path) -> None:
    time = np.arange(6 * RATE) / RATE
    tone = np.sin(2 * np.pi * 440 * time).astype(np.float32)
    write_set(tmp_path / 'set', [tone])
    write_set(tmp_path / 'set', [0.01 * tone, tone[: 2 * RATE]])
    files = sorted((tmp_path / 'set').iterdir())
    assert [file.name for file in files] == ['000.wav', '001.wav']
    for file in files:
        wave, rate = soundfile.read(file)
        assert (len(wave), rate) == (5 * RATE, RATE)
        assert np.abs(wave).max() == pytest.approx(0.5, abs=1e-3)


def test_the_table_has_a_row_for_each_set() -> None:
    text = markdown({'real': {'fd': 1.234, 'fad': 0.5}, 'noise': {'fd': 80.0, 'fad': 20.0}})
    assert text.splitlines()[2:] == [
        '| recordings of other folds | 1.23 | 0.50 |',
        '| noise of equal spectrum | 80.00 | 20.00 |',
    ]
