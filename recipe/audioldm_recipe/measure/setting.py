"""What is measured, and how much of it."""

from dataclasses import dataclass
from pathlib import Path

from ..options import Options


@dataclass(frozen=True)
class Setting:
    """`options` say where state and data lie. Results and generated clips come into `out`."""

    options: Options
    model: Path
    out: Path
    base: Path | None = None
    per_class: int = 20
    seeds: int = 50
    steps: int | None = None
    guidance: float | None = None

    def sources(self) -> list[str]:
        given = {'esc10': self.options.esc10, 'synth': self.options.synth}
        found = [source for source, folder in given.items() if folder is not None]
        if not found:
            raise ValueError('there are no clips: give --esc10, --synth or both')
        return found
