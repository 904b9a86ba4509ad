import pytest
import torch
from torch.nn import functional as F

from audioldm_recipe.fast_norm import FastGroupNorm, with_fast_norms


@pytest.mark.parametrize(('channels', 'groups'), [(8, 8), (32, 8), (12, 1)])
def test_gradients_are_those_of_group_norm(channels: int, groups: int) -> None:
    norm = torch.nn.GroupNorm(groups, channels, eps=1e-6)
    torch.nn.init.normal_(norm.weight)
    torch.nn.init.normal_(norm.bias)
    x = (torch.randn(3, channels, 5, 7) * 2 + 1).requires_grad_()
    given = torch.randn(3, channels, 5, 7)
    inputs = (x, norm.weight, norm.bias)
    expected = torch.autograd.grad(norm(x), inputs, given)
    layer = with_fast_norms(torch.nn.Sequential(norm))[0]
    assert type(layer) is FastGroupNorm
    torch.testing.assert_close(layer(x), F.group_norm(x, groups, norm.weight, norm.bias, 1e-6))
    for found, wanted in zip(torch.autograd.grad(layer(x), inputs, given), expected):
        torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5)


def test_in_bfloat16_as_exact_as_the_type() -> None:
    norm = with_fast_norms(torch.nn.GroupNorm(8, 32))
    assert type(norm) is FastGroupNorm
    x = (torch.randn(2, 32, 16, 16) + 1).requires_grad_()
    given = torch.randn(2, 32, 16, 16)
    exact = torch.autograd.grad(F.group_norm(x, 8, norm.weight, norm.bias), x, given)[0]
    half = x.detach().bfloat16().requires_grad_()
    found = torch.autograd.grad(norm(half), half, given.bfloat16())[0]
    assert found.dtype == torch.bfloat16
    assert (found.float() - exact).norm() < 0.01 * exact.norm()
