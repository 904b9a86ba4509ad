"""Generated clips: `recipe/generate.mjs` makes those of a list."""

import json
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .setting import Setting

DRIVER = Path(__file__).parents[2] / 'generate.mjs'
SECONDS = 5


@dataclass(frozen=True)
class Wanted:
    """`file`: where it comes to lie in the folder of its list, `category` its class."""

    file: str
    category: str
    prompt: str
    seed: int


def generated(
    name: str, wanted: Iterable[Wanted], setting: Setting, model: Path | None = None
) -> Path:
    """The folder with the clips, made by `setting.model` or another; what is there stays."""
    folder = setting.out / 'clips' / name
    listed = folder.with_suffix('.json')
    listed.parent.mkdir(parents=True, exist_ok=True)
    entries = [
        {'file': one.file, 'class': one.category, 'prompt': one.prompt, 'seed': one.seed}
        for one in wanted
    ]
    listed.write_text(json.dumps(entries, indent=1) + '\n', encoding='utf-8')
    command = ['node', str(DRIVER), '--model', str(model or setting.model)]
    command += ['--list', str(listed), '--out', str(folder), '--seconds', str(SECONDS)]
    chosen = {
        'steps': setting.steps,
        'guidance': setting.guidance,
        'threads': setting.options.threads,
    }
    for option, value in chosen.items():
        if value is not None:
            command += [f'--{option}', str(value)]
    subprocess.run(command, check=True)
    return folder
