"""The leaves every architecture is made of.

Parameters are created empty: widths come from the tensors bound by name when an archive is loaded.
Whatever a config says (groups, epsilons, head counts) reaches a leaf as an argument of `forward`,
so that it can be set once, on the root module. Only operators that TorchScript knows as such are
called: the Python helpers of `torch.nn.functional` would leave branches in a frozen graph.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def empty() -> nn.Parameter:
    return nn.Parameter(torch.empty(0))


class Linear(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = empty()
        self.bias = empty()

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight, self.bias)


class LinearNoBias(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = empty()

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight)


class Conv2d(nn.Module):
    def __init__(self, stride: int = 1, padding: int = 1) -> None:
        super().__init__()
        self.weight = empty()
        self.bias = empty()
        self.stride = stride
        self.padding = padding

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.weight, self.bias, self.stride, self.padding)


class PointwiseConv2d(nn.Module):
    """A 1×1 convolution: in channels-last memory a matrix product on the pixels as they lie."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = empty()
        self.bias = empty()

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x.permute(0, 2, 3, 1), self.weight.flatten(1), self.bias).permute(
            0, 3, 1, 2
        )


class GroupNorm(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = empty()
        self.bias = empty()

    def forward(self, x: Tensor, groups: int, eps: float = 1e-6) -> Tensor:
        return torch.group_norm(x, groups, self.weight, self.bias, eps)


class LayerNorm(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = empty()
        self.bias = empty()

    def forward(self, x: Tensor, eps: float = 1e-5) -> Tensor:
        return torch.layer_norm(x, [self.weight.shape[0]], self.weight, self.bias, eps)


class Embedding(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = empty()

    def forward(self, ids: Tensor) -> Tensor:
        return torch.embedding(self.weight, ids)


class Upsample(nn.Module):
    """Nearest-neighbour resize to `size`, then a convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = Conv2d()

    def forward(self, x: Tensor, size: list[int]) -> Tensor:
        return self.conv(torch.ops.aten.upsample_nearest2d(x, size))


def channels_last(x: Tensor, weight: Tensor) -> Tensor:
    """An input as the convolutions want it: in the weights' dtype and in channels-last memory."""
    return x.to(weight.dtype).contiguous(memory_format=torch.channels_last)
