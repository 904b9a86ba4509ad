"""Where training runs, and in which precision."""

from contextlib import AbstractContextManager

import torch


def device() -> torch.device:
    return torch.device('cuda' if torch.cuda.is_available() else 'cpu')


def set_threads(threads: int | None) -> None:
    if threads is not None:
        torch.set_num_threads(threads)


def activations() -> torch.dtype:
    """bfloat16 where the hardware multiplies it."""
    fast = device().type == 'cuda' or torch.cpu._is_avx512_bf16_supported()
    return torch.bfloat16 if fast else torch.float32


def autocast(enabled: bool = True) -> AbstractContextManager[None]:
    """Activations in their type; weights stay float32."""
    fast = activations() == torch.bfloat16
    return torch.autocast(device().type, torch.bfloat16, enabled=enabled and fast)
