import csv
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

# Small models gain nothing from threads, and lose much on a busy machine.
torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


@pytest.fixture(scope='session')
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set in the layout of ESC-50: sweeps of 1.5 s in folds 1 and 4, and a licence."""
    folder = tmp_path_factory.mktemp('sounds')
    (folder / 'audio').mkdir()
    (folder / 'meta').mkdir()
    rate, rows = 22050, []
    time = np.arange(int(1.5 * rate)) / rate
    for i in range(8):
        name = f'{1 if i < 6 else 4}-{i}-A-0.wav'
        wave = np.sin(2 * np.pi * (200 + 150 * i) * time * (1 + time)) * np.exp(-time) + 0.05
        soundfile.write(folder / 'audio' / name, 0.3 * wave, rate)
        rows.append({'filename': name, 'fold': name[0], 'target': 0, 'category': 'sweep'})
    with (folder / 'meta' / 'esc50.csv').open('w', newline='') as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    lines = [f'{rows[1]["filename"]}\tsweep\tsomeone\tCC-Sampling+', '2-x\t"odd\tsomeone\tCC0']
    text = '\n'.join(['file\ttitle\tauthor\tlicence', *lines])
    (folder / 'ATTRIBUTION.tsv').write_text(text + '\n')
    return folder
