import pytest
import torch
from conftest import Archive
from parity import TOLERANCE, bound_and_frozen, deviation, randomize
from transformers import SpeechT5HifiGan, SpeechT5HifiGanConfig

from audioldm_export.binding import Attribute


def reference_vocoder(**options: object) -> SpeechT5HifiGan:
    config = {
        'model_in_dim': 64,
        'upsample_initial_channel': 64,
        'upsample_rates': [5, 4, 2, 2, 2],
        'upsample_kernel_sizes': [16, 16, 8, 4, 4],
        'normalize_before': False,
    }
    vocoder = randomize(SpeechT5HifiGan(SpeechT5HifiGanConfig(**(config | options))))
    generator = torch.Generator().manual_seed(1)
    vocoder.mean.copy_(torch.randn(vocoder.mean.shape, generator=generator))
    vocoder.scale.copy_(torch.rand(vocoder.scale.shape, generator=generator) + 0.5)
    with torch.no_grad():
        vocoder.conv_post.weight.mul_(0.2)  # Clear of where tanh is flat.
    return vocoder


def attributes_of(vocoder: SpeechT5HifiGan) -> dict[str, Attribute]:
    config = vocoder.config
    dilations = config.resblock_dilation_sizes
    return {
        'upsample_rates': list(config.upsample_rates),
        'upsample_kernel_sizes': list(config.upsample_kernel_sizes),
        'resblock_kernel_sizes': list(config.resblock_kernel_sizes),
        'resblock_dilations': [step for steps in dilations for step in steps],
        'num_dilations': len(dilations[0]),
        'leaky_relu_slope': config.leaky_relu_slope,
        'normalize_before': config.normalize_before,
    }


CONFIGS = {
    'published structure': {},
    'normalised, another slope': {'normalize_before': True, 'leaky_relu_slope': 0.2},
    'two kernels, four dilations': {
        'resblock_kernel_sizes': [3, 5],
        'resblock_dilation_sizes': [[1, 2, 4, 8], [2, 1, 3, 5]],
        'upsample_rates': [4, 3],
        'upsample_kernel_sizes': [8, 7],
        'upsample_initial_channel': 20,
    },
    'one of each': {
        'resblock_kernel_sizes': [3],
        'resblock_dilation_sizes': [[1]],
        'upsample_rates': [8],
        'upsample_kernel_sizes': [16],
        'model_in_dim': 12,
    },
    'kernel as long as the rate, four kernels': {
        'resblock_kernel_sizes': [3, 7, 11, 5],
        'resblock_dilation_sizes': [[1, 3]] * 4,
        'upsample_rates': [5, 2],
        'upsample_kernel_sizes': [5, 2],
    },
    'eight stages': {
        'upsample_initial_channel': 512,
        'upsample_rates': [2, 1, 2, 1, 2, 1, 2, 1],
        'upsample_kernel_sizes': [4, 3, 4, 3, 4, 3, 4, 3],
        'resblock_kernel_sizes': [3],
        'resblock_dilation_sizes': [[1, 2]],
    },
}


@pytest.mark.parametrize('name', CONFIGS)
def test_agrees_with_transformers(archive: Archive, name: str) -> None:
    reference = reference_vocoder(**CONFIGS[name])
    modules = bound_and_frozen(archive('vocoder'), attributes_of(reference), reference.state_dict())
    for batch, frames in [(1, 33), (3, 4), (2, 1)]:
        mel = torch.randn(batch, frames, reference.config.model_in_dim) * 2 - 4
        with torch.no_grad():
            expected = reference(mel)
            for module in modules:
                assert deviation(module(mel), expected) < TOLERANCE


def test_takes_a_mel_in_any_memory_layout(archive: Archive) -> None:
    reference = reference_vocoder()
    _, frozen = bound_and_frozen(
        archive('vocoder'), attributes_of(reference), reference.state_dict()
    )
    mel = torch.randn(2, 64, 9).transpose(1, 2)
    with torch.no_grad():
        assert deviation(frozen(mel), reference(mel)) < TOLERANCE


def test_gradients_agree_with_transformers(archive: Archive) -> None:
    reference = reference_vocoder(upsample_initial_channel=32)
    module, _ = bound_and_frozen(
        archive('vocoder'), attributes_of(reference), reference.state_dict()
    )
    mel = torch.randn(1, 6, 64, requires_grad=True)
    (actual,) = torch.autograd.grad(module(mel).square().sum() * 1e3, mel)
    (expected,) = torch.autograd.grad(reference(mel).square().sum() * 1e3, mel)
    assert deviation(actual, expected) < TOLERANCE
