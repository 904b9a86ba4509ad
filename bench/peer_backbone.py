"""The peer of bench/score.mjs --backbones: one network in plain PyTorch, float32, clip by clip.

    python bench/peer_backbone.py KIND WEIGHTS GENERATED REFERENCE THREADS

Prints one line of JSON. Clips are read as peer_score.py reads them, at the network's rate; CLAP is
transformers' ClapModel with its feature extractor.
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import peer_score
import torch
from peer_score import frechet, peak_mib, waves
from reference_cnn14 import load_cnn14
from reference_laion_clap import audio_rows, load_laion_clap
from reference_passt import load_passt
from reference_wavegram import load_wavegram
from torch import Tensor

Embed = Callable[[Tensor], Tensor]


def network(kind: str, weights: Path) -> tuple[int, Embed]:
    """The rate of its waveforms, and what makes a row of a batch of one."""
    if kind == 'clap':
        model = load_laion_clap(weights)
        return 48000, lambda wave: audio_rows(model, [wave[0].numpy()])
    if kind == 'passt':
        passt = load_passt(weights)
        return 32000, lambda wave: passt(wave)[0]
    rate = 16000 if kind == 'cnn14-16k' else 32000
    panns = load_wavegram(weights) if kind == 'wavegram-logmel' else load_cnn14(weights, rate)
    return rate, lambda wave: panns(wave)[0]


def cpu_seconds() -> float:
    """Of this process and of the loaders that have ended."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


@torch.inference_mode()
def main() -> None:
    kind, weights, *folders = sys.argv[1:5]
    torch.set_num_threads(int(sys.argv[5]))
    peer_score.RATE, embed = network(kind, Path(weights))
    loaded, loaded_cpu = time.perf_counter(), cpu_seconds()
    sides = [torch.cat([embed(wave) for wave in waves(Path(folder))]) for folder in folders]
    featured, featured_cpu = time.perf_counter(), cpu_seconds()
    clips = sum(len(side) for side in sides)
    result = {
        'clips': clips,
        'metrics': {'fd': frechet(*(side.numpy() for side in sides))},
        'featuresMs': (featured - loaded) * 1e3,
        'clipCpuMs': (featured_cpu - loaded_cpu) / clips * 1e3,
        'peakMiB': peak_mib(),
    }
    print(json.dumps(result))


if __name__ == '__main__':
    main()
