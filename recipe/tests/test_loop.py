import json
import signal
import time
from dataclasses import replace
from itertools import pairwise
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np
import pytest
import torch

from audioldm_recipe import vocoder
from audioldm_recipe.average import Average
from audioldm_recipe.curves import write_curves
from audioldm_recipe.data import load_clips
from audioldm_recipe.learning_rate import falling
from audioldm_recipe.loop import Schedule, Stage, random_of, train
from audioldm_recipe.options import Options
from audioldm_recipe.sizes import SIZE
from audioldm_recipe.vocoder import AVERAGE, VocoderTraining

STEPS = 8


def train_small(sounds: Path, state: Path) -> None:
    """A small vocoder: a step by its spectra, then some with discriminators."""
    vocoder.SIZE = replace(SIZE, vocoder_width=32)
    vocoder.BATCH, vocoder.FRAMES = 2, 20
    options = Options(state, esc10=None, synth=sounds)
    schedule = Schedule(STEPS, log_every=1, checkpoint_every=3, evaluate_every=4, average=AVERAGE)
    for stage in (
        Stage('first', schedule.within(1), (1e-3, 1e-4)),
        Stage('second', schedule, (1e-3, 1e-4), after='first'),
    ):
        training = VocoderTraining(load_clips(options), options, stage)
        train(training, stage.schedule, options.folder(stage.name), options.seed)


def start(sounds: Path, state: Path) -> BaseProcess:
    """Forked, since to import everything takes longer than to train."""
    process = get_context('fork').Process(target=train_small, args=(sounds, state))
    process.start()
    return process


def finish(process: BaseProcess) -> int | None:
    process.join(120)
    return process.exitcode


def logged(state: Path) -> list[dict]:
    file = state / 'second' / 'log.jsonl'
    lines = file.read_text().splitlines() if file.exists() else []
    # The last line may be half written at this moment.
    return [json.loads(line) for line in lines if line.endswith('}')]


def test_killed_and_resumed_is_as_if_never_stopped(sounds: Path, tmp_path: Path) -> None:
    whole, broken = tmp_path / 'whole', tmp_path / 'broken'
    assert finish(start(sounds, whole)) == 0

    run = start(sounds, broken)
    # Between two checkpoints: what was done since the first is done again.
    while not any(line['step'] >= 4 for line in logged(broken)):
        assert run.is_alive()
        time.sleep(0.01)
    run.kill()
    assert finish(run) == -signal.SIGKILL
    assert torch.load(broken / 'second' / 'checkpoint.pt')['step'] in (3, 6)
    assert finish(start(sounds, broken)) == 0

    lines = [
        [{key: value for key, value in line.items() if key != 'time'} for line in logged(state)]
        for state in (whole, broken)
    ]
    assert [line['step'] for line in lines[0] if 'mel' in line] == list(range(1, STEPS + 1))
    assert [line['step'] for line in lines[0] if 'evaluation' in line] == [4, 8]
    assert lines[0] == lines[1]
    contents = [torch.load(state / 'second' / 'checkpoint.pt') for state in (whole, broken)]
    assert_equal(*contents)
    assert contents[0]['step'] == STEPS
    assert (broken / 'second' / 'curves.svg').read_text().count('<polyline') > 5


def assert_equal(a: object, b: object) -> None:
    assert type(a) is type(b)
    if isinstance(a, torch.Tensor):
        assert torch.equal(a, b)
    elif isinstance(a, dict):
        assert a.keys() == b.keys()
        for key in a:
            assert_equal(a[key], b[key])
    elif isinstance(a, list):
        assert len(a) == len(b)
        for pair in zip(a, b):
            assert_equal(*pair)
    else:
        assert a == b


def test_steps_are_random_by_seed_part_and_number() -> None:
    def draw(*what: int | str) -> tuple[float, float]:
        return float(random_of(*what).random()), float(torch.rand(()))

    assert draw(0, 'vae', 5) == draw(0, 'vae', 5)
    draws = [draw(*what) for what in [(0, 'vae', 5), (1, 'vae', 5), (0, 'clap', 5), (0, 'vae', 6)]]
    assert len(set(draws)) == 4
    assert len({second for _, second in draws}) == 4


def test_average_follows_and_swaps() -> None:
    module = torch.nn.Linear(2, 1)
    average = Average(module, 0.9)
    first = module.weight.detach().clone()
    module.weight.data += 1
    for step in range(200):
        average.update(step)
    torch.testing.assert_close(average.weights[0], first + 1)
    module.weight.data += 1
    average.update(1000)
    average.swap()
    torch.testing.assert_close(module.weight.data, first + 1.1)
    average.swap()
    torch.testing.assert_close(module.weight.data, first + 2)


def test_learning_rate_rises_and_falls() -> None:
    rates = [falling((1e-3, 1e-4), step, 1000, warmup=100) for step in range(1000)]
    assert int(np.argmax(rates)) == 99
    assert rates[0] < 2e-5
    assert rates[-1] == pytest.approx(1e-4, rel=1e-2)
    assert all(a > b for a, b in pairwise(rates[99:]))


def test_curves_of_a_log(tmp_path: Path) -> None:
    log, out = tmp_path / 'log.jsonl', tmp_path / 'curves.svg'
    lines = [{'step': step, 'loss': 1 / step, 'time': 0} for step in range(1, 1000)]
    lines.append({'step': 999, 'evaluation': {'loss': 0.5}})
    log.write_text('\n'.join(json.dumps(line) for line in lines))
    write_curves(log, out, 'a & b')
    picture = out.read_text()
    assert picture.count('<polyline') == 2
    assert 'a &amp; b' in picture
    assert len(picture) < 20_000
