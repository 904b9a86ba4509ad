"""How the learning rate goes."""

import math


def one_cycle(step: int, steps: int) -> float:
    """Of the learning rate: up within a tenth, then down to nothing along a cosine."""
    warm = max(steps // 10, 1)
    if step < warm:
        return (step + 1) / warm
    return 0.5 + 0.5 * math.cos(math.pi * (step - warm) / max(steps - warm, 1))
