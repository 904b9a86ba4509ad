import pytest
import torch
from conftest import Archive
from diffusers import AutoencoderKL
from parity import TOLERANCE, bound_and_frozen, deviation, randomize
from torch import Tensor

from audioldm_export.binding import Attribute


def reference_vae(widths: tuple[int, ...], **options: object) -> AutoencoderKL:
    config = {
        'in_channels': 1,
        'out_channels': 1,
        'latent_channels': 8,
        'down_block_types': ('DownEncoderBlock2D',) * len(widths),
        'up_block_types': ('UpDecoderBlock2D',) * len(widths),
        'block_out_channels': widths,
        'layers_per_block': 2,
        'norm_num_groups': 4,
    }
    return randomize(AutoencoderKL(**(config | options)))


def attributes_of(vae: AutoencoderKL) -> dict[str, Attribute]:
    return {
        'num_levels': len(vae.config.block_out_channels),
        'layers_per_block': vae.config.layers_per_block,
        'norm_groups': vae.config.norm_num_groups,
        'mid_attention': vae.config.mid_block_add_attention,
    }


def half(vae: AutoencoderKL, *prefixes: str) -> dict[str, Tensor]:
    return {name: t for name, t in vae.state_dict().items() if name.startswith(prefixes)}


CONFIGS = {
    'published structure': ((8, 16, 32), {}),
    'one level, one layer': ((12,), {'layers_per_block': 1}),
    'four levels, four layers': ((4, 8, 8, 12), {'layers_per_block': 4}),
    'no attention': ((8, 16), {'mid_block_add_attention': False, 'norm_num_groups': 8}),
    'four latent channels': ((8, 8), {'latent_channels': 4}),
}


@pytest.mark.parametrize('name', CONFIGS)
def test_decoder_agrees_with_diffusers(archive: Archive, name: str) -> None:
    widths, options = CONFIGS[name]
    reference = reference_vae(widths, **options)
    tensors = half(reference, 'decoder.', 'post_quant_conv.')
    modules = bound_and_frozen(archive('vae_decoder'), attributes_of(reference), tensors)
    for size in [(24, 16), (1, 16), (7, 5), (1, 1)]:
        z = torch.randn(2, reference.config.latent_channels, *size)
        with torch.no_grad():
            expected = reference.decode(z).sample
            for module in modules:
                assert deviation(module(z), expected) < TOLERANCE


@pytest.mark.parametrize('name', CONFIGS)
def test_encoder_agrees_with_diffusers(archive: Archive, name: str) -> None:
    widths, options = CONFIGS[name]
    reference = reference_vae(widths, **options)
    tensors = half(reference, 'encoder.', 'quant_conv.')
    modules = bound_and_frozen(archive('vae_encoder'), attributes_of(reference), tensors)
    for size in [(96, 64), (37, 21), (8, 8)]:
        mel = torch.randn(2, 1, *size)
        with torch.no_grad():
            # latent_dist clamps the log-variance; these are the moments as quant_conv gives them.
            expected = reference.quant_conv(reference.encoder(mel))
            for module in modules:
                assert deviation(module(mel), expected) < TOLERANCE


def test_gradients_agree_with_diffusers(archive: Archive) -> None:
    reference = reference_vae((8, 16))
    z = torch.randn(1, 8, 5, 4, requires_grad=True)
    module, _ = bound_and_frozen(
        archive('vae_decoder'),
        attributes_of(reference),
        half(reference, 'decoder.', 'post_quant_conv.'),
    )
    (actual,) = torch.autograd.grad(module(z).square().sum(), z)
    (expected,) = torch.autograd.grad(reference.decode(z).sample.square().sum(), z)
    assert deviation(actual, expected) < TOLERANCE
