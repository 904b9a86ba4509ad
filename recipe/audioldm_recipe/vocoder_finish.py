"""The end of the vocoder's training: on log-mels that come out of the autoencoder, which is what it
will be given. They are a little blurred, and the sound must not be.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor

from . import vae
from .checkpoint import newest
from .data import Clip, load_clips, trained
from .device import autocast, device
from .loop import Metrics, Stage, train
from .options import Options
from .spectra import BANDS, HOP, log_mel_of_clips
from .vocoder import BATCH, FINISH, FRAMES, LONGER, VocoderTraining

BLURRED = 0.75
"""The share of a batch whose mels come out of the autoencoder."""
SHORT = 32
"""Frames of a piece where many steps count for more than long pieces."""


class FinishTraining(VocoderTraining):
    def __init__(
        self, clips: list[Clip], options: Options, stage: Stage, frames: int = FRAMES
    ) -> None:
        super().__init__(clips, options, stage, frames)
        self.clips = trained(clips, options.final)
        checkpoint = newest(options.state, vae.STAGES) / 'checkpoint.pt'
        step = torch.load(checkpoint, weights_only=True, mmap=True)['step']
        file = options.folder(FINISH.name) / f'{checkpoint.parent.name}-{step}.f16'
        if not file.exists():
            decode_all(self.clips, vae.load_vae(options), file, options.seed)
        self.mels = np.memmap(file, np.float16, 'r').reshape(-1, BANDS)
        self.starts = np.cumsum([0] + [frames_of(clip) for clip in self.clips])

    def draw(self, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        mels, waves = super().draw(rng)
        for i in range(BATCH):
            if rng.random() < BLURRED:
                mel, wave = self.piece(rng)
                mels[i], waves[i] = torch.from_numpy(mel), torch.from_numpy(wave)
        return mels, waves

    def piece(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Of two places in a clip, the louder one."""
        number = self.numbers(rng)
        clip = self.clips[number]
        places = rng.integers(0, frames_of(clip) - self.frames, 2)
        waves = [clip.wave(int(place) * HOP, self.frames * HOP) for place in places]
        best = int(np.argmax([np.square(wave).sum() for wave in waves]))
        first = self.starts[number] + places[best]
        return self.mels[first : first + self.frames].astype(np.float32), waves[best]

    def numbers(self, rng: np.random.Generator) -> int:
        """Of a clip: real ones as often as synthesised ones."""
        sources = sorted({clip.source for clip in self.clips})
        source = sources[rng.integers(len(sources))]
        while True:
            number = int(rng.integers(len(self.clips)))
            if self.clips[number].source == source:
                return number


def frames_of(clip: Clip) -> int:
    """Whole latents: four frames each."""
    return len(clip.samples) // (4 * HOP) * 4


@torch.no_grad()
def decode_all(clips: list[Clip], model: AutoencoderKL, file: Path, seed: int) -> None:
    """What the autoencoder makes of every clip, one after the other, as float16 [frames, bands]."""
    torch.manual_seed(seed)
    model = model.to(device(), memory_format=torch.channels_last)
    part = file.with_suffix('.tmp')
    with part.open('wb') as out:
        for mel in decoded(clips, model):
            mel.astype(np.float16).tofile(out)
    part.replace(file)


def decoded(clips: list[Clip], model: AutoencoderKL) -> Iterator[np.ndarray]:
    for clip in clips:
        wave = torch.from_numpy(clip.wave(0, frames_of(clip) * HOP)).to(device())
        mel = log_mel_of_clips(wave.unsqueeze(0)).unsqueeze(1)
        with autocast():
            found = model.decode(model.encode(mel).latent_dist.sample()).sample
        yield found[0, 0].float().cpu().numpy()


def run(options: Options) -> Metrics:
    return run_stage(FINISH, options, FRAMES)


def longer(options: Options) -> Metrics:
    """Spectra alone again: harmonics come late, and a step without discriminators costs half."""
    return run_stage(LONGER, options, SHORT)


def run_stage(stage: Stage, options: Options, frames: int) -> Metrics:
    stage = stage.within(options.steps)
    training = FinishTraining(load_clips(options), options, stage, frames)
    return train(training, stage.schedule, options.folder(stage.name), options.seed)
