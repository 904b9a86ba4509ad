"""What a training writes down as it goes."""

import json
import time
from pathlib import Path


class Log:
    """A JSON object a line. Lines behind the checkpoint that training goes on from are cut off."""

    def __init__(self, path: Path, start: int) -> None:
        lines = path.read_text().splitlines() if path.exists() else []
        # The end of a line may be missing where the machine stopped.
        kept = [line for line in lines if line.endswith('}') and json.loads(line)['step'] <= start]
        self.path = path
        part = path.with_suffix('.tmp')
        part.write_text(''.join(f'{line}\n' for line in kept))
        part.replace(path)

    def write(self, line: dict[str, object]) -> None:
        with self.path.open('a') as out:
            out.write(json.dumps({**line, 'time': round(time.time())}) + '\n')

    def last_evaluation(self) -> dict[str, float]:
        lines = [json.loads(line) for line in self.path.read_text().splitlines()]
        return next((line['evaluation'] for line in reversed(lines) if 'evaluation' in line), {})
