"""HiFi-GAN: transformers' SpeechT5HifiGan in AudioLDM's configuration, narrow.

First the spectra alone teach it, which is cheap and gives nearly all; then discriminators do, which
take away the buzz that spectra do not see.
"""

import numpy as np
import torch
from torch import Tensor, nn
from transformers import SpeechT5HifiGan, SpeechT5HifiGanConfig

from audioldm_export import configs
from audioldm_export.vocoder import Conv1d, Vocoder

from .checkpoint import averaged, newest
from .crops import Crops, loudest
from .data import Clip, judged, load_clips, trained
from .device import autocast, device
from .discriminators import WaveDiscriminators, critic_loss, judgement
from .loop import Metrics, Schedule, Stage, train, update
from .options import Options
from .sizes import SIZE
from .spectra import CONTEXT, HOP, SpectralLoss, log_mel, log_mel_of_clips

FRAMES, BATCH = 50, 8
AVERAGE = {'vocoder': 0.999}
SPECTRA = Stage('vocoder', Schedule(12_000, average=AVERAGE), (1e-3, 5e-5))
SHARPEN = Stage('vocoder-sharpen', Schedule(3_000, average=AVERAGE), (2e-4, 2e-5), 'vocoder')
FINISH = Stage('vocoder-finish', Schedule(2_000, average=AVERAGE), (1e-4, 1e-5), 'vocoder-sharpen')
LONGER = Stage('vocoder-longer', Schedule(10_000, average=AVERAGE), (8e-4, 1e-5), 'vocoder-finish')
STAGES = (SPECTRA, SHARPEN, FINISH, LONGER)


def new_vocoder() -> SpeechT5HifiGan:
    """Convolutions start as PyTorch starts them: with the small numbers of the class (0.01, so
    that nothing reaches the output) nothing is learnt.
    """
    model = SpeechT5HifiGan(SpeechT5HifiGanConfig.from_dict(configs.vocoder(SIZE)))
    for module in model.modules():
        if isinstance(module, (nn.Conv1d, nn.ConvTranspose1d)):
            module.reset_parameters()
    return model


class Float32Conv1d(Conv1d):
    """The last layer: bfloat16 would put noise at -50 dB into the waveform."""

    def forward(self, x: Tensor, kernel: int, dilation: int) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            return super().forward(x.float(), kernel, dilation)


def fast(model: SpeechT5HifiGan) -> Vocoder:
    """The same function of the same parameters, in the layout that the exported archive has: three
    times as fast in training on a CPU, with bfloat16.
    """
    vocoder = Vocoder()
    vocoder.conv_post = Float32Conv1d()
    owners = dict(vocoder.named_modules())
    for name, parameter in model.named_parameters():
        path, _, leaf = name.rpartition('.')
        setattr(owners[path], leaf, parameter)
    return vocoder


class VocoderTraining:
    """`frames` of 10 ms at a time, in context: log-mel in, waveform out."""

    def __init__(
        self, clips: list[Clip], options: Options, stage: Stage, frames: int = FRAMES
    ) -> None:
        self.name, self.stage = stage.name, stage
        self.adversarial = stage.after is not None and stage.name != LONGER.name
        self.frames = frames
        torch.manual_seed(options.seed)
        model = new_vocoder()
        if stage.after is not None:
            averaged(model, 'vocoder', options.folder(stage.after)).train()
        self.fast = fast(model.to(device()))
        self.modules: dict[str, nn.Module] = {'vocoder': model}
        if self.adversarial:
            self.modules['discriminators'] = WaveDiscriminators().to(device())
        self.optimizers = {
            name: torch.optim.AdamW(module.parameters(), betas=(0.8, 0.99), weight_decay=0.01)
            for name, module in self.modules.items()
        }
        self.loss = SpectralLoss().to(device())
        self.crops = Crops(trained(clips, options.final), frames * HOP + 2 * CONTEXT)
        self.examples = loudest(judged(clips), per_category=2, seconds=2.5)

    def draw(self, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Log-mels, and the waveforms they are of."""
        waves = torch.from_numpy(self.crops.draw(rng, BATCH)).to(device())
        return log_mel(waves), waves[:, CONTEXT:-CONTEXT]

    def step(self, step: int, rng: np.random.Generator) -> dict[str, Tensor]:
        mels, wanted = self.draw(rng)
        with autocast():
            found = self.fast(mels)[:, : wanted.shape[1]].float()
        results: dict[str, Tensor] = {}
        # Every second time: they learn faster than what they judge.
        if self.adversarial and step % 2 == 0:
            results['critic'] = 2 * self.teach_discriminators(step, wanted, found.detach())
        stft, mel = self.loss(found, wanted)
        loss = stft + 5 * mel
        results |= {'stft': stft, 'mel': mel}
        if self.adversarial:
            deceit, features = judgement(self.modules['discriminators'], wanted, found)
            loss = loss + deceit + 2 * features
            results |= {'deceit': deceit, 'features': features}
        results['gradient'] = self.update('vocoder', loss, step)
        return results

    def teach_discriminators(self, step: int, wanted: Tensor, found: Tensor) -> Tensor:
        discriminators = self.modules['discriminators']
        with autocast():
            loss = critic_loss(discriminators(wanted), discriminators(found))
        self.update('discriminators', loss, step)
        return loss

    def update(self, name: str, loss: Tensor, step: int) -> Tensor:
        optimizer = self.optimizers[name]
        return update(self.modules[name], optimizer, loss, self.stage.rate(step), 10.0)

    def evaluate(self) -> Metrics:
        waves = self.examples.to(device())
        mels = log_mel_of_clips(waves)
        found = torch.cat([self.fast(mel.unsqueeze(0)) for mel in mels])[:, : waves.shape[1]]
        stft, _ = self.loss(found, waves)
        again = log_mel_of_clips(found)
        return {'mel_l1': float((again - mels).abs().mean()), 'stft': float(stft)}


def run_stage(stage: Stage, options: Options) -> Metrics:
    stage = stage.within(options.steps)
    training = VocoderTraining(load_clips(options), options, stage)
    return train(training, stage.schedule, options.folder(stage.name), options.seed)


def run(options: Options) -> Metrics:
    return run_stage(SPECTRA, options)


def sharpen(options: Options) -> Metrics:
    return run_stage(SHARPEN, options)


def load_vocoder(options: Options) -> SpeechT5HifiGan:
    """From the last stage there is."""
    return averaged(new_vocoder(), 'vocoder', newest(options.state, STAGES))
