"""What every comparison with a reference implementation shares."""

from collections import Counter
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from audioldm_export.binding import Attribute, bind

# Measured errors are near 1e-6; float32 rounding alone may reach a few 1e-5 on deep narrow models.
TOLERANCE = 1e-4


def randomize(module: nn.Module, seed: int = 0) -> nn.Module:
    """Weights that keep variance, so that no part of a model fades from its output."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if parameter.dim() > 1:
                parameter.copy_(noise / noise[0].numel() ** 0.5)
            else:
                parameter.copy_(noise * 0.1 + (parameter.abs() == 1))
    return module.eval()


def deviation(actual: Tensor, expected: Tensor) -> float:
    """Largest error in units of the expected output's standard deviation."""
    assert actual.shape == expected.shape
    assert torch.isfinite(expected).all()
    std = expected.double().std().item()
    assert std > 1e-3, 'the reference output vanishes: nothing would be compared'
    return (actual.double() - expected.double()).abs().max().item() / std


def kinds(graph: torch._C.Graph) -> Counter[str]:
    counts: Counter[str] = Counter()

    def count(block: torch._C.Block | torch._C.Graph) -> None:
        for node in block.nodes():
            counts[node.kind()] += 1
            for inner in node.blocks():
                count(inner)

    count(graph)
    return counts


def bound_and_frozen(
    module: torch.jit.ScriptModule,
    attributes: Mapping[str, Attribute],
    tensors: Mapping[str, Tensor],
    loops: int = 0,
) -> list[nn.Module]:
    """The module as training uses it and as inference does.

    The latter has no branch left, loops only over parts of its input, and whatever is done to
    weights is done: that is what a pass over the frozen graph relies on.
    """
    bind(module, attributes, tensors)
    frozen = torch.jit.freeze(module)
    counts = kinds(frozen.graph)
    assert counts['prim::If'] == 0
    assert counts['prim::Loop'] == loops
    assert counts['prim::GetAttr'] == 0
    for kind in ('aten::conv2d', 'aten::linear'):
        for node in frozen.graph.findAllNodes(kind):
            weight = list(node.inputs())[1]
            assert weight.node().kind() == 'prim::Constant', f'{kind} {weight.debugName()}'
    return [module, frozen]
