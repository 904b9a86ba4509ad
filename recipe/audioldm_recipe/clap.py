"""CLAP: texts and sounds in one space, for the UNet to be conditioned on.

Contrastive, in batches in which every clip has another of its class that differs in as little as
can be said. The class is an auxiliary target. Texts of sounds that the model does not know belong
to no clip and have a class of their own, so that a prompt far from everything is found to be that.
"""

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import RobertaTokenizer

from .clap_batches import Pairs
from .clap_features import Features, varied_features
from .clap_towers import Heads, embed_texts, new_audio_tower, new_text_tower
from .data import Clip, judged, load_clips, trained
from .described import describe, other_sounds, without_held_out
from .device import activations, autocast, device
from .fast_htsat import FastHtsat
from .labelled import Labels
from .learning_rate import one_cycle
from .loop import Metrics, Schedule, train
from .options import Options
from .retrieval import Retrieval
from .sayings import OTHER, TRUE, UNKNOWN
from .specaugment import varied

PAIRS, OTHERS = 32, 12
LEARNING_RATE = 1e-3
SCHEDULE = Schedule(steps=3750, average={'text': 0.998, 'audio': 0.998})
DECIBELS = 20.0
"""About the standard deviation of features."""


class ClapTraining:
    def __init__(self, clips: list[Clip], options: Options, steps: int) -> None:
        self.name, self.steps = 'clap', steps
        self.tokenizer = RobertaTokenizer.from_pretrained(options.folder('tokenizer'))
        self.features = Features(clips, options.folder('data'))
        self.labels = Labels(('', *Labels.of(clips).names))
        described = describe(clips, options)
        others = other_sounds(described)
        heard = set(trained(clips, options.final))
        self.pairs = Pairs(
            [without_held_out(one) for one in described if one.clip in heard],
            [saying for saying in others if not saying.held_out],
        )
        self.retrieval = Retrieval(
            [one for one in described if one.clip in set(judged(clips))], others, options.seed
        )
        torch.manual_seed(options.seed)
        self.text = new_text_tower(len(self.tokenizer)).to(device())
        self.audio = new_audio_tower().to(device())
        self.fast = FastHtsat(self.audio)
        self.heads = Heads(len(self.labels.names)).to(device())
        self.modules: dict[str, nn.Module] = {
            'text': self.text,
            'audio': self.audio,
            'heads': self.heads,
        }
        parameters = [p for module in self.modules.values() for p in module.parameters()]
        optimizer = torch.optim.AdamW(parameters, betas=(0.9, 0.98), weight_decay=0.05)
        self.optimizers: dict[str, torch.optim.Optimizer] = {'clap': optimizer}

    def step(self, step: int, rng: np.random.Generator) -> dict[str, Tensor]:
        batch = self.pairs.draw(rng, PAIRS, OTHERS)
        variants = [self.features.of[clip] for clip in batch.clips]
        features = torch.from_numpy(np.stack([varied_features(v, rng) for v in variants]))
        features = varied(features.to(device()).unsqueeze(1) / DECIBELS).squeeze(1) * DECIBELS
        sounds = F.normalize(self.fast(features, activations()), dim=1)
        with autocast():
            texts = self.embed(saying.caption(rng) for saying in batch.sayings)
        relation = torch.from_numpy(batch.relation).to(device())
        contrast = contrastive_loss(self.heads.scale() * sounds @ texts.t(), relation)
        kinds = torch.tensor([self.kind(saying.category) for saying in batch.sayings])
        kinds = kinds.to(device())
        heard, read = self.heads.audio(16 * sounds), self.heads.text(16 * texts)
        classes = F.cross_entropy(heard, kinds[: len(sounds)]) + F.cross_entropy(read, kinds)

        optimizer = self.optimizers['clap']
        for group in optimizer.param_groups:
            group['lr'] = LEARNING_RATE * one_cycle(step, self.steps)
        optimizer.zero_grad()
        (contrast + 0.3 * classes).backward()
        optimizer.step()
        hits = (heard.argmax(1) == kinds[: len(sounds)]).float().mean()
        return {'contrast': contrast, 'classes': classes, 'accuracy of sounds': hits}

    def kind(self, category: str) -> int:
        return 0 if category == OTHER else self.labels.names.index(category)

    def embed(self, texts: Iterable[str]) -> Tensor:
        return embed_texts(self.text, self.tokenizer, list(texts))

    def evaluate(self) -> Metrics:
        return self.retrieval.metrics(self.embed, self.embed_clips)

    def embed_clips(self, clips: list[Clip]) -> Tensor:
        parts = []
        for start in range(0, len(clips), 32):
            rows = [self.features.whole(clip) for clip in clips[start : start + 32]]
            parts.append(self.fast(torch.from_numpy(np.stack(rows)).to(device())))
        return F.normalize(torch.cat(parts), dim=1)


def contrastive_loss(logits: Tensor, relation: Tensor) -> Tensor:
    """Both ways, [clips, sayings]: what is true shares the probability, what may be is left out."""
    logits = logits.masked_fill(relation == UNKNOWN, -1e4)
    true = (relation == TRUE).float()
    own = len(logits)
    by_sound = (logits.log_softmax(1) * true).sum(1) / true.sum(1)
    by_text = (logits.log_softmax(0) * true)[:, :own].sum(0) / true[:, :own].sum(0)
    return -(by_sound.mean() + by_text.mean()) / 2


def run(options: Options) -> Metrics:
    steps = options.steps or SCHEDULE.steps
    schedule = Schedule(**{**vars(SCHEDULE), 'steps': steps})
    training = ClapTraining(load_clips(options), options, steps)
    return train(training, schedule, options.folder('clap'), options.seed)
