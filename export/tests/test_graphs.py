"""A graph computes what its archive computes, to the last bit."""

from collections.abc import Callable

import pytest
import torch
from conftest import Archive
from torch import Tensor

from audioldm_export import configs, layouts
from audioldm_export.binding import Attribute, bind
from audioldm_export.graphs import Structure, graph_text
from audioldm_export.random_model import random_tensors

TINY = configs.SIZES['tiny']
VAE = layouts.vae(configs.vae(TINY))


def part_of_vae(decoder: bool) -> layouts.Layout:
    prefixes = ('decoder.', 'post_quant_conv.')
    return {name: shape for name, shape in VAE.items() if name.startswith(prefixes) == decoder}


CASES: dict[str, tuple[layouts.Layout, dict[str, Attribute], Callable[[], list[Tensor]]]] = {
    'unet': (
        layouts.unet(configs.unet(TINY)),
        # A number that has no short form must arrive whole.
        {'norm_groups': TINY.groups, 'heads': [TINY.heads] * 4, 'norm_eps': 1e-5 / 3},
        lambda: [torch.randn(2, 8, 12, 16), torch.tensor([500.0, 3.0]), torch.randn(2, 512)],
    ),
    'vae_encoder': (
        part_of_vae(False),
        {'norm_groups': TINY.groups},
        lambda: [torch.randn(1, 1, 32, 64)],
    ),
    'vae_decoder': (
        part_of_vae(True),
        {'norm_groups': TINY.groups},
        lambda: [torch.randn(1, 8, 8, 16)],
    ),
    'vocoder': (
        layouts.vocoder(configs.vocoder(TINY)),
        {},
        lambda: [torch.randn(2, 20, 64)],
    ),
    'text_encoder': (
        layouts.text_encoder(configs.text_encoder(TINY, 300)),
        {'num_layers': TINY.text_layers, 'heads': TINY.text_heads},
        lambda: [torch.tensor([[0, 7, 9, 2], [0, 8, 2, 1]]), torch.tensor([[1] * 4, [1, 1, 1, 0]])],
    ),
}


def run(text: str, tensors: dict[str, Tensor], inputs: list[Tensor]) -> Tensor:
    """What the core does with the file."""
    (_, *names), ir = text[: text.index('graph(')].split(), text[text.index('graph(') :]
    forward = torch._C._create_function_from_graph('forward', torch._C.parse_ir(ir))
    return forward(*inputs, *(tensors[name] for name in names))


def structure(name: str) -> Structure:
    layout, attributes, _ = CASES[name]
    return Structure(
        f'{name}.graph', name, attributes, {key: len(shape) for key, shape in layout.items()}
    )


@pytest.mark.parametrize('name', CASES)
def test_equals_its_archive(archive: Archive, name: str) -> None:
    layout, attributes, inputs = CASES[name]
    tensors = random_tensors(layout, torch.Generator().manual_seed(1))
    text = graph_text(structure(name), archive(name))
    assert 'prim::Loop' not in text
    with torch.no_grad():
        values = inputs()
        found = run(text, tensors, values)
        assert found.isfinite().all()
        assert found.std() > 0
        assert torch.equal(found, bind(archive(name), attributes, tensors)(*values))
