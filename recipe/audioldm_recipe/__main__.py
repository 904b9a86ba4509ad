"""Command line: `python -m audioldm_recipe all`, or a part by itself.

Everything that is made lies in the folder given by --state. A command that was stopped goes on
where it was when it is given again.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

from . import (
    card,
    clap,
    clap_export,
    classifiers,
    export,
    judge,
    known_sounds,
    rebuilt,
    tokenizer,
    unet,
    unet_clips,
    vae,
    vocoder,
    vocoder_finish,
)
from .data import load_clips
from .device import set_threads
from .options import Options


def decode(options: Options) -> None:
    clips = load_clips(options)
    seconds = sum(len(clip.samples) for clip in clips) / 16000
    print(f'{len(clips)} clips, {seconds / 60:.0f} minutes, in {options.folder("data")}')


Part = Callable[[Options], object]

# In the order in which they need one another.
PARTS: dict[str, tuple[Part, str]] = {
    'data': (decode, 'decode the clips once'),
    'judge': (judge.run, 'says which class a clip is of; ships with nothing'),
    'tokenizer': (tokenizer.run, 'byte-level BPE of captions'),
    'clap': (clap.run, 'towers of texts and sounds'),
    'cnn14': (classifiers.run_cnn14, 'the network of FD, IS and KL'),
    'vggish': (classifiers.run_vggish, 'the network of FAD'),
    'vocoder': (vocoder.run, 'HiFi-GAN: from log-mel to waveform'),
    'vocoder-sharpen': (vocoder.sharpen, 'HiFi-GAN with discriminators'),
    'vae': (vae.run, 'autoencoder of log-mels'),
    'vae-sharpen': (vae.sharpen, 'autoencoder with a discriminator'),
    'vocoder-finish': (vocoder_finish.run, 'HiFi-GAN on what the autoencoder makes'),
    'vocoder-longer': (vocoder_finish.longer, 'HiFi-GAN on the same, spectra alone'),
    'rebuilt': (rebuilt.run, 'what judges make of clips after vocoder and autoencoder'),
    'towers': (clap_export.run, 'both towers and the tokenizer in the hub folder'),
    'known-sounds': (known_sounds.run, 'what prompts the model knows'),
    'model': (export.run, 'what is trained as a hub folder: the UNet begins with it'),
    'unet-clips': (unet_clips.run, 'clips and captions for the UNet'),
    'unet-base': (unet.stage('base'), 'UNet on synthesised sounds alone'),
    'unet-base-finish': (unet.stage('base-finish'), 'UNet that goes on with clips of 5 s'),
    'unet-default': (unet.stage('default'), 'UNet that goes on from base with real ones too'),
    'unet-default-finish': (unet.stage('default-finish'), 'UNet that goes on with clips of 5 s'),
    'card': (card.run, 'what the model is, and whose recordings it heard'),
    'export': (export.run, 'the hub folder with the trained UNet'),
}

WITHOUT_STEPS = {
    'all',
    'data',
    'tokenizer',
    'rebuilt',
    'towers',
    'known-sounds',
    'model',
    'unet-clips',
    'card',
    'export',
}


def main() -> None:
    parser = argparse.ArgumentParser(prog='audioldm_recipe', description=__doc__)
    commands = parser.add_subparsers(dest='part', required=True)
    for name, text in {'all': 'every part', **{n: text for n, (_, text) in PARTS.items()}}.items():
        command = commands.add_parser(name, help=text)
        command.add_argument('--state', type=Path, required=True, metavar='DIR')
        command.add_argument(
            '--esc10', type=Path, metavar='DIR', help='ESC-10, as ESC-50 is laid out'
        )
        command.add_argument('--synth', type=Path, metavar='DIR', help='made by `dataset make`')
        command.add_argument('--final', action='store_true', help='train on the judged fold too')
        command.add_argument('--seed', type=int, default=0)
        command.add_argument('--threads', type=int, help='of the CPU (default: all)')
        if name not in WITHOUT_STEPS:
            command.add_argument('--steps', type=int, help='in all (default: what the part needs)')
    given = vars(parser.parse_args())
    part = given.pop('part')
    options = Options(**given)
    set_threads(options.threads)
    for name, (run, _) in PARTS.items():
        if part in ('all', name):
            run(options)


if __name__ == '__main__':
    main()
