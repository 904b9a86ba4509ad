"""Command line: `python -m audioldm_export archives|graphs|random-model|random-backbone`."""

import argparse
from pathlib import Path

from .archives import write_archives
from .graphs import read_structures, write_graphs
from .random_backbone import FORMATS, KINDS, write_random_backbone
from .random_model import SIZES, write_random_model


def main() -> None:
    parser = argparse.ArgumentParser(prog='audioldm_export', description=__doc__)
    commands = parser.add_subparsers(dest='command', required=True)
    archives = commands.add_parser('archives', help='write the weightless TorchScript archives')
    archives.add_argument('--out', type=Path, required=True, metavar='DIR')
    graphs = commands.add_parser('graphs', help='write the graphs of given structures')
    graphs.add_argument('--structures', type=Path, required=True, metavar='FILE')
    graphs.add_argument('--out', type=Path, required=True, metavar='DIR', help='with the archives')
    random_model = commands.add_parser('random-model', help='write a model with random weights')
    random_model.add_argument('--out', type=Path, required=True, metavar='DIR')
    random_model.add_argument('--size', choices=list(SIZES), default='tiny')
    random_model.add_argument('--seed', type=int, default=0)
    backbone = commands.add_parser(
        'random-backbone', help='write an embedding network with random weights'
    )
    backbone.add_argument('--out', type=Path, required=True, metavar='FILE')
    backbone.add_argument('--kind', choices=KINDS, required=True)
    backbone.add_argument('--format', choices=FORMATS, default='zip')
    backbone.add_argument(
        '--width', type=int, default=64, help='channels of the first block (published: 64)'
    )
    backbone.add_argument('--seed', type=int, default=0)
    options = parser.parse_args()
    if options.command == 'archives':
        for path in write_archives(options.out):
            print(f'{path} ({path.stat().st_size / 1024:.0f} KB)')
    elif options.command == 'graphs':
        for path in write_graphs(read_structures(options.structures), options.out):
            print(f'{path} ({path.stat().st_size / 1024:.0f} KB)')
    elif options.command == 'random-model':
        write_random_model(options.out, options.size, options.seed)
        print(options.out)
    else:
        write_random_backbone(
            options.out, options.kind, options.format, options.width, options.seed
        )
        print(options.out)


if __name__ == '__main__':
    main()
