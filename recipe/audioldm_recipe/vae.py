"""The autoencoder of log-mels: diffusers' AutoencoderKL in AudioLDM's configuration, narrow."""

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor, nn
from torch.nn import functional as F

from audioldm_export import configs

from .crops import Crops, loudest
from .data import RATE, Clip, judged, load_clips, trained
from .device import autocast, device
from .loop import Metrics, Schedule, averaged, falling, random_of, train
from .options import Options
from .sizes import SIZE
from .spectra import CONTEXT, HOP, log_mel, log_mel_of_clips

FRAMES, BATCH = 128, 4
SCHEDULE = Schedule(steps=30_000, average={'vae': 0.999})
RATES = (1e-3, 5e-5)
KL_WEIGHT = 0.02
"""Of the mean over latents, beside the mean over the mel: the noise in the latents stays a few
hundredths of their deviation, so that what the UNet gets slightly wrong does no harm.
"""
MEL_MEAN, MEL_STD = -5.0, 2.5


def new_vae() -> AutoencoderKL:
    """Begins near the mean of all mels, where the first thousand steps would bring it."""
    model = AutoencoderKL.from_config(configs.vae(SIZE))
    with torch.no_grad():
        model.decoder.conv_out.bias.fill_(MEL_MEAN)
        model.encoder.conv_in.weight.div_(MEL_STD)
    return model


class VaeTraining:
    """Pieces of 1.28 s: L1 between log-mels, and the divergence of the latents from normal."""

    def __init__(self, clips: list[Clip], options: Options, schedule: Schedule) -> None:
        self.name = 'vae'
        self.steps = schedule.steps
        torch.manual_seed(options.seed)
        self.vae = new_vae().to(device(), memory_format=torch.channels_last)
        self.modules: dict[str, nn.Module] = {'vae': self.vae}
        self.parameters = list(self.vae.parameters())
        optimizer = torch.optim.AdamW(self.parameters, betas=(0.9, 0.99), weight_decay=0.01)
        self.optimizers = {'vae': optimizer}
        self.crops = Crops(trained(clips, options.final), FRAMES * HOP + 2 * CONTEXT)
        waves = loudest(judged(clips), per_category=2, seconds=2.56).to(device())
        self.examples = log_mel_of_clips(waves).unsqueeze(1)

    def step(self, step: int, rng: np.random.Generator) -> dict[str, Tensor]:
        waves = torch.from_numpy(self.crops.draw(rng, BATCH)).to(device())
        mels = log_mel(waves).unsqueeze(1).contiguous(memory_format=torch.channels_last)
        with autocast():
            posterior = self.vae.encode(mels).latent_dist
            found = self.vae.decode(posterior.sample()).sample
        difference = F.l1_loss(found.float(), mels)
        divergence = divergence_of(posterior.mean.float(), posterior.logvar.float())
        optimizer = self.optimizers['vae']
        for group in optimizer.param_groups:
            group['lr'] = falling(RATES, step, self.steps)
        optimizer.zero_grad()
        (difference + KL_WEIGHT * divergence).backward()
        norm = nn.utils.clip_grad_norm_(self.parameters, 1.0)
        optimizer.step()
        return {'mel_l1': difference, 'divergence': divergence, 'gradient': norm}

    def evaluate(self) -> Metrics:
        """`detail`: how much neighbouring values differ, beside the original. 1 is not blurred.
        `noise`: the deviation of the latents' noise, beside that of the latents.
        """
        posteriors = [self.vae.encode(mel.unsqueeze(0)).latent_dist for mel in self.examples]
        means = torch.cat([posterior.mean for posterior in posteriors])
        noise = torch.cat([posterior.std for posterior in posteriors])
        found = torch.cat([self.vae.decode(mean.unsqueeze(0)).sample for mean in means])
        return {
            'mel_l1': float(F.l1_loss(found, self.examples)),
            'detail': float(detail(found) / detail(self.examples)),
            'latent_std': float(means.std()),
            'noise': float(noise.mean() / means.std()),
        }


def divergence_of(mean: Tensor, logvar: Tensor) -> Tensor:
    """From the standard normal distribution, in nats a latent."""
    return (mean.square() + logvar.exp() - 1 - logvar).mean() / 2


def detail(mels: Tensor) -> Tensor:
    return (mels.diff(dim=2).diff(dim=3)).abs().mean()


def run(options: Options) -> Metrics:
    schedule = SCHEDULE.within(options.steps)
    training = VaeTraining(load_clips(options), options, schedule)
    return train(training, schedule, options.folder('vae'), options.seed)


@torch.no_grad()
def scaling_factor(vae: AutoencoderKL, options: Options, clips: int = 64) -> float:
    """What brings the latents of whole clips to a deviation of one, as the UNet wants them."""
    rng = random_of(options.seed, 'scaling factor', 0)
    crops = Crops(trained(load_clips(options), options.final), 5 * RATE + 2 * CONTEXT)
    square = 0.0
    for _ in range(clips):
        mel = log_mel(torch.from_numpy(crops.draw(rng, 1))).unsqueeze(1)
        square += float(vae.encode(mel).latent_dist.sample().square().mean())
    return (clips / square) ** 0.5


def load_vae(options: Options) -> AutoencoderKL:
    return averaged(new_vae(), 'vae', options.folder('vae'))
