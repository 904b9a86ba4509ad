"""The measures of attributes, on sounds of which the answer is known."""

from pathlib import Path

import numpy as np
import pytest
from scipy.signal import fftconvolve

from audioldm_recipe.captions import table
from audioldm_recipe.data import RATE
from audioldm_recipe.measure.attributes import PAIRS, Pair, Result, markdown, pairs, report, wanted
from audioldm_recipe.measure.setting import Setting
from audioldm_recipe.measure.sounds import (
    MEASURES,
    Sound,
    centroid,
    dullness,
    echo,
    fullness,
    onsets,
    pace,
)
from audioldm_recipe.options import Options

TIME = np.arange(5 * RATE) / RATE


def strokes(rate: float, decay: float, hertz: float = 700) -> Sound:
    """`rate` strokes a second that die away by e in `decay` seconds."""
    return Sound.of(struck(rate, decay, hertz))


def struck(rate: float, decay: float, hertz: float = 700) -> np.ndarray:
    since = TIME % (1 / rate)
    floor = 1e-4 * np.random.default_rng(0).standard_normal(len(TIME))
    return (np.exp(-since / decay) * np.sin(2 * np.pi * hertz * since) + floor).astype(np.float32)


def test_centroid_is_where_a_tone_is() -> None:
    for hertz in (220, 1000, 3500):
        tone = Sound.of(np.sin(2 * np.pi * hertz * TIME).astype(np.float32))
        assert centroid(tone) == pytest.approx(hertz, rel=0.05)


def test_strokes_are_counted() -> None:
    for rate in (1, 3, 8):
        assert onsets(strokes(rate, 0.03)) == pytest.approx(5 * rate, abs=1)
    assert onsets(Sound.of(np.full(RATE, 0.1, np.float32))) <= 1


def test_pace_tells_faster_turns_of_what_never_stops() -> None:
    slow, fast = (
        Sound.of(np.sin(2 * np.pi * (800 * TIME + 300 / turns * np.sin(turns * TIME))))
        for turns in (3, 30)
    )
    assert pace(fast) > 3 * pace(slow)
    assert pace(strokes(6, 0.05)) > 3 * pace(strokes(1.5, 0.05))


def test_what_lasts_is_fuller() -> None:
    assert fullness(strokes(0.5, 0.8)) > fullness(strokes(0.5, 0.1)) + 10


def test_air_makes_dull() -> None:
    noise = np.random.default_rng(0).standard_normal(len(TIME))
    near = Sound.of(noise.astype(np.float32))
    far = Sound.of(fftconvolve(noise, np.ones(8) / 8, 'same').astype(np.float32))
    assert dullness(far) > dullness(near) + 3


def test_a_hall_keeps_the_level_up() -> None:
    dry = struck(1, 0.01)
    hall = np.random.default_rng(1).standard_normal(RATE) * 10 ** (-3 * TIME[:RATE] / 2)
    heard = dry + 0.02 * fftconvolve(dry, hall)[: len(dry)]
    assert echo(Sound.of(heard.astype(np.float32))) > echo(Sound.of(dry)) + 15


@pytest.mark.parametrize('name', MEASURES)
def test_level_and_silence(name: str) -> None:
    wave = struck(2, 0.1)
    loud, soft = (MEASURES[name].of(Sound.of(w)) for w in (wave, wave / 30))
    assert soft == pytest.approx(loud, rel=1e-3)
    assert np.isfinite(MEASURES[name].of(Sound.of(np.zeros(RATE, np.float32))))


def test_prompts_of_a_pair_differ_in_what_they_say_of_the_attribute() -> None:
    assert len(pairs()) == len({pair.name() for pair in pairs()}) == len(list(table(PAIRS)))
    for pair in pairs():
        low, high = pair.low_prompt.split(), pair.high_prompt.split()
        if pair.axis == 'space':
            # No single word says that there is no echo.
            assert low[:-3] == high[:-4]
            assert (low[-3:], high[-4:]) == (
                ['without', 'any', 'echo'],
                ['with', 'a', 'long', 'echo'],
            )
            continue
        assert len(low) == len(high)
        assert sum(word != other for word, other in zip(low, high)) == 1


def test_what_nobody_would_hear_does_not_count() -> None:
    low = np.array([100.0, 100, 100, 100])
    assert MEASURES['pace'].more(low, low * [1.1, 1.01, 1, 0.9]).tolist() == [True, *[False] * 3]
    assert MEASURES['echo'].more(-low, [1, 0.1, 0, -1] - low).tolist() == [True, *[False] * 3]
    pair = Pair('rate', 'slow', 'fast', 'pace', 'owl', 'a slow owl', 'a fast owl')
    assert pair.share(np.array([1.0, 2])[:, None], np.array([1.5, 3])[None]) == 0.75


def test_both_prompts_have_the_same_seeds(tmp_path: Path) -> None:
    setting = Setting(Options(tmp_path, None, None), tmp_path, tmp_path, seeds=3)
    asked = wanted(pairs()[:2], setting)
    assert len(asked) == len({one.file for one in asked}) == 12
    assert [one.seed for one in asked[:3]] == [one.seed for one in asked[3:6]]
    assert asked[0].prompt == pairs()[0].low_prompt
    assert asked[3].prompt == pairs()[0].high_prompt


def test_results_are_summed_up_by_attribute() -> None:
    slow = Pair('rate', 'slow', 'fast', 'pace', 'owl', 'a slow owl', 'a fast owl')
    low = Pair('pitch', 'low', 'high', 'centroid', 'owl', 'a low owl', 'a high owl')
    results = [Result(slow, 50, 1, 2, 4, 0.9), Result(low, 50, 1, 9, 8, 0.4)]
    found = report(results)
    assert found['right'] == pytest.approx(0.65)
    assert found['rightOfAxes'] == {'rate': 0.9, 'pitch': 0.4}
    assert '| a slow owl / a fast owl | pace | 100% | 2 / 4 | 90% of 50 |' in markdown(results)
