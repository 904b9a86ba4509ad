"""What the judges make of clips that no training heard, after what the model does to every sound:
log-mel → vocoder, and log-mel → autoencoder → vocoder.
"""

from collections.abc import Callable

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor
from transformers import SpeechT5HifiGan

from .confusion import Confusion
from .data import Clip, judged, load_clips
from .judge import Judge
from .options import Options
from .spectra import HOP, log_mel_of_clips
from .vae import load_vae
from .vocoder import load_vocoder

FRAMES = 4
"""The autoencoder wants a multiple of so many."""


@torch.no_grad()
def through_vocoder(wave: np.ndarray, vocoder: SpeechT5HifiGan) -> np.ndarray:
    return vocoder(log_mel_of_clips(fitted(wave)))[0].numpy()


@torch.no_grad()
def through_autoencoder(
    wave: np.ndarray, vae: AutoencoderKL, vocoder: SpeechT5HifiGan
) -> np.ndarray:
    """With the mean of the latents, as sound that the UNet goes on from has it."""
    latents = vae.encode(log_mel_of_clips(fitted(wave)).unsqueeze(1)).latent_dist.mode()
    return vocoder(vae.decode(latents).sample.squeeze(1))[0].numpy()


def fitted(wave: np.ndarray) -> Tensor:
    """[1, n], n whole frames that the autoencoder can halve twice."""
    block = HOP * FRAMES
    return torch.from_numpy(wave[: max(len(wave) // block, 1) * block]).unsqueeze(0)


def run(options: Options) -> dict[str, dict[str, float]]:
    """Accuracy by data set and by what was done, each with its confusion matrix in `rebuilt/`."""
    vae, vocoder = load_vae(options), load_vocoder(options)
    ways: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        'recordings': lambda wave: wave,
        'vocoder': lambda wave: through_vocoder(wave, vocoder),
        'autoencoder': lambda wave: through_autoencoder(wave, vae, vocoder),
    }
    clips = judged(load_clips(options))
    results: dict[str, dict[str, float]] = {}
    for source in dict.fromkeys(clip.source for clip in clips):
        judge = Judge(options.state / 'judge' / source)
        unseen = [clip for clip in clips if clip.source == source]
        results[source] = {}
        for name, way in ways.items():
            confusion = judged_after(way, unseen, judge)
            confusion.write(options.folder('rebuilt') / f'{source}-{name}', f'{source}, {name}')
            results[source][name] = confusion.accuracy()
            print(f'{source}, {name}: {confusion.accuracy():.1%} of {confusion.count()} clips')
    return results


def judged_after(
    way: Callable[[np.ndarray], np.ndarray], clips: list[Clip], judge: Judge
) -> Confusion:
    confusion = Confusion(judge.labels.names)
    for clip in clips:
        confusion.add(clip.category, judge.probabilities(way(clip.wave())))
    return confusion
