"""What captions of synthesised clips say of attributes.

The lists tell the attributes of a clip and not which of them a caption speaks of. A word speaks of
one if it stands only in captions of clips at one end of it, of so many that chance is ruled out.
"""

import re
from collections.abc import Iterable

from .sayings import MEDIUM

CLIPS = 10
"""0.4 to the power of this is the chance that a word of nothing seems to speak of an end."""

Claims = dict[str, tuple[str, str]]
"""Word → attribute and value."""


def claims_of(captions: Iterable[tuple[str, dict[str, str]]]) -> Claims:
    """From captions of one class and the attributes of their clips."""
    seen: dict[str, list[dict[str, str]]] = {}
    for caption, attributes in captions:
        for word in words_of(caption):
            seen.setdefault(word, []).append(attributes)
    return {
        word: (name, value)
        for word, clips in seen.items()
        # The captions of a clip share one object: it counts once.
        if len({id(attributes) for attributes in clips}) >= CLIPS
        for name, value in clips[0].items()
        if value != MEDIUM and all(attributes.get(name) == value for attributes in clips)
    }


def claimed(caption: str, claims: Claims) -> dict[str, str]:
    return dict(claims[word] for word in words_of(caption) if word in claims)


def words_of(caption: str) -> set[str]:
    return set(re.findall(r"[\w'-]+", caption.lower()))
