"""The judge: says which class a clip is of, so that generated clips can be held against real ones.

Three networks, trained from three seeds, vote. There is one judge of ESC-10's classes and one of
the synthesised ones, equal but for their data; neither ever hears the fold that is judged.
"""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .confusion import Confusion
from .data import RATE, Clip, judged, load_clips, trained
from .device import autocast, device
from .judge_net import JudgeNet, LogMel
from .labelled import LabelledCrops, Labels
from .learning_rate import one_cycle
from .loop import Metrics, Schedule, train
from .options import Options
from .specaugment import varied

SEEDS = 3
BATCH, SECONDS = 32, 2.0
SCHEDULE = Schedule(steps=1200, evaluate_every=400)
RATE_OF_LEARNING = 2e-3


class JudgeTraining:
    def __init__(self, name: str, clips: list[Clip], steps: int, seed: int) -> None:
        self.name, self.steps = name, steps
        self.labels = Labels.of(clips)
        self.crops = LabelledCrops(trained(clips, False), self.labels, SECONDS, 1.2, mixed=0.5)
        self.unseen = judged(clips)
        torch.manual_seed(seed)
        self.net = JudgeNet(len(self.labels.names)).to(device(), memory_format=torch.channels_last)
        self.log_mel = LogMel().to(device())
        self.modules: dict[str, nn.Module] = {'net': self.net}
        optimizer = torch.optim.AdamW(self.net.parameters(), weight_decay=0.05)
        self.optimizers: dict[str, torch.optim.Optimizer] = {'net': optimizer}

    def step(self, step: int, rng: np.random.Generator) -> dict[str, Tensor]:
        waves, shares = (torch.from_numpy(x).to(device()) for x in self.crops.draw(rng, BATCH))
        optimizer = self.optimizers['net']
        for group in optimizer.param_groups:
            group['lr'] = RATE_OF_LEARNING * one_cycle(step, self.steps)
        mel = varied(self.log_mel(waves))
        with autocast():
            logits = self.net(mel).float()
        loss = F.cross_entropy(logits, shares, label_smoothing=0.1)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        hits = (logits.argmax(1) == shares.argmax(1)).float().mean()
        return {'loss': loss, 'accuracy': hits}

    def evaluate(self) -> Metrics:
        hits = [
            vote([self.net], self.log_mel, clip.wave()).argmax() == self.labels.index(clip)
            for clip in self.unseen
        ]
        return {'accuracy': float(np.mean(hits))}


def vote(nets: list[JudgeNet], log_mel: LogMel, wave: np.ndarray) -> np.ndarray:
    """Probabilities of the classes: a mean over networks and over pieces, by their energy."""
    wave = wave * np.float32(0.5 / max(np.abs(wave).max(), 1e-8))
    length = round(SECONDS * RATE)
    wave = np.pad(wave, (0, max(length - len(wave), 0)))
    starts = range(0, len(wave) - length + 1, length // 4)
    pieces = torch.from_numpy(np.stack([wave[start : start + length] for start in starts]))
    weights = pieces.square().mean(1).sqrt()
    pieces = pieces * (0.5 / pieces.abs().amax(1, keepdim=True).clamp(min=1e-4))
    mel = log_mel(pieces.to(log_mel.filters.device))
    votes = torch.stack([net(mel).softmax(1) for net in nets]).mean(0).cpu()
    return ((votes * weights[:, None]).sum(0) / weights.sum()).numpy()


class Judge:
    """The trained judge of one set: 'esc10' or 'synth'."""

    def __init__(self, folder: Path) -> None:
        content = torch.load(folder / 'judge.pt', weights_only=True)
        self.labels = Labels(tuple(content['classes']))
        self.nets = [JudgeNet(len(self.labels.names)).eval() for _ in content['nets']]
        for net, weights in zip(self.nets, content['nets']):
            net.load_state_dict(weights)
        self.log_mel = LogMel()

    @torch.no_grad()
    def probabilities(self, wave: np.ndarray) -> np.ndarray:
        """Of the classes in `labels`. `wave`: at 16 kHz, of any level."""
        return vote(self.nets, self.log_mel, wave)


def run(options: Options) -> None:
    clips = load_clips(options)
    for source in dict.fromkeys(clip.source for clip in clips):
        train_judge(source, [clip for clip in clips if clip.source == source], options)


def train_judge(source: str, clips: list[Clip], options: Options) -> Confusion:
    """Leaves `judge.pt`, and what it makes of the judged fold as `unseen.json` and `unseen.svg`."""
    folder = options.folder(f'judge/{source}')
    schedule = Schedule(**{**vars(SCHEDULE), 'steps': options.steps or SCHEDULE.steps})
    nets = []
    for seed in range(options.seed, options.seed + SEEDS):
        training = JudgeTraining(f'judge-{source}-{seed}', clips, schedule.steps, seed)
        train(training, schedule, options.folder(f'judge/{source}/{seed}'), seed)
        nets.append({name: tensor.cpu() for name, tensor in training.net.state_dict().items()})
    labels = Labels.of(clips)
    torch.save({'classes': list(labels.names), 'nets': nets}, folder / 'judge.pt')
    judge = Judge(folder)
    confusion = Confusion(labels.names)
    for clip in judged(clips):
        confusion.add(clip.category, judge.probabilities(clip.wave()))
    confusion.write(folder / 'unseen', f'{source}: clips that no training heard')
    print(f'judge of {source}: {confusion.accuracy():.1%} of {confusion.count()} unseen clips')
    return confusion
