"""Trained parts as folders of a hub model: float16 safetensors beside the exporter's configs."""

import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from audioldm_export import configs, layouts
from audioldm_export.layouts import Config, Layout
from audioldm_export.random_model import random_tensors, write_json, write_part

from . import unet, vae, vocoder
from .options import Options
from .sizes import SIZE
from .unet_clips import SECONDS


def half_tensors(tensors: dict[str, Tensor], layout: Layout) -> dict[str, Tensor]:
    """Float16, of tensors that must be exactly those of the layout."""
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    wrong = {name for name, _ in shapes.items() ^ layout.items()}
    if wrong:
        raise ValueError(f'not as the layout of the hub has them: {sorted(wrong)}')
    halves = {name: tensor.detach().cpu().half().contiguous() for name, tensor in tensors.items()}
    for name, tensor in halves.items():
        if not tensor.isfinite().all():
            raise ValueError(f'{name} does not fit into float16')
    return halves


def export_part(folder: Path, config: Config, weights: str, tensors: dict[str, Tensor]) -> None:
    """Writes beside, then renames; replaces what an earlier run exported."""
    part = folder.with_name(f'.{folder.name}.partial')
    shutil.rmtree(part, ignore_errors=True)
    write_part(part, config, weights, tensors)
    shutil.rmtree(folder, ignore_errors=True)
    part.rename(folder)


def export_vocoder(model: nn.Module, out: Path) -> None:
    config = configs.vocoder(SIZE)
    tensors = half_tensors(model.state_dict(), layouts.vocoder(config))
    export_part(out / 'vocoder', config, 'model.safetensors', tensors)


def export_vae(model: nn.Module, scaling_factor: float, out: Path) -> None:
    config = configs.vae(SIZE) | {'scaling_factor': scaling_factor}
    tensors = half_tensors(model.state_dict(), layouts.vae(config))
    export_part(out / 'vae', config, 'diffusion_pytorch_model.safetensors', tensors)


def export_unet(options: Options, out: Path, stages: tuple[str, ...] = unet.STAGES) -> None:
    """Of the newest checkpoint. Without one, random numbers, which only say its shapes: what
    training from scratch begins with.
    """
    config = configs.unet(SIZE)
    layout = layouts.unet(config)
    file = newest_unet(options, stages)
    if file is None:
        tensors = random_tensors(layout, torch.Generator().manual_seed(options.seed))
    else:
        tensors = load_file(file)
    half = half_tensors(tensors, layout)
    export_part(out / 'unet', config, 'diffusion_pytorch_model.safetensors', half)


def newest_unet(options: Options, stages: tuple[str, ...]) -> Path | None:
    for name in reversed(stages):
        files = sorted((options.state / 'unet' / name).glob('checkpoint-*/unet/*.safetensors'))
        if files:
            return files[-1]
    return None


def run(options: Options) -> None:
    """What is trained already, each part from its last stage, into `model/` of the state, and the
    UNet that has heard no recording into `base/`.
    """
    out = options.folder('model')
    with torch.no_grad():
        export_vocoder(vocoder.load_vocoder(options), out)
        model = vae.load_vae(options)
        export_vae(model, vae.scaling_factor(model, options), out)
    export_unet(options, out)
    export_unet(options, options.folder('base'), unet.BASE_STAGES)
    (out / 'scheduler').mkdir(exist_ok=True)
    write_json(out / 'scheduler' / 'scheduler_config.json', configs.scheduler())
    index = {k: v for k, v in configs.model_index().items() if k != '_audioldm_random_weights'}
    index['_audioldm_trained_seconds'] = SECONDS
    write_json(out / 'model_index.json', index)
    print(out)
