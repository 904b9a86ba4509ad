"""Whether texts find sounds and sounds find texts, of clips and wordings that no training had."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from .data import Clip
from .loop import Metrics
from .sayings import FALSE, TRUE, Described, Saying

PER_CATEGORY = 16


class Retrieval:
    """`described`: unseen clips with all that is said of them; only what is held out is used."""

    def __init__(self, described: list[Described], others: list[Saying], seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.described = described
        self.clips = [one.clip for one in described]
        self.sayings: list[Saying] = []
        self.captions: list[str] = []
        for category in sorted({clip.category for clip in self.clips}):
            found = {
                saying.text: saying
                for one in described
                if one.clip.category == category
                for saying in (*one.shared, *one.own)
                if saying.held_out
            }
            for text in rng.permutation(sorted(found))[:PER_CATEGORY]:
                self.sayings.append(found[text])
                self.captions.append(found[text].caption(rng))
        self.others = [saying.text for saying in others if saying.held_out]

    def metrics(
        self,
        embed_texts: Callable[[list[str]], Tensor],
        embed_clips: Callable[[list[Clip]], Tensor],
    ) -> Metrics:
        texts, sounds = embed_texts(self.captions), embed_clips(self.clips)
        similarity = (texts @ sounds.t()).cpu().numpy()
        found: Metrics = {}
        for source in dict.fromkeys(clip.source for clip in self.clips):
            found |= {
                f'{name} of {source}': value
                for name, value in self.of_source(source, similarity).items()
            }
        return found | self.attributes(similarity) | self.unknown(texts, embed_texts(self.others))

    def of_source(self, source: str, similarity: np.ndarray) -> Metrics:
        """Texts among all clips, and clips among all classes, each by its mean similarity."""
        kinds = np.array([clip.category for clip in self.clips])
        of_source = np.array([clip.source == source for clip in self.clips])
        said = np.array([saying.category for saying in self.sayings])
        rows = np.isin(said, kinds[of_source])
        first = kinds[similarity.argmax(1)] == said
        names = np.unique(said)
        means = np.stack([similarity[said == name].mean(0) for name in names])
        named = names[means.argmax(0)] == kinds
        return {
            'text to sound': float(first[rows].mean()),
            'sound to text': float(named[of_source].mean()),
        }

    def attributes(self, similarity: np.ndarray) -> Metrics:
        """How often a saying is nearer to a clip of which it is true than to one of its class of
        which it is not.
        """
        wins: list[bool] = []
        for saying, row in zip(self.sayings, similarity):
            verdicts = np.array([one.agrees(saying) for one in self.described])
            same = np.array([clip.category == saying.category for clip in self.clips])
            true, false = row[verdicts == TRUE], row[(verdicts == FALSE) & same]
            wins += list((true[:, None] > false[None, :]).ravel())
        return {'attributes': float(np.mean(wins))} if wins else {}

    def unknown(self, texts: Tensor, others: Tensor) -> Metrics:
        """How often a known text is nearer to the nearest other known one than an unknown text."""
        if len(others) == 0:
            return {}
        said = np.array([saying.category for saying in self.sayings])
        centers = torch.stack([texts[torch.from_numpy(said == n)].mean(0) for n in np.unique(said)])
        known, unknown = ((t @ centers.t()).amax(1) for t in (texts, others))
        return {'unknown told': (known[:, None] > unknown[None, :]).float().mean().item()}
