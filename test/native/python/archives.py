"""Writes the small TorchScript archives of network.test.ts: `archives.py FOLDER`."""

import sys
from pathlib import Path

import torch
from torch import Tensor, nn


class Scaled(nn.Module):
    """Has weights and tells training from evaluation."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 2)
        self.linear.weight.data = torch.tensor([[1.0, 0.0, 2.0], [0.0, -1.0, 0.5]])
        self.linear.bias.data = torch.tensor([10.0, 20.0])
        self.dropout = nn.Dropout(0.999)

    def forward(self, x: Tensor) -> Tensor:
        return self.dropout(self.linear(x))


class Bound(nn.Module):
    """As an archive of this package: weights and attributes come later."""

    power: int

    def __init__(self) -> None:
        super().__init__()
        self.power = 1
        self.weight = nn.Parameter(torch.empty(0))

    def forward(self, x: Tensor) -> Tensor:
        return (x @ self.weight) ** self.power


class Pair(nn.Module):
    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return (x + y).double(), (x[:, ::2] * y[:, ::2]).half(), (x > y).sum(1)


class Columns(nn.Module):
    def forward(self, x: Tensor) -> list[Tensor]:
        return list(x.t().unbind(1))


class InPlace(nn.Module):
    """Writes to its input and gives its own memory back."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer('calls', torch.zeros(1))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        self.calls.add_(1)
        return x.add_(1), self.calls


class Wrong(nn.Module):
    """Gives what is no tensor."""

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        return {'x': x}


class Nested(nn.Module):
    def forward(self, x: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        return x, (x, x)


class Complex(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.view_as_complex(x)


class Sparse(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.to_sparse()


class Refuses(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.numel() < 3:
            raise ValueError(f'the waveform has only {x.numel()} samples')
        return x.view(2, 5)


class Greedy(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.zeros(int(x.item()) << 30, dtype=torch.float64)


class Slow(nn.Module):
    """Multiplies matrices as often as its input says."""

    def forward(self, x: Tensor) -> Tensor:
        y = torch.eye(256)
        for _ in range(int(x.item())):
            y = y @ y
        return y.sum()


class NoForward(nn.Module):
    @torch.jit.export
    def encode(self, x: Tensor) -> Tensor:
        return x


def main(folder: Path) -> None:
    modules = [Bound(), Pair(), Columns(), InPlace(), Nested(), Complex(), Sparse()]
    modules += [Wrong(), Refuses(), Greedy(), Slow(), NoForward()]
    for module in modules:
        torch.jit.script(module).save(str(folder / f'{type(module).__name__.lower()}.pt'))
    scripted = torch.jit.script(Scaled().train())
    scripted.save(str(folder / 'training.pt'))
    torch.jit.freeze(scripted.eval()).save(str(folder / 'frozen.pt'))
    torch.jit.trace(Scaled().eval(), torch.zeros(1, 3)).save(str(folder / 'traced.pt'))


if __name__ == '__main__':
    main(Path(sys.argv[1]))
