"""A linear layer whose rows do not depend on one another, to the last bit."""

from typing import Final

import torch
from torch import Tensor
from torch.nn import functional as F

from .layers import Linear

FLOAT32 = 6  # as TorchScript counts dtypes


class TiledLinear(Linear):
    """[rows, inputs] → [rows, outputs], as products of a fixed number of rows.

    Libraries choose another order of summation for another number of rows.
    """

    tile: Final = 16

    def forward(self, x: Tensor, dtype: int = FLOAT32) -> Tensor:
        rows = x.shape[0]
        weight, bias = self.weight.to(dtype), self.bias.to(dtype)
        padded = torch.constant_pad_nd(x.to(dtype), [0, 0, 0, -rows % self.tile])
        tiles = [F.linear(part, weight, bias) for part in padded.split(self.tile)]
        return torch.cat(tiles).narrow(0, 0, rows)
