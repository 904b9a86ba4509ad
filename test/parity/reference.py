"""Runs diffusers' AudioLDMPipeline on a model folder and writes what it gives.

    python reference.py MODEL OUT [SAVE]

With SAVE, diffusers also writes the model to that folder.

Reads a JSON list of cases from standard input; writes, into OUT, a file
`<case>.wave.f32` [clips, samples] and, for each step, the latents to `<case>.latents.f32`
[steps, clips, ...]. The cases' fields are those of `generate`'s options.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import diffusers
import numpy as np
import torch
import transformers
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
)
from diffusers.models.unets.unet_2d_condition import UNet2DConditionOutput
from diffusers.pipelines.deprecated.audioldm.pipeline_audioldm import AudioLDMPipeline
from torch import nn

SCHEDULERS = {
    'ddim': DDIMScheduler,
    'dpmpp-2m': DPMSolverMultistepScheduler,
    'euler': EulerDiscreteScheduler,
    'euler-a': EulerAncestralDiscreteScheduler,
}


def guided_between(low: float, high: float) -> Callable:
    """Makes both halves of a doubled batch the conditional one at other noise levels."""

    def hook(_: nn.Module, inputs: tuple, output: UNet2DConditionOutput) -> None:
        level = float(inputs[1]) / 1000
        if not low <= level <= high:
            half = output.sample.shape[0] // 2
            output.sample[:half] = output.sample[half:]

    return hook


def cached_features(every: int) -> Callable:
    """Gives the last layer but one, on the way up, what it took at the last of every n-th step."""
    step, kept = 0, torch.empty(0)

    def hook(layer: nn.Module, inputs: tuple) -> tuple:
        nonlocal step, kept
        joined, *others = inputs
        deep = joined.shape[1] - layer.conv2.out_channels
        if step % every == 0:
            kept = joined[:, :deep].clone()
        step += 1
        return (torch.cat([kept, joined[:, deep:]], dim=1), *others)

    return hook


def run(pipe: AudioLDMPipeline, config: dict, case: dict, out: Path) -> float:
    karras = {'use_karras_sigmas': True} if case.get('karras') else {}
    pipe.scheduler = SCHEDULERS[case['scheduler']].from_config(config, **karras)
    latents = []
    layer = pipe.unet.up_blocks[-1].resnets[-2]
    hooks = [
        pipe.unet.register_forward_hook(guided_between(*case.get('guidanceInterval', (0, 1)))),
        layer.register_forward_pre_hook(cached_features(case.get('featureCache', 1))),
    ]
    started = time.perf_counter()
    waves = pipe(
        prompt=case['prompts'],
        negative_prompt=case.get('negativePrompts'),
        audio_length_in_s=case['durationSeconds'],
        num_inference_steps=case['steps'],
        guidance_scale=case['guidanceScale'],
        eta=case.get('eta', 0.0),
        generator=[torch.Generator('cpu').manual_seed(seed) for seed in case['seeds']],
        callback=lambda step, timestep, x: latents.append(x.clone().numpy()),
        callback_steps=1,
        output_type='np',
    ).audios
    seconds = time.perf_counter() - started
    for hook in hooks:
        hook.remove()
    waves.astype(np.float32).tofile(out / f'{case["name"]}.wave.f32')
    np.stack(latents).astype(np.float32).tofile(out / f'{case["name"]}.latents.f32')
    return seconds


def main() -> None:
    for library in (diffusers, transformers):
        library.utils.logging.set_verbosity_error()
        library.utils.logging.disable_progress_bar()
    pipe = AudioLDMPipeline.from_pretrained(sys.argv[1], torch_dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    config, out = pipe.scheduler.config, Path(sys.argv[2])
    if len(sys.argv) > 3:
        pipe.save_pretrained(sys.argv[3])
    cases = json.load(sys.stdin)
    with torch.inference_mode():
        print(json.dumps({case['name']: run(pipe, config, case, out) for case in cases}))


if __name__ == '__main__':
    main()
