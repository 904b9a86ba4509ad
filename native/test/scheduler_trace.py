"""Compares the core's schedulers with diffusers', step by step, on an analytic model.

    python scheduler_trace.py path/to/scheduler_trace

Whole runs, runs that leave out steps at the start (image-to-image: x₀ with noise added) and masked
ones (inpainting: x₀ put back before every step, noisy, and after the last).

Every scheduler is made as diffusers users make it, `from_config` of the published DDIM config. The
largest difference over a whole trajectory, in units of the reference's standard deviation, must
stay below TOLERANCE. Where diffusers itself fails (IndexError, or NaN from a division by zero) the
core must still give finite latents; KNOWN_FAILURES lists those cases, and anything else that fails
in diffusers fails this test.
"""

from __future__ import annotations

import itertools
import json
import math
import subprocess
import sys
import warnings
from dataclasses import dataclass

import numpy as np
import torch
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
)

TOLERANCE = 1e-4
SHAPE = (2, 3, 4)
SEEDS = (3, 4)
SOURCE_SEEDS = (5, 6)
TRAIN_STEPS = 1000
BETA_START, BETA_END = 0.0015, 0.0195
STEPS = (1, 2, 3, 7, 10, 16, 25, 48, 50, 150, 200, 333, 400, 999, 1000)


@dataclass(frozen=True)
class Case:
    name: str
    steps: int
    eta: float = 0.0
    karras: bool = False
    spacing: str = 'leading'
    steps_offset: int = 1
    alpha_to_one: bool = False
    first_step: int = 0
    masked: bool = False

    def line(self) -> str:
        return (
            f'{self.name} {self.steps} {self.eta} {int(self.karras)} {self.spacing} '
            f'{self.steps_offset} {int(self.alpha_to_one)} {self.first_step} {int(self.masked)}'
        )


def cases() -> list[Case]:
    spacings = ('leading', 'linspace', 'trailing')
    found = []
    for steps, spacing in itertools.product(STEPS, spacings):
        for eta in (0.0, 0.7, 1.0):
            found.append(Case('ddim', steps, eta=eta, spacing=spacing))
        for name, karras in itertools.product(('dpmpp-2m', 'euler', 'euler-a'), (False, True)):
            found.append(Case(name, steps, karras=karras, spacing=spacing))
    found += [Case('ddim', 25, eta=1.0, alpha_to_one=True), Case('ddim', 25, steps_offset=0)]
    found += [Case(name, 25, steps_offset=0) for name in ('dpmpp-2m', 'euler', 'euler-a')]
    return found + source_cases()


def source_cases() -> list[Case]:
    """Runs from x₀, as get_timesteps of diffusers' image-to-image pipelines cuts them, and masked
    ones."""
    kinds = [('ddim', 0.0, False), ('ddim', 1.0, False), ('euler-a', 0.0, False)]
    kinds += [(name, 0.0, karras) for name in ('dpmpp-2m', 'euler') for karras in (False, True)]
    found = []
    for (name, eta, karras), spacing, steps in itertools.product(
        kinds, ('leading', 'linspace', 'trailing'), (10, 25)
    ):
        for strength, masked in itertools.product((0.0, 0.05, 0.3, 0.5, 0.99, 1.0), (False, True)):
            first = steps - min(int(steps * strength), steps)
            if first > 0 or masked:
                found.append(
                    Case(name, steps, eta, karras, spacing, first_step=first, masked=masked)
                )
    return found


def fails_in_diffusers(case: Case) -> bool:
    """Whether diffusers is known to fail where the core gives finite latents."""
    if case.name == 'ddim':
        # steps_offset leads to alphas_cumprod[1000].
        return case.steps == 1000 and case.spacing == 'leading'
    if case.name == 'dpmpp-2m' and not case.karras:
        # Two steps at one noise level: 0 / 0.
        return (case.steps, case.spacing) in {
            (999, 'leading'),
            (1000, 'leading'),
            (1000, 'linspace'),
        }
    if case.name == 'dpmpp-2m':
        # Rounded timesteps repeat; the search for the first one finds the second.
        return case.steps >= 999
    return False


def reference_scheduler(case: Case):
    base = DDIMScheduler(
        num_train_timesteps=TRAIN_STEPS,
        beta_start=BETA_START,
        beta_end=BETA_END,
        beta_schedule='scaled_linear',
        clip_sample=False,
        set_alpha_to_one=case.alpha_to_one,
        steps_offset=case.steps_offset,
        timestep_spacing=case.spacing,
    )
    if case.name == 'ddim':
        scheduler = base
    elif case.name == 'dpmpp-2m':
        scheduler = DPMSolverMultistepScheduler.from_config(
            base.config, use_karras_sigmas=case.karras
        )
    elif case.name == 'euler':
        scheduler = EulerDiscreteScheduler.from_config(base.config, use_karras_sigmas=case.karras)
    else:
        scheduler = EulerAncestralDiscreteScheduler.from_config(base.config)
    scheduler.set_timesteps(case.steps)
    if case.name == 'euler-a' and case.karras:
        # diffusers has no Karras spacing here: that of the Euler scheduler.
        euler = EulerDiscreteScheduler.from_config(base.config, use_karras_sigmas=True)
        euler.set_timesteps(case.steps)
        scheduler.sigmas, scheduler.timesteps = euler.sigmas, euler.timesteps
    return scheduler


def reference_trace(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """Timesteps, and latents before and after every step as rows."""
    scheduler = reference_scheduler(case)
    generators = [torch.Generator('cpu').manual_seed(seed) for seed in SEEDS]
    noise = torch.cat([torch.randn((1, *SHAPE), generator=g) for g in generators])
    source = torch.cat(
        [
            torch.randn((1, *SHAPE), generator=torch.Generator('cpu').manual_seed(s))
            for s in SOURCE_SEEDS
        ]
    )
    mask = (torch.arange(12) % 5 / 4).view(3, 4) if case.masked else torch.zeros(3, 4)
    # For some step counts diffusers' trailing spacing appends timestep -1; the core does not.
    timesteps = scheduler.timesteps[: case.steps]
    if (case.first_step > 0 or case.masked) and hasattr(scheduler, 'set_begin_index'):
        scheduler.set_begin_index(case.first_step)

    def noisy(t: torch.Tensor) -> torch.Tensor:
        return scheduler.add_noise(source, noise, t.expand(len(SEEDS)))

    if case.first_step == 0:
        latents = noise * scheduler.init_noise_sigma
    elif case.first_step < case.steps:
        latents = noisy(timesteps[case.first_step])
    else:
        latents = source
    extra = {'eta': case.eta} if case.name == 'ddim' else {}
    rows = [latents.flatten().numpy()]
    for t in timesteps[case.first_step :]:
        if case.masked:
            latents = mask * noisy(t) + (1 - mask) * latents
        x = scheduler.scale_model_input(latents, t)
        epsilon = x * 0.3 + math.sin(float(t) / 100)
        if case.name != 'euler':
            extra['generator'] = generators
        latents = scheduler.step(epsilon, t, latents, **extra).prev_sample
        rows.append(latents.flatten().numpy())
    rows[-1] = (mask * source + (1 - mask) * latents).flatten().numpy()
    return timesteps.double().numpy(), np.stack(rows)


def core_traces(binary: str, wanted: list[Case]) -> list[tuple[np.ndarray, np.ndarray]]:
    betas = np.linspace(BETA_START**0.5, BETA_END**0.5, TRAIN_STEPS) ** 2
    alphas = ' '.join(repr(float(a)) for a in np.cumprod(1 - betas))
    text = '\n'.join([alphas, *(case.line() for case in wanted)]) + '\n'
    run = subprocess.run([binary], check=False, input=text, capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f'{binary} failed: {run.stderr}')
    traces = [json.loads(line) for line in run.stdout.splitlines()]
    return [(np.array(t['timesteps'], float), np.array(t['latents'], dtype=float)) for t in traces]


def compare(case: Case, timesteps: np.ndarray, latents: np.ndarray) -> tuple[float, str]:
    """The largest error in standard deviations, and what is wrong ('' when nothing)."""
    if not np.isfinite(latents).all():
        return math.inf, "the core's latents are not finite"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            expected_timesteps, expected = reference_trace(case)
        failure = '' if np.isfinite(expected).all() else 'NaN'
    except IndexError as error:
        failure = f'IndexError: {error}'
    if bool(failure) != fails_in_diffusers(case):
        return math.inf, f'diffusers: {failure or "does not fail any more"}'
    if failure:
        return 0.0, ''
    if timesteps.shape != expected_timesteps.shape:
        return math.inf, f'{len(timesteps)} timesteps for {len(expected_timesteps)}'
    if np.abs(timesteps - expected_timesteps).max() > 1e-3:
        return math.inf, f'timesteps differ: {timesteps[:4]} for {expected_timesteps[:4]}'
    error = (np.abs(latents - expected).max(axis=1) / expected.std(axis=1)).max()
    return error, '' if error < TOLERANCE else 'too far'


def main(binary: str) -> int:
    wanted = cases()
    worst: dict[str, float] = {}
    wrong = 0
    for case, trace in zip(wanted, core_traces(binary, wanted), strict=True):
        error, problem = compare(case, *trace)
        worst[case.name] = max(worst.get(case.name, 0.0), error)
        if problem:
            wrong += 1
            print(f'{case.line()}: {problem} ({error:.2e})')
    print(f'{len(wanted)} trajectories, {wrong} wrong; largest error in standard deviations:')
    for name, error in worst.items():
        print(f'  {name}: {error:.1e}')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
