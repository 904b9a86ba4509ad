"""What the model knows, for the warning about a prompt that is far from all of it.

A sound is known by a few embeddings that stand for those of its captions: one mean would lie where
no caption does. How near a text must be to one of them is chosen on wordings that no training had:
of the known sounds, and of sounds that the model does not know.
"""

import json

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F
from transformers import RobertaTokenizer

from .checkpoint import averaged
from .clap_towers import embed_texts, new_text_tower
from .data import load_clips
from .described import describe, other_sounds
from .options import Options
from .sayings import Saying

CAPTIONS, ROWS = 64, 8
"""Of each sound: so many captions are looked at, and so many rows stand for them."""
WRONGLY_WARNED = 0.02
"""So many of the prompts that the model knows may be warned about."""


@torch.no_grad()
def run(options: Options) -> dict[str, float]:
    tokenizer = RobertaTokenizer.from_pretrained(options.folder('tokenizer'))
    tower = averaged(new_text_tower(len(tokenizer)), 'text', options.folder('clap'))
    described = describe(load_clips(options), options)
    rng = np.random.default_rng(options.seed)

    def embed(sayings: list[Saying]) -> Tensor:
        rows = [embed_texts(tower, tokenizer, [saying.caption(rng)]) for saying in sayings]
        return torch.cat(rows)

    trained: dict[str, list[Saying]] = {}
    unseen: dict[str, list[Saying]] = {}
    for one in described:
        for saying in (*one.shared, *one.own):
            sayings = unseen if saying.held_out else trained
            sayings.setdefault(saying.category, []).append(saying)
    names = sorted(trained)
    rows = [representatives(embed(some(trained[name], rng)), ROWS) for name in names]
    known = similarity(
        embed([s for name in names for s in some(unseen.get(name, []), rng)]), torch.cat(rows)
    )
    others = [saying for saying in other_sounds(described) if saying.held_out]
    unknown = similarity(embed(others), torch.cat(rows))
    threshold = float(np.quantile(known, WRONGLY_WARNED))
    told = {
        'knownWarned': float((known < threshold).mean()),
        'unknownWarned': float((unknown < threshold).mean()),
    }
    content = {
        'threshold': round(threshold, 4),
        'chosenOn': {'known': len(known), 'unknown': len(unknown), **told},
        'sounds': [
            {'name': name.replace('_', ' '), 'rows': len(own)} for name, own in zip(names, rows)
        ],
    }
    metadata = {'format': 'audioldm-known-sounds-1', 'content': json.dumps(content)}
    file = options.folder('model') / 'known_sounds.safetensors'
    save_file({'embeddings': torch.cat(rows).half()}, file, metadata)
    print(f'threshold {threshold:.3f}: {told}')
    return told


def some(sayings: list[Saying], rng: np.random.Generator) -> list[Saying]:
    """Different ones, so many at most."""
    different = list({saying.text: saying for saying in sayings}.values())
    return [different[i] for i in rng.permutation(len(different))[:CAPTIONS]]


def representatives(texts: Tensor, count: int) -> Tensor:
    """Unit vectors [`count` at most, E] that stand for rows [N, E]: k-means on the sphere, begun
    with rows that are far from one another.
    """
    rows = F.normalize(texts, dim=1)
    centers = rows[:1]
    for _ in range(min(count, len(rows)) - 1):
        centers = torch.cat([centers, rows[similarity(rows, centers).argmin()].unsqueeze(0)])
    for _ in range(20):
        nearest = (rows @ centers.t()).argmax(1)
        means = [rows[nearest == i] for i in range(len(centers))]
        centers = torch.stack(
            [F.normalize(own.mean(0), dim=0) if len(own) else c for own, c in zip(means, centers)]
        )
    return centers


def similarity(texts: Tensor, rows: Tensor) -> np.ndarray:
    """Of each text to the nearest row."""
    return (texts @ rows.t()).amax(1).numpy()
