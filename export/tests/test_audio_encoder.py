import pytest
import torch
from conftest import Archive
from parity import bound_and_frozen, deviation
from reference_clap_audio import (
    attributes_of,
    prepared,
    reference_audio_encoder,
    reference_embedding,
    sound,
    weights_of,
)

from audioldm_export.binding import bind

# Measured: 4e-6, and 2e-5 for a deep narrow tower. transformers rounds its spectrogram to float32.
TOLERANCE = 5e-5

NARROW = {
    'patch_embeds_hidden_size': 8,
    'hidden_size': 64,
    'projection_dim': 32,
    'num_attention_heads': [1, 2, 4, 8],
}
TINY, BASE = [2, 2, 6, 2], [2, 2, 12, 2]


@pytest.fixture(autouse=True)
def _no_grad() -> object:
    with torch.no_grad():
        yield


def frozen(archive: Archive, **options: object) -> tuple[torch.nn.Module, torch.jit.ScriptModule]:
    reference = reference_audio_encoder(**options)
    attributes = attributes_of(reference.config)
    # One loop over clips, one over pieces of a spectrogram.
    modules = bound_and_frozen(archive('audio_encoder'), attributes, weights_of(reference), loops=2)
    return reference, modules[1]


@pytest.mark.parametrize('depths', [TINY, BASE], ids=['tiny', 'base'])
def test_agrees_with_transformers(archive: Archive, depths: list[int]) -> None:
    reference, encoder = frozen(archive, **NARROW, depths=depths)
    clips = [sound(seconds) for seconds in (1, 5, 10, 12)]
    found = encoder(torch.stack([prepared(clip) for clip in clips]))
    expected = torch.cat([reference_embedding(reference, clip) for clip in clips])
    assert expected.std(0).mean() > 0.1 * expected.std(), 'all clips are alike'
    assert deviation(found, expected) < TOLERANCE


CONFIGS = {
    'one level of a single window': {
        **NARROW,
        'hidden_size': 8,
        'depths': [3],
        'num_attention_heads': [2],
        'patch_size': 32,
        'patch_stride': 32,
    },
    'small windows, overlapping patches of unequal sides': {
        **NARROW,
        'hidden_size': 16,
        'depths': [2, 4],
        'num_attention_heads': [4, 2],
        'window_size': 4,
        'patch_size': [10, 16],
        'patch_stride': [8, 16],
        'layer_norm_eps': 1e-2,
        'mlp_ratio': 1.5,
    },
    'fewer bands in a larger image': {
        **NARROW,
        'hidden_size': 32,
        'depths': [1, 1, 2],
        'num_attention_heads': [1, 1, 2],
        'num_mel_bins': 16,
        'spec_size': 128,
    },
}


@pytest.mark.parametrize('name', CONFIGS)
def test_agrees_with_transformers_on_other_structures(archive: Archive, name: str) -> None:
    reference, encoder = frozen(archive, **CONFIGS[name])
    clip = sound(4)
    expected = reference_embedding(reference, clip)
    assert deviation(encoder(prepared(clip)[None]), expected) < TOLERANCE


def test_frequencies_are_those_of_the_feature_extractor(archive: Archive) -> None:
    reference = reference_audio_encoder(**NARROW, depths=[1, 1, 1, 1])
    attributes = attributes_of(reference.config) | {'min_frequency': 0.0}
    encoder = torch.jit.freeze(bind(archive('audio_encoder'), attributes, weights_of(reference)))
    clip = sound(10)
    found = encoder(clip[None])
    assert deviation(found, reference_embedding(reference, clip, lowest=0.0)) < TOLERANCE
    assert deviation(found, reference_embedding(reference, clip, lowest=50.0)) > 100 * TOLERANCE


def test_clips_of_a_batch_do_not_see_one_another(archive: Archive) -> None:
    _, encoder = frozen(archive, **NARROW, depths=[2, 2, 2, 2])
    clips = torch.stack([prepared(sound(seconds)) for seconds in (3, 10)])
    clips = torch.cat([clips, torch.full_like(clips[:1], torch.nan), torch.zeros_like(clips[:1])])
    alone = torch.cat([encoder(clip[None]) for clip in clips])
    assert torch.equal(encoder(clips).nan_to_num(9), alone.nan_to_num(9))
    assert alone[2].isnan().all()
    assert alone[[0, 1, 3]].isfinite().all()


def test_every_parameter_is_bound(archive: Archive) -> None:
    reference = reference_audio_encoder(**NARROW, depths=TINY)
    module = bind(archive('audio_encoder'), attributes_of(reference.config), weights_of(reference))
    frozen = torch.jit.freeze(module)
    counts = {'aten::linear': 4 * sum(TINY) + 3 + 2, 'aten::conv2d': 1, 'aten::layer_norm': 29}
    assert {kind: len(frozen.graph.findAllNodes(kind)) for kind in counts} == counts
    # Biases and masks of windows are constants.
    for node in frozen.graph.findAllNodes('aten::scaled_dot_product_attention'):
        mask = list(node.inputs())[3]
        assert mask.node().kind() in ('prim::Constant', 'aten::expand')
    assert not frozen.graph.findAllNodes('aten::embedding')
    assert not frozen.graph.findAllNodes('aten::arange')


@pytest.mark.parametrize(('dtype', 'tolerance'), [(torch.bfloat16, 0.05), (torch.float16, 0.005)])
def test_narrow_floats(archive: Archive, dtype: torch.dtype, tolerance: float) -> None:
    """All weights are narrow, as the core binds them; the front-end computes in float64 still."""
    reference = reference_audio_encoder(**NARROW, depths=[2, 2, 2, 2])
    narrow = {name: tensor.to(dtype) for name, tensor in weights_of(reference).items()}
    wide = {name: tensor.float() for name, tensor in narrow.items()}
    clip, attributes = prepared(sound(5))[None], attributes_of(reference.config)
    found, exact = (
        torch.jit.freeze(bind(archive('audio_encoder'), attributes, weights))(clip)
        for weights in (narrow, wide)
    )
    assert found.dtype == dtype
    assert deviation(found, exact) < tolerance


@pytest.mark.slow
@pytest.mark.parametrize(
    'options',
    [{}, {'patch_embeds_hidden_size': 128, 'hidden_size': 1024, 'depths': BASE}],
    ids=['tiny', 'base'],
)
def test_agrees_with_transformers_at_full_size(
    archive: Archive, options: dict[str, object]
) -> None:
    reference, encoder = frozen(archive, **options)
    for seconds in (1, 5, 10, 12):
        clip = sound(seconds)
        expected = reference_embedding(reference, clip)
        assert deviation(encoder(prepared(clip)[None]), expected) < TOLERANCE
