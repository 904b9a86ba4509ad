"""VGGish as torchvggish has it: a NumPy front-end and a plain PyTorch network.

The front-end is computed in float64 and its result cast to the dtype of the weights.
Nothing here is shared with the archive.
"""

import copy
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

SAMPLE_RATE = 16000
WINDOW_SAMPLES = 400
HOP_SAMPLES = 160
FFT_SAMPLES = 512
MEL_BINS = 64
EXAMPLE_FRAMES = 96


def hertz_to_mel(hertz: np.ndarray | float) -> np.ndarray | float:
    return 1127.0 * np.log(1.0 + np.asarray(hertz) / 700.0)


def mel_matrix() -> np.ndarray:
    """[257, 64], band by band."""
    bins = hertz_to_mel(np.linspace(0.0, SAMPLE_RATE / 2, FFT_SAMPLES // 2 + 1))
    edges = np.linspace(hertz_to_mel(125.0), hertz_to_mel(7500.0), MEL_BINS + 2)
    matrix = np.empty((len(bins), MEL_BINS))
    for band in range(MEL_BINS):
        low, mid, high = edges[band : band + 3]
        up = (bins - low) / (mid - low)
        down = (high - bins) / (high - mid)
        matrix[:, band] = np.maximum(0.0, np.minimum(up, down))
    matrix[0, :] = 0.0
    return matrix


def log_mel_examples(waveform: np.ndarray) -> np.ndarray:
    """Samples [n] → [examples, 96, 64]; frames that fill no example are dropped."""
    frame_count = 1 + (len(waveform) - WINDOW_SAMPLES) // HOP_SAMPLES
    phase = 2 * np.pi / WINDOW_SAMPLES * np.arange(WINDOW_SAMPLES)
    window = 0.5 - 0.5 * np.cos(phase)
    starts = HOP_SAMPLES * np.arange(frame_count)
    frames = waveform.astype(np.float64)[starts[:, None] + np.arange(WINDOW_SAMPLES)]
    magnitude = np.abs(np.fft.rfft(frames * window, FFT_SAMPLES))
    log_mel = np.log(magnitude @ mel_matrix() + 0.01)
    count = frame_count // EXAMPLE_FRAMES
    return log_mel[: count * EXAMPLE_FRAMES].reshape(count, EXAMPLE_FRAMES, MEL_BINS)


class Vggish(nn.Module):
    """Waveform [n] → [examples, 128], a clip at a time."""

    def __init__(self, width: int = 64, final_relu: bool = True) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        in_channels = 1
        for item in (1, 'M', 2, 'M', 4, 4, 'M', 8, 8, 'M'):
            if isinstance(item, str):
                layers.append(nn.MaxPool2d(kernel_size=2, stride=2))
            else:
                layers.append(nn.Conv2d(in_channels, item * width, kernel_size=3, padding=1))
                layers.append(nn.ReLU(inplace=True))
                in_channels = item * width
        self.features = nn.Sequential(*layers)
        head = [
            nn.Linear(in_channels * 4 * 6, 64 * width),
            nn.ReLU(inplace=True),
            nn.Linear(64 * width, 64 * width),
            nn.ReLU(inplace=True),
            nn.Linear(64 * width, 128),
        ]
        self.embeddings = nn.Sequential(*head, *([nn.ReLU(inplace=True)] if final_relu else []))

    def forward(self, waveform: np.ndarray) -> Tensor:
        dtype = self.embeddings[0].weight.dtype
        x = torch.from_numpy(log_mel_examples(waveform)).to(dtype)[:, None]
        x = self.features(x)
        x = torch.transpose(x, 1, 3)
        x = torch.transpose(x, 1, 2)
        x = x.contiguous().view(x.size(0), -1)
        return self.embeddings(x)


def reordered(network: Vggish, seed: int) -> Vggish:
    """The same function with its hidden units in another order: float32 then rounds otherwise."""
    twin, generator = copy.deepcopy(network), torch.Generator().manual_seed(seed)
    linears = [layer for layer in twin.embeddings if isinstance(layer, nn.Linear)]
    for layer, next_layer in pairwise(linears):
        order = torch.randperm(layer.out_features, generator=generator)
        layer.weight.data, layer.bias.data = layer.weight.data[order], layer.bias.data[order]
        next_layer.weight.data = next_layer.weight.data[:, order]
    conv = [layer for layer in twin.features if isinstance(layer, nn.Conv2d)][-1]
    order = torch.randperm(conv.out_channels, generator=generator)
    conv.weight.data, conv.bias.data = conv.weight.data[order], conv.bias.data[order]
    # Its channels are the fastest index of what the first linear layer sees.
    columns = linears[0].weight.data.unflatten(1, (-1, conv.out_channels))
    linears[0].weight.data = columns[..., order].flatten(1)
    return twin


def load_vggish(path: Path, final_relu: bool) -> Vggish:
    """From the published layout, in float32, in evaluation mode."""
    weights = torch.load(path, map_location='cpu', weights_only=True)
    network = Vggish(width=len(weights['features.0.weight']), final_relu=final_relu)
    network.load_state_dict(weights)
    return network.eval()
