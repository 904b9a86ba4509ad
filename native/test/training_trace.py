"""Compares training in the core with PyTorch: diffusers' UNet, torch.optim.AdamW, plain formulas.

    python training_trace.py path/to/training_trace path/to/archives [bfloat16]

With `bfloat16` only what depends on the processor's support for it.

Errors are relative: the norm of a difference to the norm of what is expected.
"""

from __future__ import annotations

import math
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path

import numpy as np
import torch
from diffusers import UNet2DConditionModel
from reference_model import SCALING_FACTOR, _tensor_lines, make_model, write_description
from safetensors.torch import load_file, safe_open

Tensors = dict[str, torch.Tensor]
ITEMS, FRAMES = 7, 24
CAPTIONS = [1, 3, 1, 2, 1, 1, 2]
ADAPTED = (
    'down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q',
    'down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_out.0',
    'mid_block.resnets.1.time_emb_proj',
    'up_blocks.0.attentions.1.transformer_blocks.0.attn2.to_v',
)
MASK = (1 << 64) - 1

failures = 0


def check(holds: bool, what: str) -> None:
    global failures
    if not holds:
        failures += 1
        print(f'FAIL {what}')


def distance(actual: torch.Tensor, expected: torch.Tensor) -> float:
    actual, expected = actual.double(), expected.double()
    return float((actual - expected).norm() / expected.norm().clamp(min=1e-30))


def close(actual: torch.Tensor, expected: torch.Tensor, tolerance: float, what: str) -> None:
    same = actual.shape == expected.shape
    error = distance(actual, expected) if same else math.inf
    check(error <= tolerance, f'{what}: error {error:.2e} of {tolerance:.0e}')


def all_close(actual: Tensors, expected: Tensors, tolerance: float, what: str) -> None:
    check(actual.keys() == expected.keys(), f'{what}: names')
    worst = max((distance(actual[n], expected[n]), n) for n in expected)
    check(worst[0] <= tolerance, f'{what}: error {worst[0]:.2e} of {tolerance:.0e} in {worst[1]}')
    print(f'{what}: {worst[0]:.1e}')


# --- random numbers, as the core documents them -----------------------------------------------


def splitmix(state: int) -> tuple[int, int]:
    state = (state + 0x9E3779B97F4A7C15) & MASK
    bits = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & MASK
    return state, bits ^ (bits >> 31)


def seed_of(seed: int, stream: int, number: int) -> int:
    _, bits = splitmix(seed)
    _, bits = splitmix((bits + stream) & MASK)
    return splitmix((bits + number) & MASK)[1]


def draw_step(seed: int, step: int, samples: int) -> Tensors:
    generator = torch.Generator('cpu').manual_seed(seed_of(seed, 1, step))
    shape = (samples, 8, FRAMES, 16)
    uniform = {
        name: torch.rand(samples, generator=generator, dtype=torch.float64)
        for name in ('caption', 'modality', 'dropout')
    }
    timesteps = torch.randint(1000, (samples,), generator=generator)
    posterior = torch.randn(shape, generator=generator)
    return uniform | {
        'timesteps': timesteps,
        'posterior': posterior,
        'noise': torch.randn(shape, generator=generator),
    }


# --- the training data ------------------------------------------------------------------------


class Data:
    """Item i has row ITEMS - 1 - i of moments and audio, and CAPTIONS[i] captions in order."""

    def __init__(self, folder: Path, name: str = 'data', spoil: tuple[int, ...] = ()) -> None:
        generator = torch.Generator().manual_seed(1)
        self.moments = torch.randn(ITEMS, 16, FRAMES, 16, generator=generator)
        self.moments[:, 8:] -= 3
        for item in spoil:
            self.moments[ITEMS - 1 - item, 3, 5, 2] = math.nan
        normalize = torch.nn.functional.normalize
        self.text = normalize(torch.randn(sum(CAPTIONS), 512, generator=generator), dim=-1)
        self.audio = normalize(torch.randn(ITEMS, 512, generator=generator), dim=-1)
        self.none = normalize(torch.randn(512, generator=generator), dim=-1)
        self.start = [sum(CAPTIONS[:i]) for i in range(ITEMS + 1)]
        self.path = folder / f'{name}.txt'
        rows = [ITEMS - 1 - i for i in range(ITEMS)]
        lists = {
            'moments_row': rows,
            'audio_row': rows,
            'text_rows': range(sum(CAPTIONS)),
            'text_start': self.start,
        }
        lines = [f'{name} ' + ' '.join(map(str, values)) for name, values in lists.items()]
        tensors = {
            'moments': self.moments,
            'text': self.text,
            'audio': self.audio,
            'unconditional': self.none,
        }
        for key, tensor in tensors.items():
            file = folder / f'{name}.{key}'
            file.write_bytes(tensor.numpy().tobytes())
            lines.append(f'{key} {file} ' + ' '.join(map(str, tensor.shape)))
        self.path.write_text('\n'.join(lines) + '\n')

    def latents(self, items: list[int], noise: torch.Tensor) -> torch.Tensor:
        mean, logvar = self.moments[[ITEMS - 1 - i for i in items]].chunk(2, 1)
        return SCALING_FACTOR * (mean + torch.exp(0.5 * logvar.clamp(-30, 20)) * noise)

    def condition(
        self, item: int, draws: Tensors, i: int, text: float, dropout: float
    ) -> tuple[int, torch.Tensor]:
        if draws['dropout'][i] < dropout:
            return 2, self.none
        if draws['modality'][i] >= text:
            return 1, self.audio[ITEMS - 1 - item]
        return 0, self.text[self.start[item] + int(draws['caption'][i] * CAPTIONS[item])]


class Core:
    """Runs commands in the core, all in one process."""

    def __init__(self, binary: str, description: Path, folder: Path) -> None:
        self.binary, self.description, self.folder = binary, description, folder

    def run(self, data: Data, *commands: str) -> list[list[str]]:
        result = subprocess.run(
            [self.binary, self.description, data.path],
            input='\n'.join(commands) + '\n',
            capture_output=True,
            text=True,
        )
        if result.returncode != 0:
            raise RuntimeError(f'the core failed: {result.stdout}{result.stderr}')
        return [line.split(' ') for line in result.stdout.splitlines()]

    def path(self, name: str) -> Path:
        return self.folder / f'{name}.safetensors'

    def saved(self, name: str, group: str) -> Tensors:
        return group_of(load_file(self.path(name)), group)

    def describe(self, name: str) -> str:
        """A description of a saved state that the next trainer starts from."""
        lines = [f'file {self.path(name)}', 'part unet none', *_tensor_lines(self.path(name), 0)]
        path = self.folder / f'{name}.txt'
        path.write_text('\n'.join(lines) + '\n')
        return f'state={path}'


def group_of(tensors: Tensors, group: str) -> Tensors:
    return {n.removeprefix(group): t for n, t in tensors.items() if n.startswith(group)}


def steps_of(lines: list[list[str]]) -> list[list[float]]:
    """Step, loss, rate, gradient norm, skipped."""
    return [[float(word) for word in line[1:6]] for line in lines if line[0] == 'step']


# --- the same in PyTorch ----------------------------------------------------------------------


def squared_errors(model, unet, batch: Tensors) -> torch.Tensor:
    alphas = model.scheduler.alphas_cumprod[batch['timesteps']].view(-1, 1, 1, 1)
    noisy = alphas.sqrt() * batch['latents'] + (1 - alphas).sqrt() * batch['noise']
    prediction = unet(noisy, batch['timesteps'], None, class_labels=batch['condition']).sample
    return (prediction - batch['noise']) ** 2


def trainable_copy(model):
    return deepcopy(model.unet).requires_grad_(True)


def gradients_of(unet) -> Tensors:
    return {name: parameter.grad for name, parameter in unet.named_parameters()}


def check_inspection(model, core: Core, data: Data) -> None:
    options = 'batch=2 accumulate=2 seed=18446744073709551615 text=0.6 dropout=0.2'
    lines = core.run(
        data,
        f'trainer {options}',
        *(f'inspect step={s} gradients=0 out={core.path(f"inspect{s}")}' for s in range(8)),
        f'inspect step=3 gradients=1 out={core.path("gradients")}',
        f'trainer {options.replace("batch=2 accumulate=2", "batch=4")}',
        f'inspect step=3 gradients=1 out={core.path("whole")}',
    )
    check([line[0] for line in lines].count('inspected') == 10, f'inspections: {lines}')
    order, kinds = [], set()
    for step in range(8):
        batch = load_file(core.path(f'inspect{step}'))
        draws = draw_step(MASK, step, 4)
        items = batch['items'].tolist()
        order += items
        for name in ('timesteps', 'noise'):
            check(torch.equal(batch[name], draws[name]), f'{name} of step {step}')
        close(batch['latents'], data.latents(items, draws['posterior']), 1e-6, 'latents')
        for i, item in enumerate(items):
            kind, condition = data.condition(item, draws, i, 0.6, 0.2)
            kinds.add(kind)
            same = kind == batch['kind'][i] and torch.equal(condition, batch['condition'][i])
            check(same, f'condition of sample {i} of step {step}')
    check(kinds == {0, 1, 2}, f'kinds of conditions that came up: {kinds}')
    epochs = [sorted(order[e : e + ITEMS]) for e in range(0, 28, ITEMS)]
    check(all(e == list(range(ITEMS)) for e in epochs), f'every epoch takes all items: {order}')

    batch = load_file(core.path('gradients'))
    # In float64, as gradients in float32 are no nearer to each other than to that.
    unet = trainable_copy(model).double()
    double = {n: t.double() if t.is_floating_point() else t for n, t in batch.items()}
    loss = squared_errors(model, unet, double).mean()
    loss.backward()
    close(batch['loss'], loss.detach(), 1e-6, 'loss')
    all_close(group_of(batch, 'gradient/'), gradients_of(unet), 1e-5, 'gradients')
    whole = load_file(core.path('whole'))
    all_close(
        group_of(batch, 'gradient/'), group_of(whole, 'gradient/'), 1e-5, 'accumulated gradients'
    )


def batches(core: Core, data: Data, options: str, count: int) -> Iterator[Tensors]:
    commands = [f'inspect step={s} gradients=0 out={core.path(f"b{s}")}' for s in range(count)]
    core.run(data, f'trainer {options}', *commands)
    for step in range(count):
        yield load_file(core.path(f'b{step}'))


def check_update(model, core: Core, data: Data) -> None:
    """One update, tensor by tensor, from the very gradients that the core has."""
    for clip in (0, 0.05, 1e6):
        options = f'batch=2 seed=5 rate=3e-4 clip={clip}'
        for name in ('gradients', 'one'):
            core.path(name).unlink(missing_ok=True)
        lines = core.run(
            data,
            f'trainer {options}',
            f'inspect step=0 gradients=1 out={core.path("gradients")}',
            'step count=1',
            f'save out={core.path("one")}',
        )
        unet = trainable_copy(model)
        optimizer = torch.optim.AdamW(unet.parameters(), lr=3e-4)
        gradients = core.saved('gradients', 'gradient/')
        for name, parameter in unet.named_parameters():
            parameter.grad = gradients[name]
        norm = torch.nn.utils.clip_grad_norm_(unet.parameters(), clip or math.inf)
        close(torch.tensor(steps_of(lines)[0][3]), norm, 1e-6, f'clip {clip}: norm')
        optimizer.step()
        weights = {name: p.detach() for name, p in unet.named_parameters()}
        first = dict(model.unet.named_parameters())
        average = {n: first[n] * (2 / 11) + w * (9 / 11) for n, w in weights.items()}
        all_close(core.saved('one', 'trainable/'), weights, 1e-6, f'clip {clip}: weights')
        for group in ('ema', 'merged'):
            all_close(core.saved('one', f'{group}/'), average, 1e-6, f'clip {clip}: {group}')
        for group in ('exp_avg', 'exp_avg_sq'):
            moments = {n: optimizer.state[p][group] for n, p in unet.named_parameters()}
            all_close(core.saved('one', f'{group}/'), moments, 1e-6, f'clip {clip}: {group}')
    with safe_open(core.path('one'), 'pt') as file:
        check(file.metadata() == {'quote"d': 'tab\there, é \\'}, f'metadata {file.metadata()}')


def check_run(model, core: Core, data: Data) -> None:
    """Twenty steps, each side on its own."""
    count, clip, rate, warmup, steps = 20, 0.5, 3e-4, 4, 24
    options = (
        f'batch=2 seed=5 text=0.5 rate={rate} warmup={warmup} schedule=cosine steps={steps} '
        f'clip={clip} ema=0.4'
    )
    lines = core.run(
        data, f'trainer {options}', f'step count={count}', f'save out={core.path("run")}'
    )
    unet = trainable_copy(model)
    ema = {name: parameter.detach().clone() for name, parameter in unet.named_parameters()}
    optimizer = torch.optim.AdamW(unet.parameters())
    for step, batch in enumerate(batches(core, data, options, count), 1):
        progress = max(step - 1 - warmup, 0) / (steps - warmup)
        factor = min(step / warmup, 1) * 0.5 * (1 + math.cos(math.pi * progress))
        optimizer.param_groups[0]['lr'] = rate * factor
        optimizer.zero_grad()
        loss = squared_errors(model, unet, batch).mean()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(unet.parameters(), clip)
        optimizer.step()
        decay = min(0.4, (1 + step) / (10 + step))
        for name, parameter in unet.named_parameters():
            ema[name].mul_(decay).add_(parameter.detach(), alpha=1 - decay)
        reported = steps_of(lines)[step - 1]
        expected = [step, loss.item(), rate * factor, norm.item(), 0]
        check(
            np.allclose(reported, expected, rtol=1e-4 if step > 1 else 1e-5, atol=0),
            f'step {step}: {reported}, expected {expected}',
        )
    weights = {n: p.detach() for n, p in unet.named_parameters()}
    for group, values in (('trainable', weights), ('ema', ema), ('merged', ema)):
        actual = core.saved('run', f'{group}/')
        check(actual.keys() == values.keys(), f'{group} after {count} steps: names')
        flat = [torch.cat([ts[n].flatten() for n in values]) for ts in (actual, values)]
        close(*flat, 1e-4, f'{group} after {count} steps')
    counters = load_file(core.path('run'))['counters'].tolist()
    check(counters == [count, count, 0], f'counters: {counters}')


def check_resume(core: Core, data: Data) -> None:
    for what in ('threads=1', 'threads=2', f'rank=4 alpha=8 modules={",".join(ADAPTED)}'):
        options = f'trainer batch=2 accumulate=2 seed=9 text=0.5 rate=1e-3 clip=1 warmup=3 {what}'
        for name in ('half', 'resumed', 'undisturbed', 'again'):
            core.path(name).unlink(missing_ok=True)
        core.run(data, options, 'step count=3', f'save out={core.path("half")}')
        lines = core.run(
            data,
            f'{options} {core.describe("half")}',
            'step count=3',
            f'save out={core.path("resumed")}',
            options,
            'step count=4',
            f'validate items=0,3 draws=3 seed=1 ema=1 out={core.path("again")}',
            'step count=2',
            f'save out={core.path("undisturbed")}',
        )
        check(steps_of(lines)[:3] == steps_of(lines)[-3:], f'{what}: reports of resumed steps')
        same = core.path('resumed').read_bytes() == core.path('undisturbed').read_bytes()
        check(same, f'{what}: a resumed run is bit-equal to an undisturbed one')
        changed = core.path('half').read_bytes() != core.path('resumed').read_bytes()
        check(changed, f'{what}: steps change something')


def check_not_finite(core: Core, data: Data, folder: Path) -> None:
    spoiled = Data(folder, 'spoiled', spoil=(2,))
    options = 'trainer batch=1 seed=3 rate=1e-3'
    before, after = core.path('before'), core.path('after')
    lines = core.run(spoiled, options, 'step count=14')
    skipped = [bool(report[4]) for report in steps_of(lines)]
    check(skipped.count(True) == 2, f'the spoiled item is skipped once an epoch: {skipped}')
    first = skipped.index(True)
    core.run(
        spoiled,
        options,
        f'step count={first}',
        f'save out={before}',
        'step count=1',
        f'save out={after}',
    )
    old, new = load_file(before), load_file(after)
    check(old.pop('counters').tolist() == [first, first, 0], 'counters before a skipped step')
    check(new.pop('counters').tolist() == [first + 1, first, 1], 'counters after a skipped step')
    check(all(torch.equal(old[n], new[n]) for n in old), 'a skipped step changes nothing')

    ruined = Data(folder, 'ruined', spoil=tuple(range(ITEMS)))
    lines = core.run(ruined, options, 'step count=20', f'save out={core.path("ruined")}')
    reports = steps_of(lines)
    check(len(reports) == 9 and all(r[4] == 1 for r in reports), f'skipped in a row: {reports}')
    check(any(line[:2] == ['error', 'DIVERGED'] for line in lines), f'ten in a row: {lines}')
    check(load_file(core.path('ruined'))['counters'].tolist() == [10, 0, 10], 'all are counted')


def check_adapters(model, core: Core, data: Data) -> None:
    rank, alpha = 4, 8.0
    options = (
        f'batch=2 seed=4 rate=1e-2 ema=0.5 rank={rank} alpha={alpha} modules={",".join(ADAPTED)}'
    )
    core.run(
        data,
        f'trainer {options}',
        f'save out={core.path("adapters0")}',
        'step count=3',
        f'save out={core.path("adapters")}',
        f'inspect step=3 gradients=1 out={core.path("adapted")}',
        f'validate items=1 draws=2 seed=1 ema=1 out={core.path("applied")}',
    )
    base = dict(model.unet.state_dict())
    first, ema = core.saved('adapters0', 'trainable/'), core.saved('adapters', 'ema/')
    check(len(first) == 2 * len(ADAPTED), 'two tensors an adapter')
    merged = core.saved('adapters', 'merged/')
    for module in ADAPTED:
        down, up = first[f'{module}.lora_A.weight'], first[f'{module}.lora_B.weight']
        bound = 1 / math.sqrt(down.shape[1])
        check(down.shape[0] == rank and bool((up == 0).all()), f'{module}: first values')
        check(0.9 * bound < down.abs().max() <= bound, f'{module}: range of A')
        name = f'{module}.weight'
        low_rank = ema[f'{module}.lora_B.weight'] @ ema[f'{module}.lora_A.weight']
        check(bool((low_rank != 0).any()), f'{module}: it is trained')
        close(merged.pop(name), base.pop(name) + alpha / rank * low_rank, 1e-6, f'{module} merged')
    check(all(torch.equal(merged[n], base[n]) for n in base), 'other weights stay as they were')

    values = core.saved('adapters', 'trainable/')
    unet = deepcopy(model.unet)
    leaves = {name: value.requires_grad_(True) for name, value in values.items()}
    weights = dict(model.unet.state_dict())
    for module in ADAPTED:
        low_rank = leaves[f'{module}.lora_B.weight'] @ leaves[f'{module}.lora_A.weight']
        weights[f'{module}.weight'] = weights[f'{module}.weight'] + alpha / rank * low_rank
    call = lambda *a, **k: torch.func.functional_call(unet, weights, a, k)  # noqa: E731
    batch = load_file(core.path('adapted'))
    loss = squared_errors(model, call, batch).mean()
    loss.backward()
    expected = {name: leaf.grad for name, leaf in leaves.items()}
    close(batch['loss'], loss.detach(), 1e-6, 'loss with adapters')
    all_close(group_of(batch, 'gradient/'), expected, 2e-5, 'gradients of adapters')

    # The merged weights, in a UNet of diffusers, against the adapters as the core applies them.
    unet.load_state_dict(core.saved('adapters', 'merged/'))
    check_validation_of(model, unet, data, load_file(core.path('applied'))['errors'], [1], 2)


def check_validation_of(
    model, unet, data: Data, errors: torch.Tensor, items: list[int], draws: int
) -> None:
    check(list(errors.shape) == [len(items), draws], f'validation gives {list(errors.shape)}')
    for i, item in enumerate(items):
        for d in range(draws):
            sample = draw_step(seed_of(1, 4, item), d, 1)
            batch = {
                'timesteps': torch.tensor([(2 * d + 1) * 1000 // (2 * draws)]),
                'latents': data.latents([item], sample['posterior']),
                'noise': sample['noise'],
                'condition': data.condition(item, sample, 0, 1, 0)[1][None],
            }
            with torch.no_grad():
                expected = squared_errors(model, unet, batch).mean()
            close(errors[i, d], expected, 1e-5, f'validation of item {item}, draw {d}')


def check_validation(model, core: Core, data: Data) -> None:
    lines = core.run(
        data,
        'trainer batch=4 rate=1e-2',
        f'validate items=5,0,5 draws=3 seed=1 ema=0 out={core.path("fresh")}',
        'step count=1',
        f'validate items=5,0,5 draws=3 seed=1 ema=0 out={core.path("trained")}',
        f'validate items=5 draws=1001 seed=1 ema=0 out={core.path("many")}',
        f'validate items=7 draws=1 seed=1 ema=0 out={core.path("none")}',
    )
    errors = [' '.join(line) for line in lines if line[0] == 'error']
    check('1000 draws' in errors[0] and 'Item 7' in errors[1], f'refusals: {errors}')
    fresh = load_file(core.path('fresh'))['errors']
    check(not torch.equal(fresh, load_file(core.path('trained'))['errors']), 'training shows')
    check_validation_of(model, model.unet, data, fresh, [5, 0, 5], 3)


def check_scratch(core: Core, data: Data) -> None:
    core.run(
        data,
        'trainer scratch=1 seed=7',
        f'save out={core.path("scratch")}',
        'step count=1',
        'trainer scratch=1 seed=8',
        f'save out={core.path("other")}',
    )
    weights, other = (core.saved(name, 'trainable/') for name in ('scratch', 'other'))
    zeros = ('.conv2.', '.proj_out.', 'conv_out.')
    for name, weight in weights.items():
        path, kind = name.rsplit('.', 1)
        of_norm = weights[f'{path}.weight'].dim() == 1
        if any(f'.{zero.strip(".")}.' in f'.{name}' for zero in zeros):
            check(bool((weight == 0).all()), f'from scratch {name} is 0')
        elif of_norm:
            check(bool((weight == (kind == 'weight')).all()), f'from scratch {name}')
        else:
            bound = 1 / math.sqrt(weights[f'{path}.weight'][0].numel())
            high = float(weight.abs().max())
            check(high <= bound * (1 + 1e-6), f'from scratch {name}: at most {high}')
            if weight.numel() > 500:
                spread = float(weight.std()) * math.sqrt(3) / bound
                check(abs(spread - 1) < 0.1, f'from scratch {name}: spread {spread}')
            check(not torch.equal(weight, other[name]), f'{name} follows the seed')


def check_bfloat16(core: Core, data: Data) -> None:
    multiplied = False
    for name, dtype in (('float32', ''), ('bfloat16', ' bfloat16=1')):
        lines = core.run(
            data,
            f'trainer batch=2 seed=2{dtype}',
            f'inspect step=0 gradients=1 out={core.path(name)}',
        )
        multiplied = lines[0][3] == '1'
    exact, rounded = load_file(core.path('float32')), load_file(core.path('bfloat16'))
    if not multiplied:
        check(exact.keys() == rounded.keys(), 'float32 and bfloat16 give the same tensors')
        same = all(torch.equal(exact[name], rounded[name]) for name in exact)
        check(same, 'where the processor does not multiply bfloat16, float32 is used')
        return
    check(all(t.dtype != torch.bfloat16 for t in rounded.values()), 'gradients stay float32')
    check(not torch.equal(exact['loss'], rounded['loss']), 'bfloat16 is used')
    close(rounded['loss'], exact['loss'], 1e-2, 'loss in bfloat16')
    flat = [
        torch.cat([t.flatten() for t in group_of(b, 'gradient/').values()])
        for b in (rounded, exact)
    ]
    close(*flat, 5e-2, 'gradients in bfloat16')


def make_trainable_model():
    """Groups of two channels and more: a normalisation of single channels leaves what is added to
    each of them, and so its gradient, nothing but rounding."""
    model = make_model('tiny')
    config = dict(model.unet.config) | {'norm_num_groups': 16}
    config.pop('_use_default_values', None)  # or what is listed there would fall back
    model.unet = UNet2DConditionModel.from_config(config).eval().requires_grad_(False)
    return model


def main(binary: str, archives: str, only: str = '') -> int:
    # Small tensors: threads only wait for each other.
    torch.set_num_threads(1)
    model = make_trainable_model()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        description = write_description(model, folder, Path(archives).resolve())
        core, data = Core(binary, description, folder), Data(folder)
        checks: list[Callable[[], None]] = [
            lambda: check_inspection(model, core, data),
            lambda: check_update(model, core, data),
            lambda: check_run(model, core, data),
            lambda: check_resume(core, data),
            lambda: check_not_finite(core, data, folder),
            lambda: check_adapters(model, core, data),
            lambda: check_validation(model, core, data),
            lambda: check_scratch(core, data),
        ]
        if only == 'bfloat16':
            checks = []
        checks.append(lambda: check_bfloat16(core, data))
        for run in checks:
            run()
    print(f'{failures} failures')
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
