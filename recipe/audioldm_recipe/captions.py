"""Captions of ESC-10's clips: wordings of the class, and what the titles of the sources say."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from .data import wanted_rows
from .options import Options
from .wordings import clauses, framed, held_out

WORDS = Path(__file__).with_name('esc10_words.tsv')
TITLES = Path(__file__).with_name('esc10_titles.tsv')
CAPTIONS_PER_CLIP = 48


@dataclass(frozen=True)
class Wording:
    """`clause`: it has a verb, and cannot follow "the sound of"."""

    text: str
    clause: bool


@cache
def class_wordings() -> dict[str, list[Wording]]:
    """Category → all there are, the held-out ones among them.

    A row of the table has alternatives separated by `|`. Clauses are subject, verb and place;
    noun phrases are subject, verb in -ing and place, or listed whole.
    """
    found = {}
    for row in table(WORDS):
        nouns = [*alternatives(row['nouns'])]
        nouns += clauses(row['subjects'], row['gerunds'], row['places'])
        sentences = clauses(row['subjects'], row['verbs'], row['places'])
        found[row['category']] = [Wording(text, False) for text in nouns]
        found[row['category']] += [Wording(text, True) for text in sentences]
    return found


@cache
def title_wordings() -> dict[str, list[Wording]]:
    """Title → what it says, of those that say more than the class."""
    return {
        row['title']: [
            Wording(text, clause)
            for clause, column in ((False, 'nouns'), (True, 'clauses'))
            for text in alternatives(row[column])
        ]
        for row in table(TITLES)
    }


def trained_wordings(wordings: list[Wording]) -> list[Wording]:
    return [wording for wording in wordings if not held_out(wording.text)]


def captions_of(category: str, title: str, count: int, rng: np.random.Generator) -> list[str]:
    """`count` different captions to train on; a third says what the title says, if it does."""
    shared = trained_wordings(class_wordings()[category])
    own = trained_wordings(title_wordings().get(title, []))
    captions: dict[str, None] = {}
    while len(captions) < count:
        choices = own if own and rng.random() < 1 / 3 else shared
        wording = choices[rng.integers(len(choices))]
        captions[framed(wording.text, wording.clause, rng)] = None
    return list(captions)


def titles_of(folder: Path) -> dict[str, str]:
    """File of ESC-10 → the title of its source."""
    return {row['file']: row['title'] for row in table(folder / 'ATTRIBUTION.tsv')}


def write_captions(options: Options) -> Path:
    """As a folder of our data sets has them: what the UNet is trained with."""
    if options.esc10 is None:
        raise ValueError('captions are those of ESC-10: give --esc10')
    rng = np.random.default_rng(options.seed)
    titles = titles_of(options.esc10)
    out = options.folder('captions') / 'esc10.jsonl'
    part = out.with_suffix('.tmp')
    with part.open('w', encoding='utf-8') as lines:
        for row in wanted_rows(options.esc10):
            category, title = row['category'], titles[row['filename']]
            captions = captions_of(category, title, CAPTIONS_PER_CLIP, rng)
            line = {'file': f'audio/{row["filename"]}', 'captions': captions}
            lines.write(json.dumps(line) + '\n')
    part.replace(out)
    return out


def listed_captions(path: Path) -> Iterator[dict[str, Any]]:
    """Lines of a captions.jsonl: `file`, `captions`, and what else its writer knows."""
    with path.open(encoding='utf-8') as lines:
        for line in lines:
            yield json.loads(line)


def table(path: Path) -> Iterator[dict[str, str]]:
    """Rows of a CSV file, or of a TSV file, in which quotes mean nothing."""
    form = {'delimiter': '\t', 'quoting': csv.QUOTE_NONE} if path.suffix == '.tsv' else {}
    with path.open(encoding='utf-8', newline='') as lines:
        yield from csv.DictReader(lines, **form)


def alternatives(text: str) -> list[str]:
    return text.split('|') if text else []
