"""What the command line decides, for every part."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Options:
    """`state` holds everything that is made: decoded data, checkpoints, logs, curves."""

    state: Path
    esc10: Path | None
    synth: Path | None
    final: bool = False
    seed: int = 0
    threads: int | None = None
    steps: int | None = None

    def folder(self, part: str) -> Path:
        folder = self.state / part
        folder.mkdir(parents=True, exist_ok=True)
        return folder
