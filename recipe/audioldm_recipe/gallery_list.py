"""The list of the gallery: of every class one wording that was never trained on, and a seed.

python -m audioldm_recipe.gallery_list --state state --esc10 ESC-10 --synth synth > gallery.json
"""

import argparse
import json
from pathlib import Path

from .measure.prompts import unseen_prompts
from .options import Options


def gallery(options: Options) -> list[dict[str, str | int]]:
    """The first prompt of each class; of a class that both data sets have, that of recordings."""
    entries = {}
    for source in ('synth', 'esc10'):
        for one in unseen_prompts(source, options, 1):
            entries[one.category] = {
                'category': one.category,
                'prompt': one.prompt,
                'seed': one.seed,
            }
    return [entries[category] for category in sorted(entries)]


def main() -> None:
    parser = argparse.ArgumentParser(prog='audioldm_recipe.gallery_list', description=__doc__)
    for name in ('state', 'esc10', 'synth'):
        parser.add_argument(f'--{name}', type=Path, required=True, metavar='DIR')
    parser.add_argument('--seed', type=int, default=0)
    given = vars(parser.parse_args())
    print(json.dumps(gallery(Options(**given)), indent=1))


if __name__ == '__main__':
    main()
