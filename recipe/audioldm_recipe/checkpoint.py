"""What a run needs to go on, and to end with: weights, optimizers, averages, the step."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import torch
from torch import nn
from torch.optim import Optimizer

from .average import Average


class Saved(Protocol):
    modules: dict[str, nn.Module]
    optimizers: dict[str, Optimizer]


def save(training: Saved, averages: dict[str, Average], folder: Path, step: int) -> None:
    """Written beside and renamed: a checkpoint is whole or is not there."""
    content = {
        'step': step,
        'modules': {name: module.state_dict() for name, module in training.modules.items()},
        'optimizers': {name: opt.state_dict() for name, opt in training.optimizers.items()},
        'averages': {name: average.weights for name, average in averages.items()},
    }
    part = folder / 'checkpoint.tmp'
    torch.save(content, part)
    part.replace(folder / 'checkpoint.pt')


def resume(training: Saved, averages: dict[str, Average], folder: Path) -> int:
    """Modules that a checkpoint lacks, such as discriminators of a later stage, stay new."""
    file = folder / 'checkpoint.pt'
    if not file.exists():
        return 0
    content = torch.load(file, map_location='cpu', weights_only=True)
    for name, state in content['modules'].items():
        training.modules[name].load_state_dict(state)
    for name, state in content['optimizers'].items():
        training.optimizers[name].load_state_dict(state)
    for name, average in averages.items():
        # An average that begins later begins with the weights of now.
        for weight, saved in zip(average.weights, content['averages'].get(name, average.live)):
            weight.copy_(saved)
    return content['step']


def averaged(module: nn.Module, name: str, folder: Path) -> nn.Module:
    """The module with the weights that training left in `folder`, averaged if they were."""
    content = torch.load(folder / 'checkpoint.pt', map_location='cpu', weights_only=True)
    module.load_state_dict(content['modules'][name])
    for parameter, weight in zip(module.parameters(), content['averages'].get(name, [])):
        parameter.data.copy_(weight)
    return module.eval()


class Named(Protocol):
    @property
    def name(self) -> str: ...


def newest(state: Path, stages: Sequence[Named]) -> Path:
    """The folder of the last stage that has begun."""
    folders = [state / stage.name for stage in stages]
    begun = [folder for folder in folders if (folder / 'checkpoint.pt').exists()]
    if not begun:
        raise FileNotFoundError(f'{folders[0]} has no checkpoint: train {stages[0].name} first')
    return begun[-1]
