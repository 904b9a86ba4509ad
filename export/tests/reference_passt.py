"""PaSST as hear21passt has it, in plain PyTorch modules with the published names.

Runs in the dtype of its weights. Nothing here is shared with the archive.
"""

import math
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

RATE, WINDOW, HOP = 32000, 320000, 80000


def kaldi_mel_banks(dtype: torch.dtype) -> Tensor:
    """128 bands from 0 to 15000 Hz, [128, 513]; in float64 and then in `dtype`."""

    def mel(hertz: float) -> float:
        return 1127 * math.log(1 + hertz / 700)

    step = mel(15000) / 129
    banks = torch.zeros(128, 513, dtype=torch.float64)
    for band in range(128):
        left, center, right = (step * (band + i) for i in range(3))
        for bin_ in range(512):
            place = mel(bin_ * RATE / 1024)
            if left < place <= center:
                banks[band, bin_] = (place - left) / (center - left)
            elif center < place < right:
                banks[band, bin_] = (right - place) / (right - center)
    return banks.to(dtype)


class Mel(nn.Module):
    def forward(self, waveform: Tensor) -> Tensor:
        """[B, n] → [B, 128, frames]."""
        kernel = torch.tensor([[[-0.97, 1.0]]], dtype=waveform.dtype)
        x = F.conv1d(waveform[:, None], kernel)[:, 0]
        window = torch.hann_window(800, periodic=False, dtype=torch.float64).to(x.dtype)
        spectrum = torch.stft(x, 1024, 320, 800, window, center=True, return_complex=True)
        power = torch.view_as_real(spectrum).square().sum(-1)
        return ((torch.matmul(kaldi_mel_banks(x.dtype), power) + 0.00001).log() + 4.5) / 5.0


class Attention(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        batch, tokens, width = x.shape
        q, k, v = self.qkv(x).reshape(batch, tokens, 3, 12, width // 12).permute(2, 0, 3, 1, 4)
        scores = q @ k.transpose(-2, -1) * (width // 12) ** -0.5
        x = (scores.softmax(-1) @ v).transpose(1, 2).reshape(batch, tokens, width)
        return self.proj(x)


class Mlp(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(F.gelu(self.fc1(x)))


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=1e-6)
        self.attn = Attention(width)
        self.norm2 = nn.LayerNorm(width, eps=1e-6)
        self.mlp = Mlp(width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class PatchEmbed(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(1, width, 16, stride=10)


class Passt(nn.Module):
    def __init__(self, width: int = 768, depth: int = 12) -> None:
        super().__init__()
        self.mel = Mel()
        self.patch_embed = PatchEmbed(width)
        self.cls_token = nn.Parameter(torch.empty(1, 1, width))
        self.dist_token = nn.Parameter(torch.empty(1, 1, width))
        self.new_pos_embed = nn.Parameter(torch.empty(1, 2, width))
        self.freq_new_pos_embed = nn.Parameter(torch.empty(1, width, 12, 1))
        self.time_new_pos_embed = nn.Parameter(torch.empty(1, width, 1, 99))
        self.blocks = nn.Sequential(*(Block(width) for _ in range(depth)))
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 527))
        self.head_dist = nn.Linear(width, 527)

    def network(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """[B, 128, frames] → features and logits."""
        x = self.patch_embed.proj(images[:, None])
        x = x + self.time_new_pos_embed[..., : x.shape[3]] + self.freq_new_pos_embed
        x = x.flatten(2).transpose(1, 2)
        cls = (self.cls_token + self.new_pos_embed[:, :1]).expand(len(x), -1, -1)
        dist = (self.dist_token + self.new_pos_embed[:, 1:]).expand(len(x), -1, -1)
        x = self.norm(self.blocks(torch.cat([cls, dist, x], dim=1)))
        features = (x[:, 0] + x[:, 1]) / 2
        return features, self.head(features)

    def forward(self, waveform: Tensor) -> tuple[Tensor, Tensor]:
        samples = waveform.shape[1]
        if samples <= WINDOW:
            return self.network(self.mel(waveform))
        padded = F.pad(waveform[:, None], (WINDOW // 2, WINDOW // 2), mode='reflect')[:, 0]
        starts = range(0, padded.shape[1] - WINDOW + 1, HOP)
        parts = [self.network(self.mel(padded[:, s : s + WINDOW])) for s in starts]
        features, logits = zip(*parts)
        return torch.stack(features).mean(0), torch.stack(logits).mean(0)


def load_passt(path: Path) -> Passt:
    """From the published file's layout, in float32, in evaluation mode."""
    weights = torch.load(path, map_location='cpu', weights_only=True)
    depth = sum(name.endswith('norm1.weight') for name in weights)
    network = Passt(weights['cls_token'].shape[2], depth)
    network.load_state_dict(weights)
    return network.eval()
