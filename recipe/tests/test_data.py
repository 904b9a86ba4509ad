from pathlib import Path

import numpy as np
import pytest

from audioldm_recipe import card
from audioldm_recipe.crops import Crops, Variation, loudest, stretched
from audioldm_recipe.data import Clip, judged, load_clips, trained
from audioldm_recipe.options import Options


@pytest.fixture(scope='module')
def clips(sounds: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Clip]:
    return load_clips(Options(tmp_path_factory.mktemp('state'), esc10=sounds, synth=None))


def test_clips_are_decoded_once(sounds: Path, clips: list[Clip], tmp_path: Path) -> None:
    options = Options(tmp_path, esc10=None, synth=sounds)
    first = load_clips(options)
    files = {file: file.stat().st_mtime_ns for file in (tmp_path / 'data').iterdir()}
    again = load_clips(options)
    assert files == {file: file.stat().st_mtime_ns for file in (tmp_path / 'data').iterdir()}
    assert [clip.file for clip in again] == [clip.file for clip in first]
    assert {clip.source for clip in again} == {'synth'}
    for a, b, c in zip(first, again, clips):
        np.testing.assert_array_equal(a.samples, b.samples)
        np.testing.assert_array_equal(a.samples, c.samples)


def test_the_licence_that_forbids_uses_is_left_out(clips: list[Clip]) -> None:
    assert [clip.file[:3] for clip in clips] == [f'{f}-{i}' for f, i in zip('1111144', '0234567')]


def test_the_judged_fold_is_trained_on_only_at_the_end(clips: list[Clip]) -> None:
    assert {clip.fold for clip in trained(clips, final=False)} == {1}
    assert {clip.fold for clip in judged(clips)} == {4}
    assert trained(clips, final=True) == clips


def test_waves_have_the_rate_and_level_of_the_model(clips: list[Clip]) -> None:
    for clip in clips:
        wave = clip.wave()
        assert len(wave) == 24000
        assert np.abs(wave).max() == pytest.approx(0.5, abs=1e-4)
        assert abs(wave.mean()) < 1e-3
    wave = clips[0].wave()
    np.testing.assert_array_equal(clips[0].wave(100, 50), wave[100:150])
    np.testing.assert_array_equal(clips[0].wave(-5, 8), [*[0] * 5, *wave[:3]])
    np.testing.assert_array_equal(clips[0].wave(23999, 3), [wave[-1], 0, 0])
    np.testing.assert_array_equal(clips[0].wave(-9, 4), np.zeros(4))
    np.testing.assert_array_equal(clips[0].wave(30000, 4), np.zeros(4))


def test_pitch_and_place_survive_resampling(clips: list[Clip]) -> None:
    wave = clips[0].wave()
    at = 8000
    crossings = np.diff(np.signbit(wave[at : at + 4000])).sum() / 2
    # From 200 Hz, rising with 1 + 2t.
    assert crossings / 0.25 == pytest.approx(200 * (1 + 2 * (at + 2000) / 16000), rel=0.03)


def test_crops_are_as_random_as_their_generator(clips: list[Clip]) -> None:
    crops = Crops(clips, 4000)
    draws = [crops.draw(np.random.default_rng(seed), 4) for seed in (1, 1, 2)]
    assert draws[0].shape == (4, 4000)
    assert draws[0].dtype == np.float32
    np.testing.assert_array_equal(draws[0], draws[1])
    assert not np.array_equal(draws[0], draws[2])
    many = crops.draw(np.random.default_rng(3), 100)
    assert np.abs(many).max() <= 1
    assert np.isfinite(many).all()


def test_made_clips_are_cut_but_not_bent(sounds: Path, tmp_path: Path) -> None:
    clips = load_clips(Options(tmp_path, esc10=None, synth=sounds))[:1]
    still = Variation(decibels=(0, 0), louder=0)
    whole = clips[0].wave()
    for piece in Crops(clips, 3000, still).draw(np.random.default_rng(0), 3):
        inside = piece[np.flatnonzero(piece)[0] : np.flatnonzero(piece)[-1]]
        places = np.lib.stride_tricks.sliding_window_view(whole, len(inside))
        assert np.abs(places - inside).max(1).min() < 1e-6


def test_stretching_keeps_the_level_and_moves_the_pitch() -> None:
    tone = np.sin(2 * np.pi * 40 * np.arange(1000) / 1000)
    for length in (800, 1250, 999):
        expected = np.sin(2 * np.pi * 40 * np.arange(length) / length)
        np.testing.assert_allclose(stretched(tone, length), expected, atol=1e-9)


def test_loudest_part_of_some_clips_a_category(clips: list[Clip]) -> None:
    waves = loudest(clips, per_category=3, seconds=0.5)
    assert waves.shape == (3, 8000)
    # The sweeps die away.
    np.testing.assert_array_equal(waves[0].numpy(), clips[0].wave(0, 8000))


def test_the_card_names_the_authors_of_what_was_trained_on(sounds: Path) -> None:
    with pytest.raises(ValueError, match=r'ATTRIBUTION\.tsv has 0 of 5 clips'):
        card.attributions(sounds)
    files = [f'1-{i}-A-0.wav' for i in range(6)] + ['4-6-A-0.wav', '4-7-A-0.wav']
    lines = [f'{file}\ta | b\tsomeone\tCC0' for file in files if file != '1-1-A-0.wav']
    excluded = (sounds / 'ATTRIBUTION.tsv').read_text()
    try:
        text = '\n'.join([excluded.splitlines()[0], excluded.splitlines()[1], *lines])
        (sounds / 'ATTRIBUTION.tsv').write_text(text + '\n')
        rows = card.attributions(sounds).splitlines()
    finally:
        (sounds / 'ATTRIBUTION.tsv').write_text(excluded)
    assert rows[0] == '| 1-0-A-0.wav | a \\| b | someone | CC0 |'
    assert len(rows) == 5, 'neither the judged fold nor what was left out'
