"""One training loop for every part: seeded, resumable after `kill -9`, with a log and curves.

Whatever is random in a step comes from a generator that the seed, the part and the step decide, so
a run that was killed goes on from its newest checkpoint as if it had never stopped.
"""

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from .average import Average, in_place
from .checkpoint import resume, save
from .curves import write_curves
from .learning_rate import falling
from .log import Log
from .progress import Progress

Metrics = dict[str, float]


class Training(Protocol):
    """A part in training. Modules and optimizers are what a checkpoint holds."""

    name: str
    modules: dict[str, nn.Module]
    optimizers: dict[str, Optimizer]

    def step(self, step: int, rng: np.random.Generator) -> dict[str, Tensor]:
        """One optimizer step, the first being 0. Returns what the log shows, as scalars.

        `rng` and torch's own generator are seeded for this step.
        """
        ...

    def evaluate(self) -> Metrics:
        """On clips that are not trained on, with the averaged weights in place."""
        ...


@dataclass(frozen=True)
class Schedule:
    """Steps in all, and how many lie between two logs, checkpoints and evaluations."""

    steps: int
    log_every: int = 50
    checkpoint_every: int = 250
    evaluate_every: int = 1000
    average: dict[str, float] = field(default_factory=dict)
    """Modules whose weights are averaged, and the decay: what is evaluated and exported."""

    def within(self, steps: int | None) -> 'Schedule':
        """The same with another number of steps, if one is given."""
        return self if steps is None else replace(self, steps=steps)


@dataclass(frozen=True)
class Stage:
    """One training of a part. `after`: the stage whose weights it begins with."""

    name: str
    schedule: Schedule
    rates: tuple[float, float]
    """First and last learning rate."""
    after: str | None = None

    def within(self, steps: int | None) -> 'Stage':
        return replace(self, schedule=self.schedule.within(steps))

    def rate(self, step: int) -> float:
        return falling(self.rates, step, self.schedule.steps)


def random_of(seed: int, part: str, step: int) -> np.random.Generator:
    """The generator of a step; torch's own is seeded from it."""
    name = int.from_bytes(hashlib.sha256(part.encode()).digest()[:4], 'little')
    rng = np.random.default_rng([seed, name, step])
    torch.manual_seed(int(rng.integers(2**63)))
    return rng


def train(training: Training, schedule: Schedule, folder: Path, seed: int) -> Metrics:
    """Trains up to `schedule.steps`, from the newest checkpoint in `folder` if there is one.

    Leaves `checkpoint.pt`, `log.jsonl` and `curves.svg`. Returns the last evaluation.
    """
    averages = {name: Average(training.modules[name], d) for name, d in schedule.average.items()}
    start = resume(training, averages, folder)
    log = Log(folder / 'log.jsonl', start)
    progress = Progress(training.name, start, schedule.steps)
    sums: dict[str, Tensor] = {}
    for step in range(start, schedule.steps):
        results = training.step(step, random_of(seed, training.name, step))
        for average in averages.values():
            average.update(step)
        for name, value in results.items():
            sums[name] = sums.get(name, 0) + value.detach()
        done = step + 1
        last = done == schedule.steps
        if done % schedule.log_every == 0 or last:
            counted = done - max(start, (done - 1) // schedule.log_every * schedule.log_every)
            line = {name: float(value) / counted for name, value in sums.items()}
            sums = {}
            if not all(np.isfinite(value) for value in line.values()):
                raise FloatingPointError(f'{training.name}, step {done}: {line}')
            log.write({'step': done, **line})
            progress.show(done, line)
        if done % schedule.evaluate_every == 0 or last:
            line = evaluate(training, averages)
            log.write({'step': done, 'evaluation': line})
            progress.show(done, line)
            write_curves(folder / 'log.jsonl', folder / 'curves.svg', training.name)
        if done % schedule.checkpoint_every == 0 or last:
            save(training, averages, folder, done)
    return log.last_evaluation()


def evaluate(training: Training, averages: dict[str, 'Average']) -> Metrics:
    for module in training.modules.values():
        module.eval()
    with torch.no_grad(), in_place(averages):
        metrics = training.evaluate()
    for module in training.modules.values():
        module.train()
    return metrics


def update(
    module: nn.Module, optimizer: Optimizer, loss: Tensor, rate: float, most: float
) -> Tensor:
    """One step of an optimizer, with the gradient scaled down to a norm of `most`. Returns it."""
    for group in optimizer.param_groups:
        group['lr'] = rate
    optimizer.zero_grad()
    loss.backward()
    norm = nn.utils.clip_grad_norm_(module.parameters(), most)
    optimizer.step()
    return norm
