"""Clips of two seconds that a front-end may stumble over, and files with random weights."""

from pathlib import Path

import torch
from torch import Tensor

from audioldm_export.random_backbone import write_random_backbone

WIDTH = 8


def random_backbone(folder: Path, kind: str, file_format: str, width: int = WIDTH) -> Path:
    path = folder / f'{kind}-{file_format}-{width}.pth'
    if not path.exists():
        write_random_backbone(path, kind, file_format, width, seed=0)
    return path


def hard_clips(rate: int, seconds: float = 2.0) -> Tensor:
    """Tones, chirps, noise, clicks, silence, a constant, 20 ms and then nothing, a whisper."""
    time = torch.arange(int(rate * seconds), dtype=torch.float64) / rate
    noise = torch.randn(len(time), dtype=torch.float64)
    clips = [torch.sin(2 * torch.pi * tone * time) / 2 for tone in (55, 440, 1000, 3520, 7040)]
    clips += [
        torch.sin(2 * torch.pi * low * time * (1 + rise * time)) * 0.8
        for low, rise in ((50, 30), (400, 2), (3000, -0.3))
    ]
    clips += [noise * 0.2, noise.cumsum(0) / 100, clips[1] + noise * 1e-4]
    clicks = torch.zeros_like(time)
    clicks[:: rate // 7] = 1
    short = clips[1] * (time < 0.02)
    clips += [clicks, torch.zeros_like(time), torch.full_like(time, 0.3), short, clips[2] * 1e-5]
    return torch.stack(clips).float()


def errors(actual: Tensor, exact: Tensor) -> Tensor:
    """The largest error of each clip, in units of what is typical of all clips' values."""
    assert actual.shape == exact.shape
    assert actual.isfinite().all()
    rms = exact.square().mean().sqrt()
    return (actual.double() - exact).abs().flatten(1).amax(1) / rms


def assert_same_in_any_batch(
    network: torch.nn.Module, clips: Tensor, wanted: list[tuple[Tensor, ...]]
) -> None:
    """`wanted`: each clip's results alone."""
    for start, end in [(0, 1), (0, 2), (1, 3), (3, 8), (len(clips) - 5, len(clips))]:
        found = network(clips[start:end])
        for i, result in enumerate(found if isinstance(found, tuple) else (found,)):
            assert torch.equal(result, torch.cat([alone[i] for alone in wanted[start:end]]))


def assert_packable(network: torch.jit.ScriptModule, counts: dict[str, int], dtype: object) -> None:
    """The core replaces operators whose weights are constants of the frozen graph."""
    for kind, count in counts.items():
        nodes = network.graph.findAllNodes(kind)
        assert len(nodes) == count, kind
        for node in nodes:
            weight, bias = (value.toIValue() for value in list(node.inputs())[1:3])
            assert weight.dtype == bias.dtype
            assert weight.dtype in (dtype, torch.float32)
