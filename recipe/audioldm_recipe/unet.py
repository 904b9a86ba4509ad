"""The UNet, trained by the library itself: `recipe/unet.mjs` does it."""

import subprocess
from collections.abc import Callable
from pathlib import Path

from .options import Options

DRIVER = Path(__file__).parents[1] / 'unet.mjs'


BASE_STAGES = ('base', 'base-finish')
STAGES = (*BASE_STAGES, 'default', 'default-finish')


def stage(name: str) -> Callable[[Options], None]:
    return lambda options: train_stage(name, options)


def train_stage(name: str, options: Options) -> None:
    command = ['node', str(DRIVER), '--state', str(options.state), '--stage', name]
    command += ['--seed', str(options.seed)]
    for option in ('steps', 'threads'):
        value = getattr(options, option)
        if value is not None:
            command += [f'--{option}', str(value)]
    if options.final:
        command.append('--final')
    subprocess.run(command, check=True)
