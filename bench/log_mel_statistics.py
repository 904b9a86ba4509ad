"""Write a feature extractor that knows nothing: mean and spread of 64 log-mel bands.

python bench/log_mel_statistics.py features.pt: a TorchScript archive for `--embedding
features.pt@16000`, waveforms [N, samples] to features [N, 128].
"""

import sys

import librosa
import torch
from torch import Tensor, nn


class LogMelStatistics(nn.Module):
    """Of magnitudes, in nepers, over time."""

    def __init__(self) -> None:
        super().__init__()
        mel = librosa.filters.mel(sr=16000, n_fft=1024, n_mels=64, fmin=0, fmax=8000)
        self.register_buffer('mel', torch.from_numpy(mel))
        self.register_buffer('window', torch.hann_window(1024))

    def forward(self, waveform: Tensor) -> Tensor:
        spectrum = torch.stft(waveform, 1024, 160, 1024, self.window, return_complex=True).abs()
        log_mel = (self.mel @ spectrum).clamp_min(1e-5).log()
        return torch.cat([log_mel.mean(-1), log_mel.std(-1)], dim=1)


torch.jit.script(LogMelStatistics().eval()).save(sys.argv[1])
