"""Averages of weights: what is evaluated and exported."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn


class Average:
    """An exponential moving average of a module's weights; young ones follow faster."""

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.live = [parameter.data for parameter in module.parameters()]
        self.weights = [weight.clone() for weight in self.live]
        self.decay = decay

    def update(self, step: int) -> None:
        decay = min(self.decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(self.weights, self.live, 1 - decay)

    def swap(self) -> None:
        for live, weight in zip(self.live, self.weights):
            held = live.clone()
            live.copy_(weight)
            weight.copy_(held)


@contextmanager
def in_place(averages: dict[str, Average]) -> Iterator[None]:
    """The averaged weights in the modules, and then their own again."""
    for average in averages.values():
        average.swap()
    try:
        yield
    finally:
        for average in averages.values():
            average.swap()
