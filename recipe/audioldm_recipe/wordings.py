"""What a caption says, and the sentences that say it.

A wording is a noun phrase or a clause such as "a dog barking" or "rain falls on a roof"; frames put
it into sentences. A tenth of the wordings, in whatever frame, is never trained on: it shows whether
the text tower understands or has only learnt by heart.
"""

import hashlib
from itertools import product

import numpy as np

NOUN_FRAMES = (
    '{}',
    '{}',
    '{}',
    'the sound of {}',
    'sound of {}',
    'sounds of {}',
    'a recording of {}',
    'this is a sound of {}',
    'this is the sound of {}',
    '{} can be heard',
    'one can hear {}',
    'you hear {}',
    'listen to {}',
    'audio of {}',
    'field recording of {}',
    'nothing but {}',
)
CLAUSE_FRAMES = ('{}', '{}', '{}', '{} here', 'in this recording, {}', 'it sounds as if {}')


def held_out(wording: str) -> bool:
    """Whether it is one of the tenth that is never trained on."""
    digest = hashlib.sha256(wording.encode()).digest()
    return int.from_bytes(digest[:4], 'big') % 10 == 0


def clauses(subjects: str, verbs: str, places: str = '') -> list[str]:
    """Every combination of alternatives that `|` separates; an empty place says nothing."""
    parts = [text.split('|') for text in (subjects, verbs, places)]
    return [' '.join(word for word in words if word) for words in product(*parts)]


def framed(wording: str, clause: bool, rng: np.random.Generator) -> str:
    """A sentence with it, sometimes with a capital and a full stop."""
    frames = CLAUSE_FRAMES if clause else NOUN_FRAMES
    sentence = frames[rng.integers(len(frames))].format(wording)
    style = rng.integers(4)
    if style < 2:
        sentence = sentence[0].upper() + sentence[1:]
    return sentence + '.' if style == 0 else sentence
