"""Byte-level BPE in RoBERTa's files, with as few entries as a narrow text tower can carry.

It learns from captions and from general words of sounds, so that prompts which no caption
resembles fall into words too and not into letters.
"""

import json
import math
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from audioldm_export.tokenizer import END, MASK, PAD, START, UNKNOWN, files_with

from .captions import class_wordings, listed_captions, title_wordings
from .described import OTHER_SOUNDS
from .options import Options
from .wordings import CLAUSE_FRAMES, NOUN_FRAMES

ENTRIES = 4000
SPECIAL = (START, PAD, END, UNKNOWN, MASK)
WORDS = Path(__file__).with_name('sound_words.txt')


def learn_merges(captions: Iterable[str], general: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs to join, in this order, until there are `ENTRIES` tokens or every word is whole.

    A word counts by the logarithm of how often it occurs: the few that all captions share would
    else hide the rest.
    """
    words = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    counts: Counter[str] = Counter()
    for text in captions:
        counts.update(word for word, _ in words.pre_tokenize_str(text))
    weights = Counter({word: 2 + round(math.log2(count)) for word, count in counts.items()})
    for text in general:
        weights.update(word for word, _ in words.pre_tokenize_str(f' {text}'))

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    trainer = trainers.BpeTrainer(
        vocab_size=ENTRIES - len(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        min_frequency=1,
        show_progress=False,
    )
    # In the order of the alphabet, which decides among equals.
    tokenizer.train_from_iterator(
        (word for word, weight in sorted(weights.items()) for _ in range(weight)), trainer
    )
    return [(left, right) for left, right in json.loads(tokenizer.to_str())['model']['merges']]


def corpus(options: Options) -> Iterable[str]:
    """Every caption there is, those that are held out too: a prompt may have any of their words."""
    for wordings in (*class_wordings().values(), *title_wordings().values()):
        for wording in wordings:
            yield from (wording.text, wording.text.capitalize())
    for frame in (*CLAUSE_FRAMES, *NOUN_FRAMES):
        yield from (frame.format('it'), frame.format('it').capitalize())
    if options.synth is not None:
        for name in ('captions.jsonl', 'held-out.jsonl'):
            for line in listed_captions(options.synth / name):
                yield from line['captions']


def general_words() -> list[str]:
    lines = OTHER_SOUNDS.read_text(encoding='utf-8').splitlines()
    return [*WORDS.read_text(encoding='utf-8').split(), *lines]


def run(options: Options) -> Path:
    files, entries = files_with(learn_merges(corpus(options), general_words()))
    folder = options.folder('tokenizer')
    for name, text in files.items():
        (folder / name).write_text(text, encoding='utf-8')
    print(f'tokenizer: {entries} entries, in {folder}')
    return folder
