"""That generated clips are asked for in words that no training had."""

import json
from pathlib import Path

import numpy as np
import pytest

from audioldm_recipe.captions import captions_of, class_wordings, title_wordings
from audioldm_recipe.measure.prompts import plain, real_prompts, unseen_prompts
from audioldm_recipe.options import Options
from audioldm_recipe.wordings import held_out


def test_no_caption_of_real_clips_says_a_prompt() -> None:
    rng = np.random.default_rng(0)
    asked = real_prompts(20, np.random.default_rng(1))
    assert asked.keys() == class_wordings().keys()
    for category, prompts in asked.items():
        assert len({plain(prompt) for prompt in prompts}) == 20
        hidden = [w.text for w in class_wordings()[category] if held_out(w.text)]
        for prompt in prompts:
            assert any(text.lower() in plain(prompt) for text in hidden), prompt
        titles = ['', *title_wordings()][:12]
        said = {plain(c) for title in titles for c in captions_of(category, title, 80, rng)}
        assert said.isdisjoint(plain(prompt) for prompt in prompts)


def test_every_hidden_wording_is_used_where_there_is_room() -> None:
    prompts = real_prompts(20, np.random.default_rng(0))['rooster']
    hidden = {w.text.lower() for w in class_wordings()['rooster'] if held_out(w.text)}
    used = {text for text in hidden if any(text in plain(prompt) for prompt in prompts)}
    assert len(used) >= min(15, len(hidden))


@pytest.fixture
def synth(tmp_path: Path) -> Options:
    """Two classes; one held-out caption was, but for its capital, trained on all the same."""
    trained = [{'label': 'door knock', 'captions': ['a knock', 'Knocks on a door.']}]
    hidden = [
        {'label': 'door knock', 'captions': ['a low knock', 'Low knocks.', 'knocks on a door']},
        {'label': 'owl', 'captions': ['an owl', 'An owl.', 'owl: near', 'owl: far']},
    ]
    for name, lines in (('captions', trained), ('held-out', hidden)):
        text = '\n'.join(json.dumps({'file': 'audio/x.wav', **line}) for line in lines)
        (tmp_path / f'{name}.jsonl').write_text(text)
    return Options(tmp_path / 'state', None, tmp_path)


def test_prompts_of_synthesised_classes(synth: Options) -> None:
    asked = unseen_prompts('synth', synth, 2)
    assert [one.category for one in asked] == ['door_knock'] * 2 + ['owl'] * 2
    assert {one.prompt for one in asked[:2]} == {'a low knock', 'Low knocks.'}
    assert len({plain(one.prompt) for one in asked}) == 4
    assert len({one.seed for one in asked}) == 4
    assert asked[3].file == 'owl/01.wav'
    assert unseen_prompts('synth', synth, 2) == asked
    with pytest.raises(ValueError, match='only 2 held-out captions of door_knock'):
        unseen_prompts('synth', synth, 3)
