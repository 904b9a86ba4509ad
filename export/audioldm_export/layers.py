"""The leaves every architecture is made of.

Parameters are created empty: widths come from the tensors bound by name when an archive is loaded.
Whatever a config says (groups, epsilons, head counts) reaches a leaf as an argument of `forward`,
so that it can be set once, on the root module. Only operators that TorchScript knows as such are
called: the Python helpers of `torch.nn.functional` would leave branches in a frozen graph.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

NOTHING = torch.empty(0)
FLOAT32 = 6  # as TorchScript counts dtypes


def empty() -> nn.Parameter:
    """All share one storage, so that an archive holds and loads one record instead of thousands."""
    return nn.Parameter(NOTHING)


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


def of_even_and_odd(weight: Tensor, dim: int) -> Tensor:
    """A filter of three taps on a signal of doubled values, as two filters of two taps."""
    first, middle, last = weight.unbind(dim)
    even = torch.stack([first, middle + last], dim)
    odd = torch.stack([first + middle, last], dim)
    return torch.stack([even, odd])


class UpsampleDouble(nn.Module):
    """Nearest-neighbour resize to twice the size, then a convolution, in 4/9 of the arithmetic.

    Each of the four outputs that stem from a pixel sees only 2 by 2 pixels, so four small filters,
    run as one convolution, do the work of the 3 by 3 one on the enlarged image.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv = Conv2d()

    def forward(self, x: Tensor) -> Tensor:
        batch, _, height, width = x.shape
        weight = of_even_and_odd(of_even_and_odd(self.conv.weight, 3), 3).flatten(0, 2)
        y = F.conv2d(x, weight, self.conv.bias.repeat(4), padding=[1, 1])
        y = y.permute(0, 2, 3, 1).contiguous()
        # Output row 2i + a is filter a at row i + a of y, and columns likewise.
        wide, channels = 4 * self.conv.bias.shape[0], self.conv.bias.shape[0]
        row = (width + 1) * wide
        y = y.as_strided(
            [batch, height, 2, width, 2, channels],
            [(height + 1) * row, row, row + 2 * channels, wide, wide + channels, 1],
        )
        return y.reshape(batch, 2 * height, 2 * width, channels).permute(0, 3, 1, 2)


def channels_last(x: Tensor, weight: Tensor) -> Tensor:
    """An input as the convolutions want it: in the weights' dtype and in channels-last memory."""
    return x.to(weight.dtype).contiguous(memory_format=torch.channels_last)
