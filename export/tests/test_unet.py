import pytest
import torch
from conftest import Archive
from diffusers import UNet2DConditionModel
from parity import TOLERANCE, bound_and_frozen, deviation, kinds, randomize

from audioldm_export.binding import Attribute

D, C = 'DownBlock2D', 'CrossAttnDownBlock2D'
U, X = 'UpBlock2D', 'CrossAttnUpBlock2D'


def reference_unet(
    widths: tuple[int, ...], down: str, up: str, **options: object
) -> UNet2DConditionModel:
    """`down` and `up` hold a letter a level: A with attention, - without."""
    config = {
        'in_channels': 8,
        'out_channels': 8,
        'down_block_types': tuple(C if letter == 'A' else D for letter in down),
        'up_block_types': tuple(X if letter == 'A' else U for letter in up),
        'block_out_channels': widths,
        'cross_attention_dim': widths,
        'layers_per_block': 2,
        'attention_head_dim': 4,
        'norm_num_groups': 4,
        'class_embed_type': 'simple_projection',
        'class_embeddings_concat': True,
        'projection_class_embeddings_input_dim': 512,
    }
    return randomize(UNet2DConditionModel(**(config | options)))


def attributes_of(unet: UNet2DConditionModel) -> dict[str, Attribute]:
    config = unet.config
    levels = len(config.block_out_channels)

    def per_level(value: int | tuple[int, ...]) -> list[int]:
        return [value] * levels if isinstance(value, int) else list(value)

    return {
        'num_levels': levels,
        'layers_per_block': per_level(config.layers_per_block),
        'down_attention': [name == C for name in config.down_block_types],
        'up_attention': [name == X for name in config.up_block_types],
        'heads': per_level(config.attention_head_dim),
        'norm_groups': config.norm_num_groups,
        'norm_eps': config.norm_eps,
        'flip_sin_to_cos': config.flip_sin_to_cos,
        'freq_shift': float(config.freq_shift),
    }


CONFIGS = {
    'published structure': ((8, 16, 24, 40), '-AAA', 'AAA-', {}),
    'two levels, none at the bottom': ((8, 12), 'A-', '-A', {'attention_head_dim': (2, 3)}),
    'one level': ((12,), 'A', 'A', {'layers_per_block': 1}),
    'three levels, a list of layers': (
        (8, 16, 24),
        '-A-',
        'A-A',
        {'layers_per_block': (1, 4, 2), 'norm_eps': 1e-3, 'norm_num_groups': 8},
    ),
    'sine first, shifted': (
        (16, 8),
        'AA',
        'AA',
        {'flip_sin_to_cos': False, 'freq_shift': 1, 'layers_per_block': 3},
    ),
    'an odd width': ((9, 6), '-A', 'A-', {'norm_num_groups': 3, 'attention_head_dim': 2}),
    'six levels': ((4, 4, 8, 8, 12, 12), '-A-A-A', 'A-A-A-', {'layers_per_block': 1}),
    'heads per level': ((8, 16, 24, 40), '-AAA', 'AAA-', {'attention_head_dim': (4, 8, 12, 20)}),
}

SIZES = [(2, 24, 16), (1, 7, 5), (1, 2, 16), (3, 1, 16), (1, 1, 1), (2, 2, 2), (1, 13, 16)]


@pytest.mark.parametrize('name', CONFIGS)
def test_agrees_with_diffusers(archive: Archive, name: str) -> None:
    widths, down, up, options = CONFIGS[name]
    reference = reference_unet(widths, down, up, **options)
    modules = bound_and_frozen(archive('unet'), attributes_of(reference), reference.state_dict())
    for batch, height, width in SIZES if name == 'published structure' else SIZES[:3]:
        sample = torch.randn(batch, 8, height, width)
        timestep = torch.tensor([981.0, 1.0, 500.5][:batch])
        labels = torch.randn(batch, 512)
        with torch.no_grad():
            expected = reference(sample, timestep, None, class_labels=labels).sample
            for module in modules:
                assert deviation(module(sample, timestep, labels), expected) < TOLERANCE


def test_gradients_agree_with_diffusers(archive: Archive) -> None:
    reference = reference_unet((8, 12), '-A', 'A-')
    module, _ = bound_and_frozen(archive('unet'), attributes_of(reference), reference.state_dict())
    parameters = {name: p for name, p in module.named_parameters() if p.numel() > 0}
    for parameter in parameters.values():
        parameter.requires_grad_(True)
    sample, labels = torch.randn(2, 8, 6, 5), torch.randn(2, 512)
    timestep, noise = torch.tensor([10.0, 900.0]), torch.randn(2, 8, 6, 5)
    (module(sample, timestep, labels) - noise).square().mean().backward()
    expected = reference(sample, timestep, None, class_labels=labels).sample
    (expected - noise).square().mean().backward()
    for name, parameter in reference.named_parameters():
        scale = parameter.grad.abs().max()
        assert scale > 0, name
        assert (parameters[name].grad - parameter.grad).abs().max() / scale < TOLERANCE, name


def test_bfloat16_computes_in_bfloat16(archive: Archive) -> None:
    reference = reference_unet((8, 16), '-A', 'A-')
    tensors = {name: tensor.bfloat16() for name, tensor in reference.state_dict().items()}
    sample, labels = torch.randn(1, 8, 12, 16), torch.randn(1, 512)
    timestep = torch.tensor([499.0])
    expected = reference(sample, timestep, None, class_labels=labels).sample
    for module in bound_and_frozen(archive('unet'), attributes_of(reference), tensors):
        output = module(sample, timestep, labels)
        assert output.dtype == torch.bfloat16
        assert (output - expected).std() / expected.std() < 0.05


def test_frozen_graph_is_plain(archive: Archive) -> None:
    """One product gives q, k and v, and nothing else is computed than what the structure says."""
    reference = reference_unet((8, 16, 24, 40), '-AAA', 'AAA-')
    _, frozen = bound_and_frozen(archive('unet'), attributes_of(reference), reference.state_dict())
    counts = kinds(frozen.graph)
    assert counts['aten::scaled_dot_product_attention'] == 2 * 16
    # Per resnet conv_shortcut and time_emb_proj, per transformer proj_in, proj_out and 6.
    shortcuts = sum('conv_shortcut.weight' in name for name in reference.state_dict())
    assert counts['aten::linear'] == 3 + 22 + shortcuts + 16 * 8
