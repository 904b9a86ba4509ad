"""What can be said of clips, and of which clips it is true."""

from dataclasses import dataclass, field

import numpy as np

from .data import Clip
from .wordings import framed

TRUE, FALSE, UNKNOWN = 1, 0, -1
TITLE = 'title'
MEDIUM = 'medium'
"""The value of an attribute of which nothing is said."""
OTHER = 'other'
"""The category of what is said of no clip."""


@dataclass(frozen=True)
class Saying:
    """`clause` is None where the text is a whole caption already. Claims: attribute → value."""

    category: str
    text: str
    clause: bool | None = None
    claims: dict[str, str] = field(default_factory=dict)
    held_out: bool = False

    def caption(self, rng: np.random.Generator) -> str:
        return self.text if self.clause is None else framed(self.text, self.clause, rng)


@dataclass(frozen=True)
class Described:
    """A clip, what is known of it (attribute → value), and what is said of its class and of it."""

    clip: Clip
    facts: dict[str, str]
    shared: list[Saying]
    own: list[Saying]

    def say(self, rng: np.random.Generator) -> Saying:
        sayings = self.own if self.own and (not self.shared or rng.random() < 0.6) else self.shared
        return sayings[rng.integers(len(sayings))]

    def agrees(self, saying: Saying) -> int:
        """Whether it is true of this clip. What one title says may be true of others as well."""
        if saying.category != self.clip.category:
            return FALSE
        verdict = TRUE
        for attribute, value in saying.claims.items():
            known = self.facts.get(attribute)
            if known == value:
                continue
            if attribute != TITLE and known not in (None, MEDIUM):
                return FALSE
            verdict = UNKNOWN
        return verdict
