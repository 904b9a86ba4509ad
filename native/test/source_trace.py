"""Compares generation from sources (audio, masks, embeddings, windows) with diffusers' parts.

    python source_trace.py path/to/source_trace path/to/archives

What diffusers has no AudioLDM pipeline for is stated here as a loop over its UNet, VAE, vocoder and
schedulers. Errors are in standard deviations of what is expected; what must be equal is equal in
every bit.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import librosa
import numpy as np
import torch
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
)
from pipeline_trace import distance, embed
from reference_model import SCALING_FACTOR, Model, make_model, write_description
from transformers import ClapFeatureExtractor

HOP, FACTOR, BINS = 160, 4, 16
STEPS, GUIDANCE = 6, 2.5
NEGATIVE = (0, 2)
Generators = list[torch.Generator]


def generators(seeds: list[int]) -> Generators:
    return [torch.Generator('cpu').manual_seed(seed) for seed in seeds]


def draw(shape: tuple[int, ...], sources: Generators) -> torch.Tensor:
    return torch.cat([torch.randn((1, *shape), generator=g) for g in sources])


def sound(samples: int, seed: int, rate: int) -> torch.Tensor:
    """Tones and noise that change over time, at most 0.5."""
    rng = np.random.default_rng(seed)
    t = np.arange(samples) / rate
    wave = np.sin(2 * np.pi * (200 + 100 * seed + 300 * t) * t) * np.exp(-t) + 0.1 * rng.normal(
        size=samples
    )
    return torch.tensor(0.5 * wave / np.abs(wave).max(), dtype=torch.float32)


# --- what is expected -------------------------------------------------------------------------


def log_mel(waves: torch.Tensor) -> torch.Tensor:
    """[B, n] → [B, 1, n / 160, 64], as AudioLDM's training repository computes it."""
    padded = torch.nn.functional.pad(waves.double(), (432, 432), mode='reflect')
    window = torch.hann_window(1024, dtype=torch.float64)
    spectrum = torch.stft(padded, 1024, HOP, window=window, center=False, return_complex=True)
    filters = librosa.filters.mel(
        sr=16000, n_fft=1024, n_mels=64, fmin=0, fmax=8000, dtype=np.float64
    )
    mel = torch.einsum('mf,bft->btm', torch.tensor(filters), spectrum.abs())
    return mel.clamp(min=1e-5).log().float().unsqueeze(1)


def expected_latents(model: Model, waves: torch.Tensor, seeds: list[int] | None) -> torch.Tensor:
    rows = []
    for i, mel in enumerate(log_mel(waves).split(1)):
        posterior = model.vae.encode(mel).latent_dist
        if seeds is None:
            rows.append(posterior.mode())
        else:
            rows.append(posterior.sample(torch.Generator('cpu').manual_seed(seeds[i])))
    return SCALING_FACTOR * torch.cat(rows)


def fade(total: int, frames: int, overlap: int, fine: int = 1) -> list[tuple[int, torch.Tensor]]:
    """Starts and weights (`fine` to a frame) of windows, evenly spread and faded by sin²."""
    count = 1 + -(-(total - frames) // (frames - overlap))
    starts = [k * (total - frames) // (count - 1) for k in range(count)]
    raw = torch.zeros(count, fine * total, dtype=torch.float64)
    for k, start in enumerate(starts):
        window = torch.ones(fine * frames, dtype=torch.float64)
        if k > 0:
            n = fine * (starts[k - 1] + frames - start)
            window[:n] *= torch.sin(torch.pi / 2 * (torch.arange(n) + 0.5) / n) ** 2
        if k < count - 1:
            n = fine * (start + frames - starts[k + 1])
            window[-n:] *= torch.cos(torch.pi / 2 * (torch.arange(n) + 0.5) / n) ** 2
        raw[k, fine * start : fine * (start + frames)] = window
    weights = (raw / raw.sum(0)).float()
    return [
        (s, weights[k, fine * s : fine * (s + frames)].view(-1, 1)) for k, s in enumerate(starts)
    ]


def decode(
    model: Model, latents: torch.Tensor, windows: tuple[int, int] | None = None
) -> np.ndarray:
    """Latents → waveforms [B, n] with the vocoder's tail."""
    mels = []
    for z in (latents / SCALING_FACTOR).split(1):
        if windows is None:
            mels.append(model.vae.decode(z).sample)
            continue
        total, frames = FACTOR * z.shape[2], FACTOR * windows[0]
        mel = torch.zeros(1, 1, total, FACTOR * BINS)
        for start, weight in fade(z.shape[2], *windows, fine=FACTOR):
            part = model.vae.decode(z[:, :, start : start + windows[0]]).sample
            mel[:, :, FACTOR * start : FACTOR * start + frames] += weight * part
        mels.append(mel)
    return np.stack([model.vocoder(mel.squeeze(1))[0].numpy() for mel in mels])


def scheduler_of(model: Model, name: str):
    config = model.scheduler.config
    classes = {
        'ddim': DDIMScheduler,
        'dpmpp-2m': DPMSolverMultistepScheduler,
        'euler': EulerDiscreteScheduler,
        'euler-a': EulerAncestralDiscreteScheduler,
    }
    scheduler = classes[name].from_config(config)
    scheduler.set_timesteps(STEPS)
    return scheduler


@dataclass
class Clip:
    seed: int
    ids: tuple[int, ...] = (0, 11, 12, 13, 2)
    embedding: torch.Tensor | None = None
    init: torch.Tensor | None = None
    mask: torch.Tensor | None = None


@dataclass
class Request:
    clips: list[Clip]
    scheduler: str = 'ddim'
    eta: float = 0.0
    first: int = 0
    frames: int = 24
    windows: tuple[int, int] | None = None
    guidance: float = GUIDANCE


def predict(model: Model, request: Request) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
    """The guided noise, in windows where the request has them."""
    clips, cut = request.clips, [(0, None)]
    if request.windows is not None and request.frames > request.windows[0]:
        cut = fade(request.frames, *request.windows)
    negative = embed(model, [NEGATIVE] * len(clips))

    def labels(k: int) -> torch.Tensor:
        rows = []
        for clip in clips:
            given = clip.embedding
            row = embed(model, [clip.ids])[0] if given is None else given[min(k, len(given) - 1)]
            rows.append(row)
        return torch.cat([negative, torch.stack(rows)])

    def run(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        result = torch.zeros_like(x)
        for k, (start, weight) in enumerate(cut):
            part = slice(start, None if weight is None else start + len(weight))
            twice = torch.cat([x[:, :, part]] * 2)
            noise = model.unet(twice, t, None, class_labels=labels(k)).sample
            without, given = noise.chunk(2)
            guided = without + request.guidance * (given - without)
            result[:, :, part] += guided if weight is None else weight * guided
        return result

    return run


def expected_waves(model: Model, request: Request) -> np.ndarray:
    """Image-to-image and inpainting as diffusers' pipelines do it, with AudioLDM's networks."""
    scheduler, clips, first = (
        scheduler_of(model, request.scheduler),
        request.clips,
        request.first,
    )
    if hasattr(scheduler, 'set_begin_index'):
        scheduler.set_begin_index(first)
    sources = generators([clip.seed for clip in clips])
    shape = (8, request.frames, BINS)
    noise = draw(shape, sources)
    init = torch.stack([torch.zeros(shape) if c.init is None else c.init for c in clips])
    mask = torch.stack([torch.zeros(shape[1:]) if c.mask is None else c.mask for c in clips])
    mask = mask.unsqueeze(1)
    run = predict(model, request)

    def noisy(t: torch.Tensor) -> torch.Tensor:
        return scheduler.add_noise(init, noise, t.expand(len(clips)))

    x = noise * scheduler.init_noise_sigma
    if first > 0:
        x = init if first == STEPS else noisy(scheduler.timesteps[first])
    extra = {} if request.scheduler == 'euler' else {'generator': sources}
    if request.scheduler == 'ddim':
        extra['eta'] = request.eta
    for t in scheduler.timesteps[first:]:
        if mask.any():
            x = mask * noisy(t) + (1 - mask) * x
        x = scheduler.step(run(scheduler.scale_model_input(x, t), t), t, x, **extra).prev_sample
    x = mask * init + (1 - mask) * x
    long = request.windows is not None and request.frames > request.windows[0]
    return decode(model, x, request.windows if long else None)


# --- what the core gives ----------------------------------------------------------------------


@dataclass
class Core:
    binary: str
    description: Path
    folder: Path
    commands: list[str] = field(default_factory=list)
    files: int = 0

    def save(self, values: torch.Tensor | None) -> str:
        if values is None:
            return ''
        self.files += 1
        name = f'in_{self.files}.bin'
        values.contiguous().numpy().tofile(self.folder / name)
        return name

    def add(self, operation: str, **settings: object) -> Path:
        """Plans a command; its file is there after run()."""
        self.files += 1
        out = f'out_{self.files}.bin'
        given = {k: v for k, v in settings.items() if v is not None}
        for key, value in given.items():
            if isinstance(value, list | tuple):
                given[key] = ','.join(map(str, value))
        text = ' '.join(f'{k}={v}' for k, v in given.items())
        self.commands.append(f'{operation} out={out} {text}')
        return self.folder / out

    def generate(self, request: Request) -> Path:
        clips = []
        for clip in request.clips:
            files = map(self.save, (clip.embedding, clip.init, clip.mask))
            ids = [','.join(map(str, i)) for i in (clip.ids, NEGATIVE)]
            clips.append(':'.join([str(clip.seed), *ids, *files]))
        return self.add(
            'generate',
            scheduler=request.scheduler,
            steps=STEPS,
            eta=request.eta,
            first=request.first,
            guidance=request.guidance,
            frames=request.frames,
            samples=HOP * FACTOR * request.frames + 32,
            windows=request.windows,
            clips=';'.join(clips),
        )

    def run(self) -> None:
        run = subprocess.run(
            [self.binary, str(self.description), str(self.folder)],
            check=False,
            input='\n'.join(self.commands) + '\n',
            capture_output=True,
            text=True,
        )
        if run.returncode != 0:
            sys.exit(f'{self.binary} failed ({run.returncode}): {run.stderr}')
        self.commands = []


def read(path: Path) -> np.ndarray:
    return np.fromfile(path, np.float32)


class Checks:
    """Expectations, looked at once the core has run."""

    def __init__(self) -> None:
        self.pending: list[tuple[str, Path, Path | Callable[[], np.ndarray], float]] = []
        self.failures = 0

    def close(
        self, what: str, path: Path, expected: Callable[[], np.ndarray], limit: float
    ) -> None:
        self.pending.append((what, path, expected, limit))

    def equal(self, what: str, path: Path, other: Path) -> None:
        self.pending.append((what, path, other, 0.0))

    def run(self) -> None:
        for what, path, expected, limit in self.pending:
            ours = read(path)
            if isinstance(expected, Path):
                right = bool(len(ours)) and ours.tobytes() == read(expected).tobytes()
                text = 'equal' if right else 'not equal'
            else:
                wanted = expected().ravel()
                error = distance(ours, wanted) if ours.shape == wanted.shape else float('inf')
                right, text = error < limit, f'{error:.1e} (limit {limit:.0e})'
            self.failures += not right
            print(f'{"ok  " if right else "FAIL"} {what}: {text}', flush=True)


def check_encoding(model: Model, core: Core, checks: Checks) -> None:
    waves = torch.stack([sound(24 * FACTOR * HOP, seed, 16000) for seed in (1, 2, 3)])
    file = core.save(waves)
    for name, seeds in (('mean', None), ('sample', [3, 2**64 - 1, 0])):
        path = core.add('encode', waves=file, clips=3, seeds=seeds)
        checks.close(
            f'encode, {name}', path, lambda s=seeds: expected_latents(model, waves, s).numpy(), 1e-4
        )
    alone = core.add('encode', waves=core.save(waves[1]), clips=1, seeds=[5])
    again = core.add('encode', waves=core.save(waves[1]), clips=1, seeds=[5], windows=(24, 8))
    checks.equal('encode in a window as long as the clip', alone, again)
    long = sound(61 * FACTOR * HOP, 4, 16000).unsqueeze(0)

    def blended() -> np.ndarray:
        mel = log_mel(long)
        moments = torch.zeros(1, 16, 61, BINS)
        for start, weight in fade(61, 24, 8):
            part = mel[:, :, FACTOR * start : FACTOR * (start + 24)]
            moments[:, :, start : start + 24] += (
                weight * model.vae.encode(part).latent_dist.parameters
            )
        return SCALING_FACTOR * moments[:, :8].numpy()

    path = core.add('encode', waves=core.save(long), clips=1, windows=(24, 8))
    checks.close('encode in windows', path, blended, 1e-4)


def check_embedding(model: Model, core: Core, checks: Checks) -> None:
    extractor = ClapFeatureExtractor(
        feature_size=64,
        frequency_min=50,
        frequency_max=14000,
        truncation='rand_trunc',
        padding='repeatpad',
    )
    waves = torch.stack([sound(480000, seed, 48000) for seed in (1, 2)])
    path = core.add('embed', waves=core.save(waves), clips=2)

    def expected() -> np.ndarray:
        features = extractor(list(waves.numpy()), sampling_rate=48000, return_tensors='pt')
        embeds = model.audio_encoder(features['input_features'].float()).audio_embeds
        return torch.nn.functional.normalize(embeds, dim=-1).numpy()

    checks.close('audio embeddings', path, expected, 1e-3)


def check_sources(model: Model, core: Core, checks: Checks) -> None:
    inits = list(expected_latents(
        model, torch.stack([sound(24 * FACTOR * HOP, seed, 16000) for seed in (5, 6)]), None
    ))  # fmt: skip
    mask = torch.zeros(24, BINS)
    mask[:8] = 1
    mask[8:12] = torch.linspace(1, 0, 4).view(4, 1)
    mask[:, 12:] = 1
    for name, eta in (
        ('ddim', 0.0),
        ('ddim', 1.0),
        ('dpmpp-2m', 0.0),
        ('euler', 0.0),
        ('euler-a', 0.0),
    ):
        plain = Request([Clip(3), Clip(4, (0, 21, 2))], name, eta)
        varied = [Clip(3, init=inits[0]), Clip(4, (0, 21, 2), init=inits[1])]
        request = Request(varied, name, eta, first=3)
        path = core.generate(request)
        checks.close(f'{name} {eta}, half', path, lambda r=request: expected_waves(model, r), 2e-4)
        checks.equal(f'{name} {eta}, half, again', core.generate(request), path)
        checks.equal(
            f'{name} {eta}, all of the steps', core.generate(Request(varied, name, eta)),
            core.generate(plain),
        )  # fmt: skip
        masked = [Clip(3, init=inits[0], mask=mask), Clip(4, (0, 21, 2))]
        request = Request(masked, name, eta)
        path = core.generate(request)
        checks.close(f'{name} {eta}, mask', path, lambda r=request: expected_waves(model, r), 2e-4)
        alone = core.generate(Request(masked[:1], name, eta))
        checks.close(
            f'{name} {eta}, mask, alone', alone, lambda p=path: read(p)[: read(p).size // 2], 1e-5
        )
    samples = 24 * HOP * FACTOR + 32
    request = Request([Clip(3, init=inits[0], mask=mask), Clip(4, init=inits[1])], first=4)
    path = core.generate(request)
    checks.close('mask and two steps', path, lambda r=request: expected_waves(model, r), 2e-4)
    none = core.generate(Request([Clip(3, init=inits[0]), Clip(4, init=inits[1])], first=STEPS))
    decoded = core.add('decode', latents=core.save(torch.stack(inits)), clips=2, samples=samples)
    checks.equal('no steps: the init decoded', none, decoded)
    kept = [Clip(3, init=inits[0], mask=torch.ones(24, BINS)), Clip(4, init=inits[1])]
    kept[1].mask = torch.ones(24, BINS)
    checks.equal('all kept: the init decoded', core.generate(Request(kept)), decoded)
    checks.close('decode', decoded, lambda: decode(model, torch.stack(inits)), 2e-4)


def check_windows(model: Model, core: Core, checks: Checks) -> None:
    plain = core.generate(Request([Clip(3), Clip(4)]))
    short = core.generate(Request([Clip(3), Clip(4)], windows=(24, 8)))
    checks.equal('a clip as long as a window', short, plain)
    given = embed(model, [Clip(3).ids])
    embedded = core.generate(Request([Clip(3, embedding=given), Clip(4)]))
    checks.close('a prompt given as its embedding', embedded, lambda: read(plain), 1e-4)

    for name in ('ddim', 'dpmpp-2m'):
        for frames in (25, 61):
            count = len(fade(frames, 24, 8))
            conditions = torch.nn.functional.normalize(torch.randn(count, 512), dim=-1)
            clips = [Clip(3), Clip(4, embedding=conditions)]
            request = Request(clips, name, frames=frames, windows=(24, 8))
            path = core.generate(request)
            what = f'{name}, {count} windows'
            checks.close(what, path, lambda r=request: expected_waves(model, r), 2e-4)
            checks.equal(f'{what}, again', core.generate(request), path)
            alone = core.generate(Request(clips[1:], name, frames=frames, windows=(24, 8)))
            half = lambda p=path: read(p)[read(p).size // 2 :]  # noqa: E731
            checks.close(f'{what}, alone', alone, half, 1e-5)


def main(binary: str, archives: str) -> int:
    model = make_model('tiny')
    with tempfile.TemporaryDirectory() as temporary, torch.no_grad():
        folder = Path(temporary)
        core = Core(binary, write_description(model, folder, Path(archives).resolve()), folder)
        checks = Checks()
        for check in (check_encoding, check_embedding, check_sources, check_windows):
            check(model, core, checks)
        core.run()
        checks.run()
    return 1 if checks.failures else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1], sys.argv[2]))
