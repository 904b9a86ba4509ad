"""Captions of ESC-10's clips: wordings of the class, and what the titles of the sources say."""

import csv
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .esc10_words import ESC10, Words
from .options import Options
from .wordings import clauses, framed, held_out

TITLES = Path(__file__).with_name('esc10_titles.tsv')
CAPTIONS_PER_CLIP = 48


@dataclass(frozen=True)
class Wording:
    """`clause`: it has a verb, and cannot follow "the sound of". `title`: true of one source."""

    text: str
    clause: bool
    title: bool = False


def class_wordings(category: str) -> list[Wording]:
    """All there are, the held-out ones among them."""
    words: Words = ESC10[category]
    whole = [Wording(text, False) for text in words.nouns.split('|')]
    nouns = [Wording(text, False) for text in clauses(words.subjects, words.gerunds, words.places)]
    sentences = [Wording(text, True) for text in clauses(words.subjects, words.verbs, words.places)]
    return whole + nouns + sentences


def title_wordings() -> dict[str, list[Wording]]:
    """Title → what it says, of those that say more than the class."""
    return {
        row['title']: [
            Wording(text, clause, title=True)
            for clause, column in ((False, 'nouns'), (True, 'clauses'))
            for text in row[column].split('|')
            if text
        ]
        for row in table(TITLES)
    }


def trained_wordings(category: str) -> list[Wording]:
    return [wording for wording in class_wordings(category) if not held_out(wording.text)]


def held_out_wordings(category: str) -> list[Wording]:
    return [wording for wording in class_wordings(category) if held_out(wording.text)]


def titles_of(folder: Path) -> dict[str, str]:
    """File of ESC-10 → the title of its source."""
    return {row['file']: row['title'] for row in table(folder / 'ATTRIBUTION.tsv')}


def captions_of(
    category: str, title: str, count: int, rng: np.random.Generator, titles: dict[str, list[Wording]]
) -> list[str]:
    """`count` different captions to train on; a third says what the title says."""
    own = [wording for wording in titles.get(title, []) if not held_out(wording.text)]
    shared = trained_wordings(category)
    captions: dict[str, None] = {}
    while len(captions) < count:
        choices = own if own and rng.random() < 1 / 3 else shared
        wording = choices[rng.integers(len(choices))]
        captions[framed(wording.text, wording.clause, rng)] = None
    return list(captions)


def write_captions(options: Options) -> Path:
    """`captions.jsonl` as a folder of our data sets has it: what the UNet is trained with."""
    if options.esc10 is None:
        raise ValueError('captions are those of ESC-10: give --esc10')
    rng = np.random.default_rng(options.seed)
    titles, phrases = titles_of(options.esc10), title_wordings()
    lines = [
        json.dumps({
            'file': f'audio/{row["filename"]}',
            'category': row['category'],
            'captions': captions_of(
                row['category'], titles[row['filename']], CAPTIONS_PER_CLIP, rng, phrases
            ),
        })
        for row in table(options.esc10 / 'meta' / 'esc50.csv', delimiter=',')
    ]
    out = options.folder('captions') / 'esc10.jsonl'
    part = out.with_suffix('.tmp')
    part.write_text(''.join(f'{line}\n' for line in lines), encoding='utf-8')
    part.replace(out)
    return out


def table(path: Path, delimiter: str = '\t') -> Iterable[dict[str, str]]:
    quoting = csv.QUOTE_NONE if delimiter == '\t' else csv.QUOTE_MINIMAL
    with path.open(encoding='utf-8', newline='') as lines:
        yield from csv.DictReader(lines, delimiter=delimiter, quoting=quoting)
