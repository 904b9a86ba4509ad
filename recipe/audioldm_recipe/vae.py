"""The autoencoder of log-mels: diffusers' AutoencoderKL in AudioLDM's configuration, narrow."""

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor, nn
from torch.nn import functional as F

from audioldm_export import configs

from .checkpoint import averaged, newest
from .crops import Crops, loudest
from .data import RATE, Clip, judged, load_clips, trained
from .device import autocast, device
from .discriminators import MelDiscriminator, critic_loss, judgement
from .fast_norm import with_fast_norms
from .loop import Metrics, Schedule, Stage, random_of, train, update
from .options import Options
from .sizes import SIZE
from .spectra import CONTEXT, HOP, log_mel, log_mel_of_clips

FRAMES, BATCH = 128, 4
AVERAGE = {'vae': 0.999}
FIRST = Stage('vae', Schedule(12_000, average=AVERAGE), (1e-3, 5e-5))
SHARPEN = Stage('vae-sharpen', Schedule(3_000, average=AVERAGE), (2e-4, 2e-5), 'vae')
STAGES = (FIRST, SHARPEN)
KL_WEIGHT = 0.004
"""Of the mean over latents, beside the mean over the mel: the noise in the latents stays about a
tenth of their deviation, so that what the UNet gets slightly wrong does no harm. With 0.02 it was
four tenths, and nothing of the texture of a sound got through.
"""
ADVERSARIAL_WEIGHT = 0.1
MEL_MEAN, MEL_STD = -5.0, 2.5


def new_vae() -> AutoencoderKL:
    """Begins near the mean of all mels, where the first thousand steps would bring it."""
    model = AutoencoderKL.from_config(configs.vae(SIZE))
    with torch.no_grad():
        model.decoder.conv_out.bias.fill_(MEL_MEAN)
        model.encoder.conv_in.weight.div_(MEL_STD)
    return model


class VaeTraining:
    """Pieces of 1.28 s: L1 between log-mels, and the divergence of the latents from normal. L1
    alone blurs what it cannot know; a patch discriminator wants texture there.
    """

    def __init__(self, clips: list[Clip], options: Options, stage: Stage) -> None:
        self.name, self.stage = stage.name, stage
        self.adversarial = stage.after is not None
        torch.manual_seed(options.seed)
        self.vae = with_fast_norms(new_vae())
        if stage.after is not None:
            averaged(self.vae, 'vae', options.folder(stage.after)).train()
        self.modules: dict[str, nn.Module] = {'vae': self.vae}
        if self.adversarial:
            self.modules['discriminator'] = MelDiscriminator()
        for module in self.modules.values():
            module.to(device(), memory_format=torch.channels_last)
        self.optimizers = {
            name: torch.optim.AdamW(module.parameters(), betas=(0.9, 0.99), weight_decay=0.01)
            for name, module in self.modules.items()
        }
        self.crops = Crops(trained(clips, options.final), FRAMES * HOP + 2 * CONTEXT)
        waves = loudest(judged(clips), per_category=2, seconds=2.56).to(device())
        self.examples = log_mel_of_clips(waves).unsqueeze(1)

    def step(self, step: int, rng: np.random.Generator) -> dict[str, Tensor]:
        waves = torch.from_numpy(self.crops.draw(rng, BATCH)).to(device())
        mels = log_mel(waves).unsqueeze(1).contiguous(memory_format=torch.channels_last)
        with autocast():
            posterior = self.vae.encode(mels).latent_dist
            found = self.vae.decode(posterior.sample()).sample.float()
        difference = F.l1_loss(found, mels)
        divergence = divergence_of(posterior.mean.float(), posterior.logvar.float())
        loss = difference + KL_WEIGHT * divergence
        results = {'mel_l1': difference, 'divergence': divergence}
        if self.adversarial:
            results['critic'] = self.teach_discriminator(step, mels, found.detach())
            deceit, features = judgement(self.modules['discriminator'], mels, found)
            loss = loss + ADVERSARIAL_WEIGHT * (deceit + features)
            results |= {'deceit': deceit, 'features': features}
        results['gradient'] = self.update('vae', loss, step)
        return results

    def teach_discriminator(self, step: int, mels: Tensor, found: Tensor) -> Tensor:
        discriminator = self.modules['discriminator']
        with autocast():
            loss = critic_loss(discriminator(mels), discriminator(found))
        self.update('discriminator', loss, step)
        return loss

    def update(self, name: str, loss: Tensor, step: int) -> Tensor:
        optimizer = self.optimizers[name]
        return update(self.modules[name], optimizer, loss, self.stage.rate(step), 1.0)

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


def run_stage(stage: Stage, options: Options) -> Metrics:
    stage = stage.within(options.steps)
    training = VaeTraining(load_clips(options), options, stage)
    return train(training, stage.schedule, options.folder(stage.name), options.seed)


def run(options: Options) -> Metrics:
    return run_stage(FIRST, options)


def sharpen(options: Options) -> Metrics:
    return run_stage(SHARPEN, options)


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
    """From the last stage there is."""
    return averaged(new_vae(), 'vae', newest(options.state, STAGES))
