"""The two networks that scores compare sounds by, trained to tell the classes of both data sets.

What they give cannot be compared with published values, which are of the networks that were trained
on millions of clips.
"""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F

from .cnn14 import Cnn14
from .data import RATE, Clip, judged, load_clips, trained
from .device import device
from .labelled import LabelledCrops, Labels
from .learning_rate import one_cycle
from .loop import Metrics, Schedule, train
from .options import Options
from .vggish import PATCH, Vggish

LEARNING_RATE = 1e-3
DECIBELS = (-12.0, 6.0)


class ClassifierTraining:
    """`predict`: waveform [1, n] → logits [1, classes]."""

    def __init__(
        self,
        name: str,
        net: nn.Module,
        predict: Callable[[Tensor], Tensor],
        crops: LabelledCrops,
        batch: int,
        unseen: list[Clip],
        labels: Labels,
        steps: int,
    ) -> None:
        self.name, self.net, self.predict = name, net, predict
        self.crops, self.batch, self.unseen = crops, batch, unseen
        self.labels, self.steps = labels, steps
        self.modules: dict[str, nn.Module] = {'net': net}
        optimizer = torch.optim.AdamW(net.parameters(), weight_decay=0.02)
        self.optimizers: dict[str, torch.optim.Optimizer] = {'net': optimizer}

    def step(self, step: int, rng: np.random.Generator) -> dict[str, Tensor]:
        waves, shares = self.crops.draw(rng, self.batch)
        gains = 10 ** (rng.uniform(*DECIBELS, (self.batch, 1)) / 20)
        waves = np.clip(waves * gains, -1, 1).astype(np.float32)
        optimizer = self.optimizers['net']
        for group in optimizer.param_groups:
            group['lr'] = LEARNING_RATE * one_cycle(step, self.steps)
        logits = self.net(torch.from_numpy(waves).to(device()))
        targets = torch.from_numpy(shares).to(device())
        loss = F.cross_entropy(logits, targets, label_smoothing=0.05)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {'loss': loss, 'accuracy': (logits.argmax(1) == targets.argmax(1)).float().mean()}

    def evaluate(self) -> Metrics:
        hits: dict[str, list[bool]] = {}
        for clip in self.unseen:
            wave = torch.from_numpy(clip.wave()).unsqueeze(0).to(device())
            hit = int(self.predict(wave).argmax()) == self.labels.index(clip)
            hits.setdefault(f'accuracy of {clip.source}', []).append(hit)
        return {name: float(np.mean(values)) for name, values in hits.items()}


def cnn14_training(clips: list[Clip], options: Options, schedule: Schedule) -> ClassifierTraining:
    labels = Labels.of(clips)
    torch.manual_seed(options.seed)
    net = Cnn14(len(labels.names)).to(device(), memory_format=torch.channels_last)
    crops = LabelledCrops(trained(clips, options.final), labels, 2.5, speed=1.15, mixed=0.5)
    return ClassifierTraining('cnn14', net, net, crops, 32, judged(clips), labels, schedule.steps)


def vggish_training(clips: list[Clip], options: Options, schedule: Schedule) -> ClassifierTraining:
    labels = Labels.of(clips)
    torch.manual_seed(options.seed)
    net = Vggish(len(labels.names)).to(device(), memory_format=torch.channels_last)
    pieces = trained(clips, options.final)
    crops = LabelledCrops(pieces, labels, PATCH / RATE, speed=1.15, mixed=0.5)
    return ClassifierTraining(
        'vggish', net, net.of_clip, crops, 64, judged(clips), labels, schedule.steps
    )


CNN14_SCHEDULE = Schedule(steps=3500)
VGGISH_SCHEDULE = Schedule(steps=3500)


def run_cnn14(options: Options) -> Metrics:
    schedule = with_steps(CNN14_SCHEDULE, options.steps)
    training = cnn14_training(load_clips(options), options, schedule)
    metrics = train(training, schedule, options.folder('cnn14'), options.seed)
    write_weights(training, 'cnn14-16k', options.folder('model/classifiers'))
    return metrics


def run_vggish(options: Options) -> Metrics:
    schedule = with_steps(VGGISH_SCHEDULE, options.steps)
    training = vggish_training(load_clips(options), options, schedule)
    metrics = train(training, schedule, options.folder('vggish'), options.seed)
    write_weights(training, 'vggish', options.folder('model/classifiers'))
    return metrics


def with_steps(schedule: Schedule, steps: int | None) -> Schedule:
    return schedule if steps is None else Schedule(**{**vars(schedule), 'steps': steps})


def write_weights(training: ClassifierTraining, architecture: str, folder: Path) -> Path:
    """float16, under the names of the published file."""
    tensors = {
        name: tensor.detach().cpu().half().contiguous()
        for name, tensor in training.net.state_dict().items()
        if not name.startswith('head.') and not name.endswith('num_batches_tracked')
    }
    metadata = {
        'format': 'pt',
        '_audioldm_small_classifier': 'true',
        'architecture': architecture,
        'sample_rate': str(RATE),
        'classes': json.dumps(training.labels.names),
    }
    out = folder / f'{architecture}.safetensors'
    part = out.with_suffix('.tmp')
    save_file(tensors, part, metadata)
    part.replace(out)
    return out
