"""Narrow backbones with random weights, as their training scripts would save them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3] / 'export'))
from audioldm_export.random_backbone import write_random_backbone  # noqa: E402

out = Path(sys.argv[1])
for kind in ('cnn14-16k', 'vggish'):
    write_random_backbone(out / f'{kind}.pth', kind, 'zip', 2, 7)
