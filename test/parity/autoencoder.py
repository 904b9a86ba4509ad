"""Encodes and decodes sound files with AutoencoderKL of diffusers and SpeechT5HifiGan.

    python autoencoder.py MODEL OUT

Reads {"clips": [WAV files of 32-bit floats], "seed"} from standard input. For clip i, writes into
OUT: `mode-i.latents.f32` and `sample-i.latents.f32`, scaled as the UNet sees them, the first the
mean of the posterior and the second drawn with the seed; what becomes of them as `mode-i.wave.f32`
and `sample-i.wave.f32`; and `mel-i.f32`, the mel spectrogram alone, with what the vocoder makes of
it, `vocoded-i.f32`.
"""

import json
import sys
from pathlib import Path

import librosa
import numpy as np
import torch
from diffusers import AutoencoderKL
from resample import resample
from scipy.io import wavfile
from torch import Tensor
from transformers import SpeechT5HifiGan

RATE, HOP, SIZE, BANDS = 16000, 160, 1024, 64
FACTOR = 4


def training_waveform(path: str, frame: int) -> np.ndarray:
    """Zero mean, peak 0.5, and zeros to whole frames, as the training repository pads."""
    rate, samples = wavfile.read(path)
    samples = samples.astype(np.float64)
    samples = resample(samples - samples.mean(), rate, RATE)
    samples = samples - samples.mean()
    samples *= 0.5 / (np.abs(samples).max() + 1e-8)
    return np.pad(samples, (0, -len(samples) % frame))


def log_mel(samples: np.ndarray) -> np.ndarray:
    """[frames, bands]."""
    padding = (SIZE - HOP) // 2
    padded = np.pad(samples, padding, mode='reflect')
    frames = np.lib.stride_tricks.sliding_window_view(padded, SIZE)[::HOP]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(SIZE) / SIZE)
    filters = librosa.filters.mel(sr=RATE, n_fft=SIZE, n_mels=BANDS, dtype=np.float64)
    return np.log(np.maximum(np.abs(np.fft.rfft(frames * window)) @ filters.T, 1e-5))


@torch.inference_mode()
def main() -> None:
    model, out, request = Path(sys.argv[1]), Path(sys.argv[2]), json.load(sys.stdin)
    vae = AutoencoderKL.from_pretrained(model / 'vae').eval()
    vocoder = SpeechT5HifiGan.from_pretrained(model / 'vocoder').eval()

    def write(name: str, latents: Tensor) -> None:
        (vae.config.scaling_factor * latents).numpy().tofile(out / f'{name}.latents.f32')
        mel = vae.decode(latents).sample[:, 0]
        wave = vocoder(mel)[:, : mel.shape[1] * HOP]
        wave.numpy().tofile(out / f'{name}.wave.f32')

    for i, path in enumerate(request['clips']):
        mel = torch.from_numpy(log_mel(training_waveform(path, HOP))).float()
        mel.numpy().tofile(out / f'mel-{i}.f32')
        vocoder(mel[None])[0, : len(mel) * HOP].numpy().tofile(out / f'vocoded-{i}.f32')
        mel = torch.from_numpy(log_mel(training_waveform(path, HOP * FACTOR))).float()[None, None]
        posterior = vae.encode(mel).latent_dist
        write(f'mode-{i}', posterior.mode())
        generator = torch.Generator('cpu').manual_seed(request['seed'])
        write(f'sample-{i}', posterior.sample(generator))


main()
