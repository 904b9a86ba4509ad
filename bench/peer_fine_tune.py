"""The peer of bench/fine-tune.mjs: training in plain PyTorch, diffusers and transformers.

    python bench/peer_fine_tune.py '{"model": DIR, "data": DIR, "encode": false, …}'

Prints one line of JSON. With `encode` every step reads sounds in two loader processes, makes
posteriors of them with the autoencoder and conditions of captions or sounds with CLAP, as the
research repository does (captions padded to 512 tokens, too). Without, posteriors and conditions
are there already, as tensors in memory.
"""

import csv
import json
import math
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import soundfile
import torch
import transformers
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from transformers import (
    AutoTokenizer,
    ClapAudioModelWithProjection,
    ClapTextModelWithProjection,
)

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent / 'export'))

from audioldm_export.mel_spectrogram import mel_filters
from peer_score import KERNELS, peak_mib, sinc_kernel

RATE, CLAP_RATE = 16000, 48000
LATENT_FRAMES_PER_SECOND = 25


def resample(wave: Tensor, rate: int, target: int) -> Tensor:
    """torchaudio's default, [B, n] → [B, m]."""
    if rate == target:
        return wave
    common = math.gcd(rate, target)
    orig, new = rate // common, target // common
    if (rate, target) not in KERNELS:
        kernel, reach = sinc_kernel(orig, new)
        KERNELS[rate, target] = kernel[:, None], reach, orig, new
    kernel, reach, orig, new = KERNELS[rate, target]
    padded = torch.nn.functional.pad(wave[:, None], (reach, reach + orig))
    out = torch.nn.functional.conv1d(padded, kernel, stride=orig)
    return out.transpose(1, 2).flatten(1)[:, : math.ceil(new * wave.shape[1] / orig)]


class LogMel:
    """Spectra in float32, [B, n] → [B, frames, bands]."""

    def __init__(self, rate: int, hop: int, padding: int, low: float, high: float) -> None:
        self.hop, self.padding = hop, padding
        self.filters = mel_filters(rate, 1024, 64, low, high).float()
        self.window = torch.hann_window(1024)

    def magnitudes(self, wave: Tensor) -> Tensor:
        padded = torch.nn.functional.pad(wave, (self.padding, self.padding), mode='reflect')
        spectrum = torch.stft(
            padded, 1024, self.hop, window=self.window, center=False, return_complex=True
        )
        return spectrum.abs().transpose(1, 2)


class AutoencoderMel(LogMel):
    def __init__(self) -> None:
        super().__init__(RATE, 160, 432, 0, 8000)

    def __call__(self, wave: Tensor) -> Tensor:
        return (self.magnitudes(wave) @ self.filters).clamp(min=1e-5).log()


class ClapMel(LogMel):
    def __init__(self) -> None:
        super().__init__(CLAP_RATE, 480, 512, 50, 14000)

    def __call__(self, wave: Tensor) -> Tensor:
        power = self.magnitudes(wave).square() @ self.filters
        return 10 * power.clamp(min=1e-10).log10()


class Sounds(Dataset):
    def __init__(self, folder: Path, seconds: float) -> None:
        with open(folder / 'meta' / 'esc50.csv') as file:
            self.rows = list(csv.DictReader(file))
        self.folder, self.samples = folder / 'audio', round(seconds * RATE)
        self.mel = AutoencoderMel()

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor, str]:
        row = self.rows[index]
        samples, rate = soundfile.read(
            self.folder / row['filename'], dtype='float32', always_2d=True
        )
        wave = resample(torch.from_numpy(samples[:, 0].copy())[None], rate, RATE)[0]
        wave = wave[: self.samples]
        wave = wave - wave.mean()
        wave = wave / (wave.abs().max() + 1e-8) * 0.5
        wave = torch.nn.functional.pad(wave, (0, self.samples - wave.shape[0]))
        label = row['category'].replace('_', ' ')
        return wave, self.mel(wave[None]), f'This is a sound of {label}.'


def forever(loader: DataLoader) -> Iterator:
    while True:
        yield from loader


class Encoder:
    """Posteriors and conditions, anew for every batch."""

    def __init__(self, job: dict) -> None:
        model = Path(job['model'])
        self.vae = AutoencoderKL.from_pretrained(model / 'vae').eval().requires_grad_(False)
        # The whole of CLAP stays loaded, whichever half conditions.
        self.tokenizer = AutoTokenizer.from_pretrained(model / 'tokenizer')
        self.text = ClapTextModelWithProjection.from_pretrained(model / 'text_encoder').eval()
        self.audio = ClapAudioModelWithProjection.from_pretrained(model / 'audio_encoder').eval()
        self.mel = ClapMel()
        self.condition = job['condition']
        data = Sounds(Path(job['data']), job['segmentSeconds'])
        loader = DataLoader(data, job['batchSize'], shuffle=True, drop_last=True, num_workers=2)
        self.batches = forever(loader)

    @torch.no_grad()
    def __call__(self) -> tuple[Tensor, Tensor]:
        waves, mels, captions = next(self.batches)
        latents = self.vae.encode(mels).latent_dist.sample()
        by_text = self.condition == 'text' or (self.condition == 'mixed' and random.random() < 0.5)
        embeds = self.embed_text(list(captions)) if by_text else self.embed_audio(waves)
        return latents, torch.nn.functional.normalize(embeds, dim=-1)

    def embed_text(self, captions: list[str]) -> Tensor:
        tokens = self.tokenizer(
            captions, padding='max_length', max_length=512, truncation=True, return_tensors='pt'
        )
        return self.text(tokens.input_ids, attention_mask=tokens.attention_mask).text_embeds

    def embed_audio(self, waves: Tensor) -> Tensor:
        waves = resample(waves, RATE, CLAP_RATE)
        seconds_10 = 10 * CLAP_RATE
        waves = waves.repeat(1, max(1, seconds_10 // waves.shape[1]))[:, :seconds_10]
        waves = torch.nn.functional.pad(waves, (0, seconds_10 - waves.shape[1]))
        features = self.mel(waves)[:, None]
        longer = torch.zeros(len(waves), 1, dtype=torch.bool)
        return self.audio(input_features=features, is_longer=longer).audio_embeds


class Cached:
    """The same, out of tensors in memory; how long a step takes does not depend on their values."""

    def __init__(self, job: dict, rows: int = 64) -> None:
        frames = round(job['segmentSeconds'] * LATENT_FRAMES_PER_SECOND)
        self.moments = torch.randn(rows, 16, frames, 16)
        self.embeds = torch.nn.functional.normalize(torch.randn(rows, 512), dim=-1)
        self.batch = job['batchSize']

    def __call__(self) -> tuple[Tensor, Tensor]:
        rows = torch.randint(len(self.moments), (self.batch,))
        mean, logvar = self.moments[rows].chunk(2, dim=1)
        std = (0.5 * logvar.clamp(-30, 20)).exp()
        return mean + std * torch.randn_like(std), self.embeds[rows]


def main() -> None:
    job = json.loads(sys.argv[1])
    torch.set_num_threads(job['threads'])
    torch.manual_seed(0)
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    model = Path(job['model'])
    scale = json.loads((model / 'vae' / 'config.json').read_text())['scaling_factor']
    unet = UNet2DConditionModel.from_pretrained(model / 'unet').train()
    schedule = DDIMScheduler.from_pretrained(model / 'scheduler')
    optimizer = torch.optim.AdamW(unet.parameters(), lr=1e-4)
    average = [parameter.detach().clone() for parameter in unet.parameters()]
    empty = torch.nn.functional.normalize(torch.randn(512), dim=-1)
    batch = Encoder(job) if job['encode'] else Cached(job)

    def step(number: int) -> float:
        total = 0.0
        for _ in range(job['accumulate']):
            with torch.autocast('cpu', torch.bfloat16, enabled=job['dtype'] == 'bfloat16'):
                latents, condition = batch()
                latents = scale * latents.float()
                dropped = torch.rand(len(condition), 1) < 0.1
                condition = torch.where(dropped, empty, condition)
                noise = torch.randn_like(latents)
                times = torch.randint(0, 1000, (len(latents),))
                noisy = schedule.add_noise(latents, noise, times)
                predicted = unet(noisy, times, None, class_labels=condition).sample
            loss = torch.nn.functional.mse_loss(predicted.float(), noise) / job['accumulate']
            loss.backward()
            total += loss.item()
        torch.nn.utils.clip_grad_norm_(unet.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        decay = min(0.9999, (1 + number) / (10 + number))
        with torch.no_grad():
            for mean, parameter in zip(average, unet.parameters(), strict=True):
                mean.lerp_(parameter, 1 - decay)
        return total

    times, cpu, losses = [], [], []
    for number in range(1, job['warm'] + job['steps'] + 1):
        start, busy = time.perf_counter(), time.process_time()
        losses.append(step(number))
        times.append((time.perf_counter() - start) * 1e3)
        cpu.append((time.process_time() - busy) * 1e3)
    warm = job['warm']
    answer = {'stepMs': times[warm:], 'cpuMs': cpu[warm:], 'losses': losses, 'peakMiB': peak_mib()}
    print(json.dumps(answer))


if __name__ == '__main__':
    main()
