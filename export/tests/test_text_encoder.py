import pytest
import torch
from conftest import Archive
from parity import TOLERANCE, bound_and_frozen, deviation, randomize
from torch import Tensor
from transformers import ClapTextConfig, ClapTextModelWithProjection

PAD = 1


def reference_text_encoder(**options: object) -> ClapTextModelWithProjection:
    config = {
        'vocab_size': 120,
        'hidden_size': 48,
        'num_hidden_layers': 2,
        'num_attention_heads': 4,
        'intermediate_size': 96,
        'max_position_embeddings': 70,
    }
    return randomize(ClapTextModelWithProjection(ClapTextConfig(**(config | options))))


def weights_of(encoder: ClapTextModelWithProjection) -> dict[str, Tensor]:
    return {name: t for name, t in encoder.state_dict().items() if not name.endswith('_ids')}


def padded(lengths: list[int], longest: int, pad: int = PAD) -> tuple[Tensor, Tensor]:
    ids = torch.randint(4, 120, (len(lengths), longest))
    mask = torch.zeros_like(ids)
    for row, length in enumerate(lengths):
        ids[row, length:] = pad
        mask[row, :length] = 1
    return ids, mask


CONFIGS = {
    'two layers': {},
    'one layer, one head': {'num_hidden_layers': 1, 'num_attention_heads': 1},
    'five layers': {'num_hidden_layers': 5, 'num_attention_heads': 6, 'layer_norm_eps': 1e-3},
    'another pad': {'pad_token_id': 3, 'projection_dim': 20},
    'two token types': {'type_vocab_size': 2, 'layer_norm_eps': 1e-5},
}


@pytest.mark.parametrize('name', CONFIGS)
def test_agrees_with_transformers(archive: Archive, name: str) -> None:
    reference = reference_text_encoder(**CONFIGS[name])
    config = reference.config
    attributes = {
        'num_layers': config.num_hidden_layers,
        'heads': config.num_attention_heads,
        'layer_norm_eps': config.layer_norm_eps,
        'pad_token_id': config.pad_token_id,
    }
    modules = bound_and_frozen(archive('text_encoder'), attributes, weights_of(reference))
    for lengths, longest in [([2], 2), ([7, 3, 12], 12), ([5, 9], 60)]:
        ids, mask = padded(lengths, longest, config.pad_token_id)
        with torch.no_grad():
            expected = reference(ids, mask).text_embeds
            for module in modules:
                assert deviation(module(ids, mask), expected) < TOLERANCE


def test_padding_does_not_matter(archive: Archive) -> None:
    reference = reference_text_encoder()
    _, frozen = bound_and_frozen(
        archive('text_encoder'),
        {'num_layers': 2, 'heads': 4, 'layer_norm_eps': 1e-12, 'pad_token_id': PAD},
        weights_of(reference),
    )
    ids, mask = padded([6], 40)
    assert deviation(frozen(ids, mask), frozen(ids[:, :6], mask[:, :6])) < TOLERANCE
