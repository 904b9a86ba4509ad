"""Runs native operations through the program metrics_trace (its protocol is stated there)."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field

import numpy as np


class OperationError(Exception):
    """What an operation threw: its code and message."""


@dataclass
class Outcome:
    """Results of one request, or the error in their place."""

    results: list[np.ndarray] = field(default_factory=list)
    milliseconds: float = 0.0
    error: str = ''


class Operations:
    """A running metrics_trace."""

    def __init__(self, binary: str) -> None:
        self._process = subprocess.Popen([binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __enter__(self) -> Operations:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()
        if self._process.wait(timeout=10) != 0:
            raise RuntimeError(f'metrics_trace ended with {self._process.returncode}')

    def outcome(self, name: str, *inputs: np.ndarray, **parameters: float) -> Outcome:
        self._send(name, inputs, parameters)
        line = self._process.stdout.readline().decode().rstrip('\n')
        if line.startswith('error '):
            return Outcome(error=line.removeprefix('error '))
        fields = line.split()
        if len(fields) != 3 or fields[0] != 'ok':
            raise RuntimeError(f'metrics_trace answered {line!r} to {name}')
        return Outcome([self._receive() for _ in range(int(fields[1]))], float(fields[2]))

    def __call__(self, name: str, *inputs: np.ndarray, **parameters: float) -> list[np.ndarray]:
        outcome = self.outcome(name, *inputs, **parameters)
        if outcome.error:
            raise OperationError(f'{name}: {outcome.error}')
        return outcome.results

    def _send(
        self, name: str, inputs: tuple[np.ndarray, ...], parameters: dict[str, float]
    ) -> None:
        out = self._process.stdin
        out.write(f'operation {name} {len(parameters)} {len(inputs)}\n'.encode())
        for key, value in parameters.items():
            out.write(f'{key} {float(value)!r}\n'.encode())
        for array in inputs:
            sizes = ' '.join(str(size) for size in array.shape)
            out.write(f'{array.dtype.name} {array.ndim} {sizes}\n'.encode())
            out.write(np.ascontiguousarray(array).tobytes())
        out.flush()

    def _receive(self) -> np.ndarray:
        dtype, dimensions, *sizes = self._process.stdout.readline().split()
        shape = tuple(int(size) for size in sizes[: int(dimensions)])
        kind = np.dtype(dtype.decode())
        data = self._process.stdout.read(int(np.prod(shape, dtype=int)) * kind.itemsize)
        return np.frombuffer(data, kind).reshape(shape)
