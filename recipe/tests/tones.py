"""Clips of two classes that anything can tell apart: low and high tones."""

import numpy as np

from audioldm_recipe.data import RATE, Clip


def low_and_high(count: int = 24) -> list[Clip]:
    """The first two thirds in fold 1, the others in fold 4."""
    rng = np.random.default_rng(0)
    clips = []
    for i in range(count):
        category, hertz = ('low', 200) if i % 2 == 0 else ('high', 3000)
        wave = np.sin(2 * np.pi * hertz * rng.uniform(0.8, 1.25) * np.arange(2 * RATE) / RATE)
        samples = (wave * 30000).astype(np.int16)
        clips.append(Clip('esc10', f'{i}.wav', 1 if i < count * 2 // 3 else 4, category, samples))
    return clips
