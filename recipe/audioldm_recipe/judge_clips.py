"""What the judge makes of a folder of clips, such as generated ones:

python -m audioldm_recipe.judge_clips DIR --state DIR --judge esc10 --out docs/confusion

DIR has a folder for every class, or is laid out as ESC-50.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

from .captions import table
from .confusion import Confusion
from .data import read_wave
from .device import set_threads
from .judge import Judge


def labelled_files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Class and file of every clip, in the order of their names."""
    listed = folder / 'meta' / 'esc50.csv'
    if listed.exists():
        for row in table(listed):
            yield row['category'], folder / 'audio' / row['filename']
        return
    for path in sorted(folder.glob('*/*')):
        if path.is_file():
            yield path.parent.name, path


def judge_folder(judge: Judge, folder: Path) -> Confusion:
    """Classes that the judge does not know are an error: what was meant is not there."""
    confusion = Confusion(judge.labels.names)
    for category, path in labelled_files(folder):
        if category not in judge.labels.names:
            raise ValueError(f'{path}: there is no class {category!r}: {judge.labels.names}')
        confusion.add(category, judge.probabilities(read_wave(path)))
    if confusion.count() == 0:
        raise ValueError(f'{folder}: has neither meta/esc50.csv nor a folder for each class')
    return confusion


def main() -> None:
    parser = argparse.ArgumentParser(prog='audioldm_recipe.judge_clips', description=__doc__)
    parser.add_argument('folder', type=Path)
    parser.add_argument('--state', type=Path, required=True, metavar='DIR')
    parser.add_argument('--judge', choices=('esc10', 'synth'), required=True)
    parser.add_argument('--out', type=Path, metavar='PATH', help='of PATH.json and PATH.svg')
    parser.add_argument('--title', default='', help='of the picture')
    parser.add_argument('--threads', type=int)
    given = parser.parse_args()
    set_threads(given.threads)
    judge = Judge(given.state / 'judge' / given.judge)
    confusion = judge_folder(judge, given.folder)
    for name, share in confusion.of_classes().items():
        print(f'{share:6.1%}  {name}')
    print(f'{confusion.accuracy():6.1%}  of {confusion.count()} clips')
    if given.out is not None:
        confusion.write(given.out, given.title or given.folder.name)


if __name__ == '__main__':
    main()
