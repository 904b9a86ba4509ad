"""How the learning rate goes."""

import math


def one_cycle(step: int, steps: int) -> float:
    """Of the learning rate: up within a tenth, then down to nothing along a cosine."""
    warm = max(steps // 10, 1)
    if step < warm:
        return (step + 1) / warm
    return 0.5 + 0.5 * math.cos(math.pi * (step - warm) / max(steps - warm, 1))


def falling(rates: tuple[float, float], step: int, steps: int, warmup: int = 200) -> float:
    """Rises at once, then falls from the first rate to the second along half a cosine."""
    first, last = rates
    rate = last + (first - last) * (1 + math.cos(math.pi * min(step / steps, 1))) / 2
    return rate * min(1, (step + 1) / warmup)
