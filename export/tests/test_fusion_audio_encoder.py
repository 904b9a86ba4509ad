import numpy as np
import pytest
import torch
from conftest import Archive
from parity import deviation
from reference_clap_audio import RATE, attributes_of, reference_audio_encoder, sound, weights_of
from torch import Tensor
from transformers import ClapFeatureExtractor

from audioldm_export.binding import bind

# As for the tower without fusion.
TOLERANCE = 5e-5

NARROW = {
    'patch_embeds_hidden_size': 8,
    'hidden_size': 64,
    'projection_dim': 32,
    'num_attention_heads': [1, 2, 4, 8],
}


@pytest.fixture(autouse=True)
def _no_grad() -> object:
    with torch.no_grad():
        yield


def fused(**options: object) -> torch.nn.Module:
    """Batch norms that do something."""
    reference = reference_audio_encoder(**options, enable_fusion=True)
    for name, tensor in reference.named_buffers():
        if 'fusion_model' in name and name.endswith('running_mean'):
            tensor.normal_(0, 0.3)
        elif 'fusion_model' in name and name.endswith('running_var'):
            tensor.uniform_(0.5, 2)
    return reference


def expected(reference: torch.nn.Module, clip: Tensor, monkeypatch: pytest.MonkeyPatch) -> Tensor:
    """Of the stretches that are chosen at random: at the beginning, in the middle, at the end."""
    extractor = ClapFeatureExtractor(truncation='fusion', frequency_min=50)
    places = len(clip) // 480 + 1 - 1000
    starts = iter([0, places // 2, -1])

    def choice(allowed: np.ndarray) -> int:
        start = next(starts)
        chosen = allowed[-1] if start < 0 else start
        assert chosen in allowed
        return chosen

    monkeypatch.setattr(np.random, 'choice', choice)
    features = extractor(np.asarray(clip), sampling_rate=RATE, return_tensors='pt')
    # Of a batch without a longer clip the extractor calls one longer.
    longer = torch.tensor([[places > 1]])
    return reference(features.input_features, is_longer=longer).audio_embeds


def prepared(clip: Tensor) -> Tensor:
    length = 10 * RATE
    if len(clip) >= length:
        return clip
    repeated = clip.repeat(length // len(clip))
    return torch.nn.functional.pad(repeated, (0, length - len(repeated)))


# Shorter, exact, longer by less than a hop, by one, two and three hops, by much.
SECONDS = [3, 10, 10.005, 10.01, 10.02, 10.03, 14.2, 31]


@pytest.mark.parametrize('seconds', SECONDS)
def test_agrees_with_transformers(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    reference = fused(**NARROW, depths=[2, 2, 2, 2])
    weights = weights_of(reference)
    module = archive('fusion_audio_encoder')
    assert weights.keys() <= dict(module.named_parameters()).keys()
    encoder = torch.jit.freeze(bind(module, attributes_of(reference.config), weights))
    clip = sound(seconds)
    found = encoder(prepared(clip)[None])
    assert deviation(found, expected(reference, clip, monkeypatch)) < TOLERANCE


def test_longer_clips_are_heard_to_their_ends(archive: Archive) -> None:
    reference = fused(**NARROW, depths=[1, 1, 1, 1])
    attributes, weights = attributes_of(reference.config), weights_of(reference)
    encoder = torch.jit.freeze(bind(archive('fusion_audio_encoder'), attributes, weights))
    clip = sound(25)
    base = encoder(clip[None])
    for start in (1, 12, 24):
        other = clip.clone()
        other[start * RATE : (start + 1) * RATE] *= 0.01
        assert deviation(encoder(other[None]), base) > 100 * TOLERANCE


def test_clips_of_a_batch_do_not_see_one_another(archive: Archive) -> None:
    reference = fused(**NARROW, depths=[2, 2, 2, 2])
    attributes, weights = attributes_of(reference.config), weights_of(reference)
    encoder = torch.jit.freeze(bind(archive('fusion_audio_encoder'), attributes, weights))
    clips = torch.stack([sound(12), sound(12).flip(0), torch.zeros(12 * RATE)])
    assert torch.equal(encoder(clips), torch.cat([encoder(clip[None]) for clip in clips]))


def test_sixteen_bits(archive: Archive) -> None:
    """As NumPy cuts them off."""
    reference = reference_audio_encoder(**NARROW, depths=[1, 1, 1, 1])
    attributes, weights = attributes_of(reference.config), weights_of(reference)
    plain, quantizing = (
        torch.jit.freeze(bind(archive('audio_encoder'), attributes | {'quantize': q}, weights))
        for q in (False, True)
    )
    clip = sound(10) * 3
    cut = np.clip(np.asarray(clip), -1.0, 1.0)
    quantized = ((cut * 32767.0).astype('int16') / 32767.0).astype('float32')
    found = quantizing(clip[None])
    assert torch.equal(found, plain(torch.from_numpy(quantized)[None]))
    assert deviation(plain(clip[None]), found) > 10 * TOLERANCE


def test_all_weights_are_constants(archive: Archive) -> None:
    reference = fused(**NARROW, depths=[1, 1, 1, 1])
    attributes = attributes_of(reference.config)
    frozen = bind(archive('fusion_audio_encoder'), attributes, weights_of(reference))
    frozen = torch.jit.freeze(frozen)
    for kind, count in {'aten::linear': 4 * 4 + 3 + 2 + 4, 'aten::conv2d': 3}.items():
        nodes = frozen.graph.findAllNodes(kind)
        constants = [list(node.inputs())[1].node().kind() for node in nodes]
        assert set(constants) == {'prim::Constant'}, kind
        assert len(constants) == count


@pytest.mark.slow
def test_agrees_with_transformers_at_full_size(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = fused()
    attributes, weights = attributes_of(reference.config), weights_of(reference)
    encoder = torch.jit.freeze(bind(archive('fusion_audio_encoder'), attributes, weights))
    for seconds in (5, 14.2):
        clip = sound(seconds)
        wanted = expected(reference, clip, monkeypatch)
        assert deviation(encoder(prepared(clip)[None]), wanted) < TOLERANCE
