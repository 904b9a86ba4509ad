import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from tones import low_and_high

from audioldm_recipe import judge
from audioldm_recipe.confusion import Confusion
from audioldm_recipe.data import RATE, Clip, load_clips
from audioldm_recipe.judge_clips import judge_folder
from audioldm_recipe.labelled import LabelledCrops, Labels
from audioldm_recipe.options import Options
from audioldm_recipe.specaugment import varied


@pytest.fixture(scope='module')
def two_classes() -> list[Clip]:
    return low_and_high()


def test_crops_have_their_labels(two_classes: list[Clip]) -> None:
    labels = Labels.of(two_classes)
    assert labels.names == ('high', 'low')
    crops = LabelledCrops(two_classes, labels, 0.5, speed=1.2, mixed=0.5)
    waves, shares = crops.draw(np.random.default_rng(0), 64)
    assert waves.shape == (64, RATE // 2)
    np.testing.assert_allclose(shares.sum(1), 1, rtol=1e-6)
    # Half of them are mixed, and of those half with the other class.
    assert 6 < (shares.max(1) < 1).sum() < 30
    crossings = (np.diff(np.sign(waves), axis=1) != 0).mean(1)
    pure = shares.max(1) == 1
    assert ((crossings > 0.1) == (shares[:, 0] == 1))[pure].all()


def test_the_judge_learns(
    two_classes: list[Clip], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judge, 'SEEDS', 2)
    monkeypatch.setattr(judge, 'BATCH', 8)
    monkeypatch.setattr(judge, 'SECONDS', 0.5)
    monkeypatch.setattr(judge, 'SCHEDULE', replace(judge.SCHEDULE, steps=25))
    options = Options(tmp_path, None, None)
    confusion = judge.train_judge('esc10', two_classes, options)
    assert confusion.accuracy() == 1
    report = json.loads((tmp_path / 'judge/esc10/unseen.json').read_text())
    assert report['confusion'] == [[4, 0], [0, 4]]
    assert (tmp_path / 'judge/esc10/unseen.svg').read_text().startswith('<svg')
    # What was written decides the same, at any level.
    read = judge.Judge(tmp_path / 'judge/esc10')
    low = two_classes[-2].wave()
    assert read.labels.names[read.probabilities(low).argmax()] == 'low'
    np.testing.assert_allclose(read.probabilities(low), read.probabilities(low / 8), atol=1e-3)


def test_confusion_counts() -> None:
    confusion = Confusion(('a', 'b', 'c'))
    for category, guess in ('aa', 'ab', 'cc'):
        confusion.add(category, np.eye(3)['abc'.index(guess)])
    assert confusion.accuracy() == pytest.approx(2 / 3)
    assert confusion.of_classes() == {'a': 0.5, 'c': 1.0}


def test_variation_hides_little() -> None:
    mel = torch.randn(8, 1, 100, 64)
    other = varied(mel)
    assert other.shape == mel.shape
    kept = ((other - mel).abs() < 2).float().mean()
    assert 0.5 < kept < 1
    assert not torch.equal(other, varied(mel))


def test_folds_of_a_data_set(sounds: Path, tmp_path: Path) -> None:
    clips = load_clips(Options(tmp_path, None, sounds))
    training = judge.JudgeTraining('x', clips, 1, 0)
    assert {clip.fold for clip in training.unseen} == {4}
    assert all(clip.fold != 4 for group in training.crops.classes for clip in group)


def test_folders_are_judged(two_classes: list[Clip], tmp_path: Path) -> None:
    class Ear(judge.Judge):
        """Goes by the pitch alone."""

        def __init__(self) -> None:
            self.labels = Labels.of(two_classes)

        def probabilities(self, wave: np.ndarray) -> np.ndarray:
            return np.eye(2)[0 if (np.diff(np.sign(wave)) != 0).mean() > 0.1 else 1]

    for i, clip in enumerate(two_classes[:6]):
        # One lies in the wrong folder.
        folder = tmp_path / ('low' if i == 1 else clip.category)
        folder.mkdir(exist_ok=True)
        soundfile.write(folder / f'{i}.wav', clip.wave(), RATE)
    confusion = judge_folder(Ear(), tmp_path)
    assert confusion.counts.tolist() == [[2, 0], [1, 3]]
    (tmp_path / 'dog').mkdir()
    (tmp_path / 'low' / '0.wav').rename(tmp_path / 'dog' / '0.wav')
    with pytest.raises(ValueError, match="no class 'dog'"):
        judge_folder(Ear(), tmp_path)
    with pytest.raises(ValueError, match='neither'):
        judge_folder(Ear(), tmp_path / 'low')
