from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import Archive
from reference_passt import Passt, kaldi_mel_banks, load_passt
from sounds import assert_packable, assert_same_in_any_batch, errors, hard_clips
from sounds import random_backbone as write
from torch import Tensor
from transformers import ASTConfig, ASTModel
from transformers.audio_utils import mel_filter_bank

from audioldm_export.binding import bind
from audioldm_export.passt import LogMel

FLOAT32, BFLOAT16 = 6, 15
RATE, WIDTH = 32000, 4


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp('passt')


@pytest.fixture(autouse=True)
def _no_grad() -> object:
    with torch.no_grad():
        yield


def narrow(folder: Path) -> Passt:
    return load_passt(write(folder, 'passt', 'zip', WIDTH))


def frozen(archive: Archive, reference: Passt, dtype: int = FLOAT32) -> torch.jit.ScriptModule:
    """All tensors but those of the head that training alone has."""
    tensors = reference.state_dict()
    weights = {name: tensor for name, tensor in tensors.items() if 'head_dist' not in name}
    attributes = {'depth': len(reference.blocks), 'compute_dtype': dtype}
    return torch.jit.freeze(bind(archive('passt'), attributes, weights))


def compare(archive: Archive, reference: Passt, clips: Tensor, ratio: float) -> None:
    ours, plain = frozen(archive, reference)(clips), reference(clips)
    exact = reference.double()(clips.double())
    for output, found, peer in zip(exact, ours, plain):
        assert output.std(0).mean() > 0.1 * output.square().mean().sqrt(), 'all clips are alike'
        assert errors(found, output).median() < 1e-5
        assert errors(found, output).max() <= ratio * errors(peer, output).max()


def test_agrees_with_float64(archive: Archive, folder: Path) -> None:
    compare(archive, narrow(folder), hard_clips(RATE), 1)


@pytest.mark.slow
def test_agrees_with_float64_at_full_size(archive: Archive, folder: Path) -> None:
    compare(archive, load_passt(write(folder, 'passt', 'zip', width=64)), hard_clips(RATE), 1)


def test_the_statement_is_the_audio_spectrogram_transformer(folder: Path) -> None:
    """Which has a position for every patch, in the order of PaSST's, and the same two tokens."""
    reference = narrow(folder).double()
    width, depth = reference.cls_token.shape[2], len(reference.blocks)
    config = ASTConfig(
        **{'hidden_size': width, 'num_hidden_layers': depth, 'num_attention_heads': 12},
        **{'intermediate_size': 4 * width, 'layer_norm_eps': 1e-6},
        **{'max_length': 1000, 'num_mel_bins': 128, 'attn_implementation': 'sdpa'},
    )
    peer = ASTModel(config).double().eval()
    columns, rows = reference.time_new_pos_embed, reference.freq_new_pos_embed
    patches = (columns + rows).flatten(2).transpose(1, 2)
    state = {
        'embeddings.cls_token': reference.cls_token,
        'embeddings.distillation_token': reference.dist_token,
        'embeddings.position_embeddings': torch.cat([reference.new_pos_embed, patches], 1),
        'embeddings.patch_embeddings.projection.weight': reference.patch_embed.proj.weight,
        'embeddings.patch_embeddings.projection.bias': reference.patch_embed.proj.bias,
    }
    names = peer.state_dict()
    for kind in ('weight', 'bias'):
        state[f'layernorm.{kind}'] = getattr(reference.norm, kind)
        for i, block in enumerate(reference.blocks):
            q, k, v = getattr(block.attn.qkv, kind).chunk(3)
            parts = [q, k, v, *(getattr(each, kind) for each in rest_of(block))]
            layer = [name for name in names if f'layer.{i}.' in name or f'layers.{i}.' in name]
            layer = [name for name in layer if name.endswith(kind)]
            state |= dict(zip(layer, parts, strict=True))
    peer.load_state_dict(state)
    images = torch.randn(2, 128, 1000, dtype=torch.float64)
    found, _ = reference.network(images)
    assert errors(peer(images.transpose(1, 2)).pooler_output, found).max() < 1e-10


def rest_of(block: torch.nn.Module) -> list[torch.nn.Module]:
    return [block.attn.proj, block.norm1, block.norm2, block.mlp.fc1, block.mlp.fc2]


def test_bands_are_those_of_kaldi() -> None:
    bands = mel_filter_bank(
        513, 128, 0, 15000, RATE, mel_scale='kaldi', triangularize_in_mel_space=True
    )
    ours = LogMel().band_weights(torch.device('cpu'))
    np.testing.assert_allclose(ours, bands, atol=1e-12)
    np.testing.assert_allclose(kaldi_mel_banks(torch.float64).T, bands, atol=1e-12)


# 15 hops and a sample, a frame less than 10 s, 10 s, a sample more, 12.5 s and some.
@pytest.mark.parametrize('samples', [4801, 319680, 320000, 320001, 402345])
def test_any_length(archive: Archive, folder: Path, samples: int) -> None:
    reference = narrow(folder)
    clip = torch.randn(1, samples) * torch.linspace(0, 1, samples)
    for found, output in zip(frozen(archive, reference)(clip), reference.double()(clip.double())):
        assert errors(found, output).max() < 1e-5


@pytest.mark.parametrize('dtype', [FLOAT32, BFLOAT16])
def test_same_in_any_batch(archive: Archive, folder: Path, dtype: int) -> None:
    network, clips = frozen(archive, narrow(folder), dtype), hard_clips(RATE, 1.3)
    assert_same_in_any_batch(network, clips, [network(clip[None]) for clip in clips])


def test_near_in_bfloat16(archive: Archive, folder: Path) -> None:
    reference, clips = narrow(folder), hard_clips(RATE)
    for found, wanted in zip(frozen(archive, reference, BFLOAT16)(clips), reference(clips)):
        assert found.dtype == torch.float32
        assert torch.cosine_similarity(found, wanted).min() > 0.99
        assert errors(found, wanted.double()).median() > 1e-4, 'this is not bfloat16'


@pytest.mark.parametrize('dtype', [FLOAT32, BFLOAT16])
def test_weights_are_constants_once_frozen(archive: Archive, folder: Path, dtype: int) -> None:
    network = frozen(archive, narrow(folder), dtype)
    kind = torch.bfloat16 if dtype == BFLOAT16 else torch.float32
    assert_packable(network, {'aten::linear': 1 + 2 * 4 + 1}, kind)


def test_too_short_a_clip(archive: Archive, folder: Path) -> None:
    with pytest.raises(torch.jit.Error, match='more than 15 hops'):
        frozen(archive, narrow(folder))(torch.randn(1, 4800))
