"""Compares the core's pipeline with diffusers' AudioLDMPipeline on a small random model.

    python pipeline_trace.py path/to/pipeline_trace path/to/archives

Checks waveforms (2e-4), embeddings (1e-4), that a clip does not depend on its batch (1e-5), and
that vocoder windows join to the one-shot waveform (1e-5), all in standard deviations.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import DPMSolverMultistepScheduler
from diffusers.pipelines.deprecated.audioldm import AudioLDMPipeline
from reference_model import Model, make_model, write_description

SECONDS = 0.96
FRAMES, SAMPLES = 24, 15360
STEPS = 4


@dataclass(frozen=True)
class Clip:
    seed: int
    ids: tuple[int, ...]
    negative_ids: tuple[int, ...] = (0, 2)

    def argument(self) -> str:
        return f'{self.seed}:{",".join(map(str, self.ids))}:{",".join(map(str, self.negative_ids))}'


CLIPS = (
    Clip(3, (0, 11, 12, 13, 2)),
    Clip(4, (0, 21, 2), (0, 5, 6, 2)),
    Clip(2**64 - 1, (0, *range(30, 60), 2)),
)


@dataclass
class Runner:
    binary: str
    description: Path
    folder: Path

    def run(
        self, clips: tuple[Clip, ...], scheduler: str, guidance: float, window: int = 0
    ) -> dict[str, np.ndarray]:
        """What the program wrote: clip_<i>, events_<i> and embeddings."""
        for old in self.folder.glob('*.bin'):
            old.unlink()
        arguments = [scheduler, STEPS, guidance, FRAMES, SAMPLES, window]
        arguments += [clip.argument() for clip in clips]
        run = subprocess.run(
            [self.binary, str(self.description), str(self.folder), *map(str, arguments)],
            check=False,
            capture_output=True,
            text=True,
        )
        if run.returncode != 0:
            sys.exit(f'{self.binary} failed ({run.returncode}): {run.stderr}')
        return {path.stem: np.fromfile(path, np.float32) for path in self.folder.glob('*.bin')}


def embed(model: Model, prompts: list[tuple[int, ...]]) -> torch.Tensor:
    """As the pipeline does: padded to the longest, L2-normalised."""
    longest = max(map(len, prompts))
    ids = torch.tensor([[*p, *[1] * (longest - len(p))] for p in prompts])
    mask = torch.tensor([[1] * len(p) + [0] * (longest - len(p)) for p in prompts])
    embeds = model.text_encoder(ids, attention_mask=mask).text_embeds
    return torch.nn.functional.normalize(embeds, dim=-1)


def reference(model: Model, clips: tuple[Clip, ...], scheduler: str, guidance: float) -> np.ndarray:
    pipeline = AudioLDMPipeline(
        vae=model.vae,
        text_encoder=model.text_encoder,
        tokenizer=None,
        unet=model.unet,
        scheduler=model.scheduler,
        vocoder=model.vocoder,
    )
    if scheduler == 'dpmpp-2m':
        pipeline.scheduler = DPMSolverMultistepScheduler.from_config(model.scheduler.config)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline(
        prompt_embeds=embed(model, [c.ids for c in clips]),
        negative_prompt_embeds=embed(model, [c.negative_ids for c in clips]),
        generator=[torch.Generator('cpu').manual_seed(c.seed) for c in clips],
        num_inference_steps=STEPS,
        guidance_scale=guidance,
        audio_length_in_s=SECONDS,
    ).audios


def distance(wave: np.ndarray, expected: np.ndarray) -> float:
    """The largest error, in standard deviations of what is expected."""
    return float(np.abs(wave - expected).max() / expected.std())


def main(binary: str, archives: str) -> int:
    failures = 0

    def check(what: str, error: float, limit: float) -> None:
        nonlocal failures
        failures += not error < limit
        print(f'{"ok  " if error < limit else "FAIL"} {what}: {error:.1e} (limit {limit:.0e})')

    model = make_model('tiny')
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        description = write_description(model, folder, Path(archives).resolve())
        runner = Runner(binary, description, folder)
        for scheduler, guidance in (('ddim', 2.5), ('dpmpp-2m', 2.5), ('ddim', 1.0)):
            ours = runner.run(CLIPS, scheduler, guidance)
            expected = reference(model, CLIPS, scheduler, guidance)
            for i, wave in enumerate(expected):
                error = distance(ours[f'clip_{i}'], wave)
                check(f'{scheduler}, guidance {guidance}, clip {i}', error, 2e-4)
        embeddings = embed(model, [c.ids for c in CLIPS]).flatten().numpy()
        check('embeddings', np.abs(ours['embeddings'] - embeddings).max(), 1e-4)

        batch = runner.run(CLIPS, 'ddim', 2.5)
        for i, clip in enumerate(CLIPS):
            alone = runner.run((clip,), 'ddim', 2.5)
            check(f'clip {i} alone', distance(alone['clip_0'], batch[f'clip_{i}']), 1e-5)
        windows = runner.run(CLIPS, 'ddim', 2.5, window=20)
        for i in range(len(CLIPS)):
            error = distance(windows[f'clip_{i}'], batch[f'clip_{i}'])
            check(f'clip {i} in vocoder windows', error, 1e-5)
            same = np.array_equal(windows[f'events_{i}'], windows[f'clip_{i}'])
            check(f'clip {i} from its audio events', 0.0 if same else 1.0, 1e-9)
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1], sys.argv[2]))
