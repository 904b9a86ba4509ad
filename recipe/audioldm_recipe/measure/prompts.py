"""Prompts in wordings that were never trained on, of every class as many."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ..captions import class_wordings, listed_captions, title_wordings, trained_wordings
from ..options import Options
from ..wordings import CLAUSE_FRAMES, NOUN_FRAMES, framed, held_out
from .clips import Wanted


def unseen_prompts(source: str, options: Options, per_class: int) -> list[Wanted]:
    """Of 'esc10' or 'synth', in alphabetical order of classes; every clip has its own seed."""
    rng = np.random.default_rng(options.seed)
    if source == 'esc10':
        by_class = real_prompts(per_class, rng)
    elif options.synth is not None:
        by_class = made_prompts(options.synth, per_class, rng)
    else:
        raise ValueError('prompts of synthesised sounds come with them: give --synth')
    first = 1_000_000 * (options.seed + 1)
    return [
        Wanted(f'{category}/{i:02}.wav', category, prompt, first + 1000 * number + i)
        for number, (category, prompts) in enumerate(sorted(by_class.items()))
        for i, prompt in enumerate(prompts)
    ]


def real_prompts(count: int, rng: np.random.Generator) -> dict[str, list[str]]:
    """Every held-out wording of a class once before any comes again, in frames as they fall."""
    found = {}
    for category, wordings in class_wordings().items():
        hidden = [wording for wording in wordings if held_out(wording.text)]
        seen = trained_sentences(category)
        prompts: dict[str, str] = {}
        while len(prompts) < count:
            for i in rng.permutation(len(hidden)):
                prompt = framed(hidden[i].text, hidden[i].clause, rng)
                if plain(prompt) not in seen:
                    prompts.setdefault(plain(prompt), prompt)
        found[category] = list(prompts.values())[:count]
    return found


def trained_sentences(category: str) -> set[str]:
    """All that a caption of the class may be, those with the titles of the sources among them."""
    wordings = [*class_wordings()[category], *(w for own in title_wordings().values() for w in own)]
    return {
        plain(frame.format(wording.text))
        for wording in trained_wordings(wordings)
        for frame in (CLAUSE_FRAMES if wording.clause else NOUN_FRAMES)
    }


def made_prompts(folder: Path, count: int, rng: np.random.Generator) -> dict[str, list[str]]:
    """From the list of a synthesised data set that is not trained on."""
    seen = {plain(caption) for _, caption in captions(folder / 'captions.jsonl')}
    by_class: dict[str, dict[str, str]] = {}
    for category, caption in captions(folder / 'held-out.jsonl'):
        if plain(caption) not in seen:
            by_class.setdefault(category, {}).setdefault(plain(caption), caption)
    found = {}
    for category, prompts in sorted(by_class.items()):
        if len(prompts) < count:
            raise ValueError(f'{folder}: only {len(prompts)} held-out captions of {category}')
        texts = list(prompts.values())
        found[category] = [texts[i] for i in rng.permutation(len(texts))[:count]]
    return found


def captions(path: Path) -> Iterable[tuple[str, str]]:
    """Class and text."""
    for line in listed_captions(path):
        for caption in line['captions']:
            yield line['label'].replace(' ', '_'), caption


def plain(sentence: str) -> str:
    """Without a capital and a full stop."""
    return sentence.removesuffix('.').lower()
