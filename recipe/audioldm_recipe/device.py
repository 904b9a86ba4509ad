"""Where training runs, and in which precision."""

from contextlib import AbstractContextManager

import torch


def device() -> torch.device:
    return torch.device('cuda' if torch.cuda.is_available() else 'cpu')


def set_threads(threads: int | None) -> None:
    if threads is not None:
        torch.set_num_threads(threads)


def autocast(enabled: bool = True) -> AbstractContextManager[None]:
    """bfloat16 where the hardware multiplies it; weights stay float32."""
    kind = device().type
    fast = kind == 'cuda' or torch.cpu._is_avx512_bf16_supported()
    return torch.autocast(kind, torch.bfloat16, enabled=enabled and fast)
