"""The UNet, trained by the library itself: `recipe/unet.mjs` does it."""

import subprocess
from pathlib import Path

from .options import Options

DRIVER = Path(__file__).parents[1] / 'unet.mjs'


def base(options: Options) -> None:
    train_list('base', options)


def default(options: Options) -> None:
    train_list('default', options)


def train_list(name: str, options: Options) -> None:
    command = ['node', str(DRIVER), '--state', str(options.state), '--list', name]
    command += ['--seed', str(options.seed)]
    for option in ('steps', 'threads'):
        value = getattr(options, option)
        if value is not None:
            command += [f'--{option}', str(value)]
    if options.final:
        command.append('--final')
    subprocess.run(command, check=True)
