"""A line on stderr that says how far training is, and when it will be there."""

import sys
import time

from torch import Tensor


class Progress:
    """On a terminal the line is written over; in a file every line stays."""

    def __init__(self, name: str, start: int, steps: int) -> None:
        self.name, self.start, self.steps = name, start, steps
        self.began = time.monotonic()
        if start > 0:
            print(f'{name}: goes on at step {start} of {steps}', file=sys.stderr, flush=True)

    def show(self, done: int, metrics: dict[str, float] | dict[str, Tensor]) -> None:
        pace = (done - self.start) / max(time.monotonic() - self.began, 1e-9)
        numbers = ' '.join(f'{name} {float(value):.4g}' for name, value in metrics.items())
        line = (
            f'{self.name} {done}/{self.steps} {numbers} | {pace:.2f} steps/s, '
            f'{duration((self.steps - done) / pace)} left'
        )
        terminal = sys.stderr.isatty()
        end = '\n' if not terminal or done == self.steps else '\r'
        print(line + (' ' * 8 if terminal else ''), end=end, file=sys.stderr, flush=True)


def duration(seconds: float) -> str:
    """Two units at most: 3 h 5 min."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours > 0:
        return f'{hours} h {minutes} min'
    return f'{minutes} min {rest} s' if minutes > 0 else f'{rest} s'
