"""Clips of both data sets with what is said of them, and texts that are said of none."""

import re
from collections.abc import Iterable
from pathlib import Path

from .captions import Wording, class_wordings, listed_captions, title_wordings, titles_of
from .claims import claimed, claims_of
from .crops import REAL
from .data import Clip
from .options import Options
from .sayings import OTHER, TITLE, Described, Saying
from .wordings import held_out

OTHER_SOUNDS = Path(__file__).with_name('other_sounds.txt')


def describe(clips: Iterable[Clip], options: Options) -> list[Described]:
    """Held-out sayings are among theirs: `without_held_out` is what to train on."""
    found: list[Described] = []
    clips = list(clips)
    if options.esc10 is not None:
        real = [clip for clip in clips if clip.source == REAL]
        found += describe_esc10(real, titles_of(options.esc10))
    if options.synth is not None:
        made = [clip for clip in clips if clip.source != REAL]
        found += describe_synth(made, options.synth)
    return found


def without_held_out(one: Described) -> Described:
    shared = [saying for saying in one.shared if not saying.held_out]
    own = [saying for saying in one.own if not saying.held_out]
    return Described(one.clip, one.facts, shared, own)


def describe_esc10(clips: list[Clip], titles: dict[str, str]) -> list[Described]:
    shared = {
        category: [to_saying(category, wording, {}) for wording in wordings]
        for category, wordings in class_wordings().items()
    }
    found = []
    for clip in clips:
        facts = {TITLE: titles[clip.file]}
        own = [to_saying(clip.category, w, facts) for w in title_wordings().get(facts[TITLE], [])]
        found.append(Described(clip, facts, shared[clip.category], own))
    return found


def to_saying(category: str, wording: Wording, claims: dict[str, str]) -> Saying:
    text, clause = wording.text, wording.clause
    return Saying(category, text, clause, claims, held_out(text))


def describe_synth(clips: list[Clip], folder: Path) -> list[Described]:
    """From the two lists of a synthesised data set, of which the second is never trained on."""
    lists = [
        {line['file']: line for line in listed_captions(folder / name)}
        for name in ('captions.jsonl', 'held-out.jsonl')
    ]
    claims = {
        category: claims_of(
            (caption, lists[0][f'audio/{clip.file}']['attributes'])
            for clip in own
            for caption in lists[0][f'audio/{clip.file}']['captions']
        )
        for category, own in by_category(clips).items()
    }
    found = []
    for clip in clips:
        category = clip.category
        lines = [list.get(f'audio/{clip.file}') for list in lists]
        sayings = [
            Saying(category, caption, None, claimed(caption, claims[category]), i == 1)
            for i, line in enumerate(lines)
            for caption in (line['captions'] if line else [])
        ]
        facts = lines[0]['attributes'] if lines[0] else {}
        found.append(Described(clip, facts, [], sayings))
    return found


def by_category(clips: list[Clip]) -> dict[str, list[Clip]]:
    found: dict[str, list[Clip]] = {}
    for clip in clips:
        found.setdefault(clip.category, []).append(clip)
    return found


def other_sounds(described: list[Described]) -> list[Saying]:
    """Of the listed texts those without a word of the name of a class."""
    categories = {one.clip.category for one in described}
    names = {stem for category in categories for stem in stems(category.replace('_', ' '))}
    lines = OTHER_SOUNDS.read_text(encoding='utf-8').splitlines()
    return [
        Saying(OTHER, line, held_out=held_out(line))
        for line in lines
        if names.isdisjoint(stems(line))
    ]


def stems(text: str) -> set[str]:
    """Words without their commonest endings: barks, barking, bark. Short words say nothing."""
    words = re.findall(r'[a-z]{3,}', text.lower())
    return {re.sub(r'(?<=...)(ing|es|s|ed)$', '', word) for word in words}
