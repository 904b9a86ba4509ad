"""Trained parts as folders of a hub model: float16 safetensors beside the exporter's configs."""

import shutil
from pathlib import Path

import torch
from torch import Tensor, nn

from audioldm_export import configs, layouts
from audioldm_export.layouts import Config, Layout
from audioldm_export.random_model import write_part

from . import vae, vocoder
from .options import Options
from .sizes import SIZE


def half_tensors(module: nn.Module, layout: Layout) -> dict[str, Tensor]:
    """The module's weights, which must be exactly those of the layout."""
    tensors = module.state_dict()
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
    tensors = half_tensors(model, layouts.vocoder(config))
    export_part(out / 'vocoder', config, 'model.safetensors', tensors)


def export_vae(model: nn.Module, scaling_factor: float, out: Path) -> None:
    config = configs.vae(SIZE) | {'scaling_factor': scaling_factor}
    tensors = half_tensors(model, layouts.vae(config))
    export_part(out / 'vae', config, 'diffusion_pytorch_model.safetensors', tensors)


def run(options: Options) -> None:
    """What is trained already, each part from its last stage, into `model/` of the state."""
    out = options.folder('model')
    with torch.no_grad():
        export_vocoder(vocoder.load_vocoder(options), out)
        model = vae.load_vae(options)
        export_vae(model, vae.scaling_factor(model, options), out)
    print(out)
