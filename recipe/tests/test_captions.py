from pathlib import Path

import numpy as np
import pytest
from transformers import RobertaTokenizer

from audioldm_recipe import described, tokenizer
from audioldm_recipe.captions import (
    captions_of,
    class_wordings,
    title_wordings,
    trained_wordings,
)
from audioldm_recipe.claims import claimed, claims_of
from audioldm_recipe.data import Clip
from audioldm_recipe.options import Options
from audioldm_recipe.sayings import FALSE, OTHER, TITLE, TRUE, UNKNOWN, Described, Saying
from audioldm_recipe.wordings import framed, held_out


def test_a_tenth_of_the_wordings_is_held_out() -> None:
    wordings = [wording for found in class_wordings().values() for wording in found]
    share = sum(held_out(wording.text) for wording in wordings) / len(wordings)
    assert 0.08 < share < 0.14
    # Of every class some, and what is held out today stays so.
    assert all(any(held_out(w.text) for w in found) for found in class_wordings().values())
    assert held_out('a hound barking')
    assert not held_out('a dog barking')


def test_captions_are_many_and_none_is_held_out() -> None:
    rng = np.random.default_rng(0)
    for category, wordings in class_wordings().items():
        captions = captions_of(category, 'rain on canvas', 40, rng)
        assert len(set(captions)) == 40
        hidden = [wording.text for wording in wordings if held_out(wording.text)]
        shown = [wording.text for wording in trained_wordings(wordings)]
        for caption in captions:
            own = caption.removesuffix('.')
            own = own[0].lower() + own[1:]
            assert own not in hidden
            assert any(text.lower() in caption.lower() for text in shown)


def test_titles_are_used() -> None:
    rng = np.random.default_rng(0)
    captions = captions_of('rain', 'Tent - int - rain on canvas.wav', 60, rng)
    assert sum('tent' in caption.lower() for caption in captions) > 5
    assert all(wordings for wordings in title_wordings().values())


def test_frames_fit_their_wordings() -> None:
    rng = np.random.default_rng(0)
    clauses = {framed('a dog barks', True, rng).rstrip('.').lower() for _ in range(100)}
    assert clauses == {
        'a dog barks',
        'a dog barks here',
        'in this recording, a dog barks',
        'it sounds as if a dog barks',
    }
    assert len({framed('barking', False, rng).lower() for _ in range(300)}) > 20


def test_words_that_speak_of_an_attribute_are_found() -> None:
    slow, fast = [{'rate': rate, 'pitch': 'medium'} for rate in ('slow', 'fast')]
    captions = [
        (f'a {word} bell', dict(attributes))
        for _ in range(12)
        for word, attributes in (
            ('slow', slow),
            ('quick', fast),
            ('church', slow),
            ('church', fast),
        )
    ]
    claims = claims_of(captions)
    assert claims == {'slow': ('rate', 'slow'), 'quick': ('rate', 'fast')}
    assert claimed('A slow church bell.', claims) == {'rate': 'slow'}
    assert claims_of(captions[:20]) == {}, 'too few clips to tell from chance'


def test_what_is_true_of_which_clip() -> None:
    clip = Clip('synth', 'x.wav', 1, 'bell', np.zeros(10, np.int16))
    one = Described(clip, {'rate': 'slow', 'pitch': 'medium', TITLE: 'x'}, [], [])
    cases = [
        ('bell', {}, TRUE),
        ('bell', {'rate': 'slow'}, TRUE),
        ('bell', {'rate': 'fast'}, FALSE),
        ('bell', {'pitch': 'low'}, UNKNOWN),
        ('bell', {'pitch': 'low', 'rate': 'fast'}, FALSE),
        ('bell', {TITLE: 'y'}, UNKNOWN),
        ('dog', {}, FALSE),
    ]
    for category, claims, expected in cases:
        assert one.agrees(Saying(category, 'text', None, claims)) == expected, claims


def test_other_sounds_are_none_of_the_classes() -> None:
    dog = Clip('esc10', 'x.wav', 1, 'dog', np.zeros(10, np.int16))
    sayings = [Saying('dog', text) for text in ('a dog barks', 'barking', 'the dog')]
    others = described.other_sounds([Described(dog, {}, sayings, [])])
    assert all(saying.category == OTHER and 'dog' not in saying.text for saying in others)
    assert 0 < sum(saying.held_out for saying in others) < len(others) / 5
    assert len(others) > 250


@pytest.fixture(scope='session')
def tokenizer_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tokenizer.run(Options(tmp_path_factory.mktemp('state'), None, None))


def test_any_text_goes_through_the_tokenizer(tokenizer_folder: Path) -> None:
    found = RobertaTokenizer.from_pretrained(tokenizer_folder)
    assert (found.bos_token_id, found.pad_token_id, found.eos_token_id) == (0, 1, 2)
    assert 3000 < len(found) <= tokenizer.ENTRIES
    assert found.mask_token_id == len(found) - 1
    for text in ('A dog barks, far away.', 'RAIN on the roof', 'Ein Uhu ruft 🦉\n', ''):
        ids = found(text)['input_ids']
        assert ids[0] == 0
        assert ids[-1] == 2
        assert found.decode(ids, skip_special_tokens=True) == text


def test_words_of_sounds_are_whole(tokenizer_folder: Path) -> None:
    found = RobertaTokenizer.from_pretrained(tokenizer_folder)
    text = 'a dog barks while an electric guitar and thunder sound in the kitchen'
    assert len(found.tokenize(text)) == len(text.split())
    assert (tokenizer_folder / 'merges.txt').read_text(encoding='utf-8').startswith('#version')


def test_the_tokenizer_is_the_same_every_time(tokenizer_folder: Path, tmp_path: Path) -> None:
    again = tokenizer.run(Options(tmp_path, None, None))
    for file in tokenizer_folder.iterdir():
        assert file.read_bytes() == (again / file.name).read_bytes()
