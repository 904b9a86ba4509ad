"""The peer of bench/generate.mjs: diffusers. Answers every line of JSON with one."""

import json
import sys
import time

started = time.perf_counter()

import diffusers
import torch
import transformers
from diffusers import DDIMScheduler, DPMSolverMultistepScheduler
from diffusers.pipelines.deprecated.audioldm.pipeline_audioldm import (
    AudioLDMPipeline,
)

SCHEDULERS = {'ddim': DDIMScheduler, 'dpmpp-2m': DPMSolverMultistepScheduler}


def timed(owner: object, name: str, times: list[float]) -> None:
    """Wraps a method so that the milliseconds of each call are appended to `times`."""
    method = getattr(owner, name)

    def wrapper(*args, **kwargs):
        start = time.perf_counter()
        result = method(*args, **kwargs)
        times.append((time.perf_counter() - start) * 1000)
        return result

    setattr(owner, name, wrapper)


def peak_mib() -> float:
    with open('/proc/self/status') as status:
        line = next(line for line in status if line.startswith('VmHWM'))
    return int(line.split()[1]) / 1024


def main() -> None:
    torch.set_num_threads(int(sys.argv[2]))
    for library in (diffusers, transformers):
        library.utils.logging.set_verbosity_error()
        library.utils.logging.disable_progress_bar()
    imported = time.perf_counter()
    pipe = AudioLDMPipeline.from_pretrained(sys.argv[1], torch_dtype=torch.float32)
    loaded = time.perf_counter()
    pipe.set_progress_bar_config(disable=True)
    steps, vae, vocoder, text = [], [], [], []
    timed(pipe.unet, 'forward', steps)
    timed(pipe.vae, 'decode', vae)
    timed(pipe.vocoder, 'forward', vocoder)
    timed(pipe.text_encoder, 'forward', text)
    for line in sys.stdin:
        job = json.loads(line)
        if 'prompt' not in job:
            answer = {
                'importMs': (imported - started) * 1e3,
                'loadMs': (loaded - imported) * 1e3,
            }
        else:
            for times in (steps, vae, vocoder, text):
                times.clear()
            pipe.scheduler = SCHEDULERS[job['scheduler']].from_config(pipe.scheduler.config)
            start = time.perf_counter()
            pipe(
                job['prompt'],
                audio_length_in_s=job['durationSeconds'],
                num_inference_steps=job['steps'],
                guidance_scale=job['guidanceScale'],
                generator=torch.Generator('cpu').manual_seed(job['seed']),
            )
            total = (time.perf_counter() - start) * 1e3
            answer = {
                'textMs': sum(text),
                'stepMs': steps,
                'vaeMs': sum(vae),
                'vocoderMs': sum(vocoder),
                'totalMs': total,
                'firstAudioMs': total,
                'peakMiB': peak_mib(),
            }
        print(json.dumps(answer), flush=True)


if __name__ == '__main__':
    main()
