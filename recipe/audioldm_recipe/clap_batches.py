"""Batches of clips and what is said of them, with others of which the same could nearly be said."""

from dataclasses import dataclass

import numpy as np

from .crops import REAL
from .data import Clip
from .sayings import MEDIUM, Described, Saying


@dataclass(frozen=True)
class Batch:
    """`relation[i, j]`: whether saying j is true of clip i (TRUE, FALSE, UNKNOWN).

    The first sayings are of the clips, in their order; the others are true of none.
    """

    clips: list[Clip]
    sayings: list[Saying]
    relation: np.ndarray


class Pairs:
    """Clips in twos of a class, which are told apart by one attribute where there are such two."""

    def __init__(self, described: list[Described], others: list[Saying]) -> None:
        categories: dict[tuple[str, str], list[Described]] = {}
        for one in described:
            categories.setdefault((one.clip.source, one.clip.category), []).append(one)
        # Of real classes there are few clips and many ways to sound: twice as often.
        real = [clips for (source, _), clips in categories.items() if source == REAL]
        self.categories = [*categories.values(), *real]
        self.others = others

    def draw(self, rng: np.random.Generator, pairs: int, others: int) -> Batch:
        chosen: list[Described] = []
        for turn in rng.permutation(max(pairs, len(self.categories)))[:pairs]:
            category = self.categories[turn % len(self.categories)]
            one = category[rng.integers(len(category))]
            chosen += [one, nearest_other(one, category, rng)]
        sayings = [one.say(rng) for one in chosen]
        sayings += [self.others[i] for i in rng.integers(len(self.others), size=others)]
        relation = np.array([[one.agrees(saying) for saying in sayings] for one in chosen])
        return Batch([one.clip for one in chosen], sayings, relation)


def nearest_other(one: Described, category: list[Described], rng: np.random.Generator) -> Described:
    """Of a few clips the one that differs in the fewest attributes, but in one at least."""
    others = [category[i] for i in rng.integers(len(category), size=16)]
    return min(others, key=lambda other: differences(one.facts, other.facts) or len(one.facts) * 2)


def differences(facts: dict[str, str], others: dict[str, str]) -> float:
    """Of an attribute that is medium nothing can be said, which makes it no good to tell by."""
    pairs = [(value, others.get(name)) for name, value in facts.items()]
    return sum(1.5 if MEDIUM in pair else 1 for pair in pairs if pair[0] != pair[1])
