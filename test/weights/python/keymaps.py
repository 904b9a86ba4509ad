"""The key tables of test/fixtures/keymaps."""

import gzip
import json
import pathlib
from typing import NamedTuple

FOLDER = pathlib.Path(__file__).parents[2] / 'fixtures' / 'keymaps'


class Row(NamedTuple):
    original: str
    hub: str
    shape: list[int]
    ema: str


def read(name: str) -> list[Row]:
    lines = gzip.decompress((FOLDER / f'{name}.tsv.gz').read_bytes()).decode().splitlines()
    fields = [line.split('\t') for line in lines[1:]]
    return [Row(f[0], f[1], json.loads(f[2]), f[3] if len(f) > 3 else '') for f in fields]
