"""Trains with diffusers and torch.optim, and says how far ours is from it.

Reads a JSON request from standard input (`Request` of ../reference.ts says what is in it) and
prints a JSON object of errors. An error is the largest difference in a tensor, in units of the
largest magnitude that the reference has in it; of many tensors, the worst.
"""

import json
import sys
from pathlib import Path

import diffusers
import numpy as np
import torch
from diffusers import DDPMScheduler, UNet2DConditionModel
from safetensors.torch import load_file
from torch.func import functional_call

Tensors = dict[str, torch.Tensor]


def error(ours: torch.Tensor, reference: torch.Tensor) -> float:
    difference = (ours.double() - reference.double()).abs().max().item()
    peak = reference.double().abs().max().item()
    if peak == 0:
        return 0.0 if difference == 0 else float('inf')
    return difference / peak


def worst(ours: Tensors, reference: Tensors) -> dict:
    assert list(ours) == list(reference), 'the tensors have other names or another order'
    name = max(reference, key=lambda name: error(ours[name], reference[name]))
    return {'error': error(ours[name], reference[name]), 'tensor': name}


class Reference:
    """A UNet of diffusers in training; what is trained is apart from its weights."""

    def __init__(self, request: dict, dtype: torch.dtype = torch.float32) -> None:
        folder = Path(request['model'])
        self.request, self.dtype = request, dtype
        self.unet = UNet2DConditionModel.from_pretrained(folder / 'unet').to(dtype)
        self.unet.requires_grad_(False)
        self.scheduler = DDPMScheduler.from_pretrained(folder / 'scheduler')
        self.lora = request['lora']
        start = self.saved('start', 'trainable')
        if self.lora is None:
            base = dict(self.unet.named_parameters())
            assert set(base) == set(start), 'other tensors are trained than the UNet has'
            for name, tensor in start.items():
                assert torch.equal(tensor, base[name].float()), f'{name} does not start as it is'
        self.trained = {name: tensor.to(dtype).requires_grad_() for name, tensor in start.items()}

    def saved(self, file: str, kind: str) -> Tensors:
        """Tensors of a file of ours, in the order of `trainable`."""
        tensors = load_file(Path(self.request['folder']) / f'{file}.safetensors')
        return {name: tensors[f'{kind}/{name}'] for name in self.request['trainable']}

    def weights(self) -> Tensors:
        if self.lora is None:
            return self.trained
        scale = self.lora['alpha'] / self.lora['rank']
        base = dict(self.unet.named_parameters())
        return {
            f'{module}.weight': base[f'{module}.weight']
            + scale
            * self.trained[f'{module}.lora_B.weight']
            @ self.trained[f'{module}.lora_A.weight']
            for module in self.lora['modules']
        }

    def backward(self, step: int) -> float:
        """Loss of a step; the gradients are left in what is trained."""
        accumulate = self.request['accumulate']
        inputs = [self.inputs(kind, step) for kind in ('latents', 'noise', 'condition')]
        timesteps = torch.tensor(self.request['timesteps'][step])
        total = 0.0
        for tensor in self.trained.values():
            tensor.grad = None
        for latents, noise, condition, t in zip(
            *(values.chunk(accumulate) for values in (*inputs, timesteps)), strict=True
        ):
            noisy = self.scheduler.add_noise(latents, noise, t)
            predicted = functional_call(
                self.unet,
                self.weights(),
                (noisy, t, None),
                {'class_labels': condition, 'return_dict': False},
            )[0]
            loss = torch.nn.functional.mse_loss(predicted, noise) / accumulate
            loss.backward()
            total += loss.item()
        return total

    def inputs(self, kind: str, step: int) -> torch.Tensor:
        shape = self.request['conditionShape' if kind == 'condition' else 'latentShape']
        file = Path(self.request['folder']) / f'{kind}.f32'
        count = int(np.prod(shape))
        values = np.fromfile(file, np.float32, count, offset=4 * count * step)
        return torch.from_numpy(values).reshape(shape).to(self.dtype)

    def gradients(self) -> Tensors:
        return {name: tensor.grad for name, tensor in self.trained.items()}

    def optimizer(self) -> torch.optim.AdamW:
        settings = self.request['adamw']
        return torch.optim.AdamW(
            self.trained.values(),
            lr=settings['learningRate'],
            betas=settings['betas'],
            eps=settings['epsilon'],
            weight_decay=settings['weightDecay'],
            fused=False,
            foreach=False,
        )

    def learning_rate(self, step: int) -> float:
        warmup = self.request['adamw']['warmupSteps']
        return self.request['adamw']['learningRate'] * min(1.0, (step + 1) / max(warmup, 1))

    def update(self, optimizer: torch.optim.AdamW, step: int) -> None:
        optimizer.param_groups[0]['lr'] = self.learning_rate(step)
        if self.request['adamw']['maxGradientNorm'] > 0:
            torch.nn.utils.clip_grad_norm_(
                self.trained.values(), self.request['adamw']['maxGradientNorm'], foreach=False
            )
        optimizer.step()


def check_gradients(request: dict) -> dict:
    """Of step 0: ours against diffusers in the same precision, and both against float64."""
    reference, exact = Reference(request), Reference(request, torch.float64)
    loss = reference.backward(0)
    exact.backward(0)
    theirs, true = reference.gradients(), exact.gradients()
    values = torch.from_numpy(np.fromfile(Path(request['folder']) / 'gradients.f32', np.float32))
    sizes = [tensor.numel() for tensor in theirs.values()]
    ours = {
        name: part.reshape(tensor.shape)
        for (name, tensor), part in zip(theirs.items(), values.split(sizes), strict=True)
    }
    beyond = {
        name: error(ours[name], theirs[name]) - error(theirs[name], true[name]) for name in theirs
    }
    result = {
        'loss': abs(request['loss'] - loss) / loss,
        'tensors': len(theirs),
        'gradients': worst(ours, theirs),
        'beyondRounding': max(beyond.values()),
        'oursToFloat64': worst(ours, true),
        'theirsToFloat64': worst(theirs, true),
    }
    return result | {'update': check_update(request, ours)}


def check_update(request: dict, gradients: Tensors) -> dict:
    """One step of AdamW and of the average from the same gradients."""
    reference = Reference(request)
    start = {name: tensor.detach().clone() for name, tensor in reference.trained.items()}
    for name, tensor in reference.trained.items():
        tensor.grad = gradients[name].clone()
    optimizer = reference.optimizer()
    reference.update(optimizer, 0)
    decay = min(request['emaDecay'], 2 / 11)
    trained = {name: tensor.detach() for name, tensor in reference.trained.items()}
    moments = {name: optimizer.state[tensor] for name, tensor in reference.trained.items()}
    expected = {
        'trainable': trained,
        'exp_avg': {name: state['exp_avg'] for name, state in moments.items()},
        'exp_avg_sq': {name: state['exp_avg_sq'] for name, state in moments.items()},
        'ema': {name: decay * start[name] + (1 - decay) * trained[name] for name in start},
    }
    return {kind: worst(reference.saved('one', kind), value) for kind, value in expected.items()}


def check_trajectory(request: dict) -> dict:
    """The losses of all steps, each side with gradients of its own."""
    reference = Reference(request)
    optimizer = reference.optimizer()
    losses = []
    ema = {name: tensor.detach().clone() for name, tensor in reference.trained.items()}
    for step in range(len(request['losses'])):
        losses.append(reference.backward(step))
        reference.update(optimizer, step)
        decay = min(request['emaDecay'], (2 + step) / (11 + step))
        for name, tensor in reference.trained.items():
            ema[name].lerp_(tensor.detach(), 1 - decay)
    errors = [
        abs(ours - theirs) / theirs for ours, theirs in zip(request['losses'], losses, strict=True)
    ]
    trained = {name: tensor.detach() for name, tensor in reference.trained.items()}
    return {
        'losses': losses,
        'error': max(errors),
        'trained': worst(reference.saved('end', 'trainable'), trained),
        'ema': worst(reference.saved('end', 'ema'), ema),
    }


def main() -> None:
    request = json.load(sys.stdin)
    diffusers.utils.logging.set_verbosity_error()
    torch.set_num_threads(request['threads'])
    result = check_gradients(request)
    result['trajectory'] = check_trajectory(request)
    print(json.dumps(result))


if __name__ == '__main__':
    main()
