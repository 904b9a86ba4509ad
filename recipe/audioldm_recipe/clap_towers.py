"""The two towers of CLAP: transformers' classes, narrow, from new weights."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import (
    ClapAudioConfig,
    ClapAudioModelWithProjection,
    ClapTextConfig,
    ClapTextModelWithProjection,
    RobertaTokenizer,
)

from audioldm_export import configs
from audioldm_export.layouts import Config

from .clap_features import FREQUENCIES
from .sizes import SIZE

# Longer prompts than any caption would meet positions that were never trained.
TOKENS = 78


def text_config(entries: int) -> Config:
    return configs.text_encoder(SIZE, entries) | {'max_position_embeddings': TOKENS + 2}


def audio_config() -> Config:
    """Patches of 8 by 8: four times fewer than those of 4 by 4, and as many times cheaper."""
    return configs.audio_encoder(SIZE) | {'patch_size': 8, 'patch_stride': [8, 8]}


def feature_config() -> Config:
    lowest, highest = FREQUENCIES
    limits = {'frequency_min': int(lowest), 'frequency_max': int(highest)}
    return configs.feature_extractor() | limits


def new_text_tower(entries: int) -> ClapTextModelWithProjection:
    return ClapTextModelWithProjection(ClapTextConfig.from_dict(text_config(entries)))


def new_audio_tower() -> ClapAudioModelWithProjection:
    return ClapAudioModelWithProjection(ClapAudioConfig.from_dict(audio_config()))


def embed_texts(
    tower: ClapTextModelWithProjection, tokenizer: RobertaTokenizer, texts: list[str]
) -> Tensor:
    """[texts, 512], of length 1."""
    tokens = tokenizer(
        texts, padding=True, truncation=True, max_length=TOKENS, return_tensors='pt'
    ).to(tower.device)
    return F.normalize(tower(**tokens).text_embeds.float(), dim=1)


class Heads(nn.Module):
    """What training needs and the model does not: the sharpness, and the classes of embeddings."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.sharpness = nn.Parameter(torch.tensor(2.66))
        self.audio = nn.Linear(512, classes)
        self.text = nn.Linear(512, classes)

    def scale(self) -> Tensor:
        return self.sharpness.exp().clamp(max=50)
