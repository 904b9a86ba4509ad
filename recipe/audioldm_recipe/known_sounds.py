"""What the model knows, for the warning about a prompt that is far from all of it.

A sound is known by the mean embedding of its captions. How near a text must be to one of them is
chosen on wordings that no training had: of the known sounds, and of sounds that the model does not
know.
"""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import RobertaTokenizer

from audioldm_export.random_model import write_json

from .checkpoint import averaged
from .clap_towers import embed_texts, new_text_tower
from .data import load_clips
from .described import describe, other_sounds
from .options import Options
from .sayings import Saying

PER_SOUND = 64
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
    centers = torch.stack([embed(some(trained[name], rng)).mean(0) for name in names])
    known = similarity(
        embed([s for name in names for s in some(unseen.get(name, []), rng)]), centers
    )
    others = [saying for saying in other_sounds(described) if saying.held_out]
    unknown = similarity(embed(others), centers)
    threshold = float(np.quantile(known, WRONGLY_WARNED))
    told = {
        'knownWarned': float((known < threshold).mean()),
        'unknownWarned': float((unknown < threshold).mean()),
    }
    content = {
        'threshold': round(threshold, 4),
        'chosenOn': {'known': len(known), 'unknown': len(unknown), **told},
        'sounds': [
            {'name': name.replace('_', ' '), 'embedding': [round(x, 5) for x in center.tolist()]}
            for name, center in zip(names, centers)
        ],
    }
    write_json(options.folder('model') / 'known_sounds.json', content)
    print(f'threshold {threshold:.3f}: {told}')
    return told


def some(sayings: list[Saying], rng: np.random.Generator) -> list[Saying]:
    """Different ones, so many at most."""
    different = list({saying.text: saying for saying in sayings}.values())
    return [different[i] for i in rng.permutation(len(different))[:PER_SOUND]]


def similarity(texts: Tensor, centers: Tensor) -> np.ndarray:
    """Of each text to the nearest sound."""
    return (texts @ F.normalize(centers, dim=1).t()).amax(1).numpy()
