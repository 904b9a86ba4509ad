"""Gives an architecture its attributes and weights, in Python as the native core does it in C++."""

from collections.abc import Mapping

from torch import Tensor, nn

Attribute = int | float | bool | list[int] | list[bool]


def bind(
    module: nn.Module, attributes: Mapping[str, Attribute], tensors: Mapping[str, Tensor]
) -> nn.Module:
    """Sets attributes on the root and tensors by name; a name the module lacks is an error."""
    for name, value in attributes.items():
        if not hasattr(module, name):
            raise AttributeError(f'the architecture has no attribute {name}')
        setattr(module, name, value)
    owners = dict(module.named_modules())
    names = {name for name, _ in module.named_parameters()}
    for name, tensor in tensors.items():
        if name not in names:
            raise AttributeError(f'the architecture has no parameter {name}')
        path, _, leaf = name.rpartition('.')
        setattr(owners[path], leaf, nn.Parameter(tensor.detach(), requires_grad=False))
    return module
