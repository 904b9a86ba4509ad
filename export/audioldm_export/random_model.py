"""Writes a complete model folder in the diffusers layout with random weights.

The weights are scaled so that every part gives finite, audible output: a few layers are set by
what a first forward pass gives.
"""

import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Generator, Tensor

from . import configs, layouts
from .audio_encoder import AudioEncoder, offsets
from .binding import bind
from .configs import SIZES, Size
from .layouts import Config, Layout
from .random_layers import calibration_sounds
from .tokenizer import tokenizer_files
from .unet import UNet
from .vae import VaeDecoder
from .vocoder import Vocoder

Tensors = dict[str, Tensor]

MEL_MEAN, MEL_STD = -5.0, 2.0
WAVE_STD = 0.15


def random_tensors(layout: Layout, generator: Generator) -> Tensors:
    """Matrices and filters keep the variance of their input; norms are near the identity."""
    tensors: Tensors = {}
    for name, shape in layout.items():
        noise = torch.randn(shape, generator=generator)
        if name in ('mean', 'scale'):
            tensors[name] = torch.full(shape, float(name == 'scale'))
        elif name.endswith('bias'):
            tensors[name] = noise.mul_(0.02)
        elif len(shape) == 1:
            tensors[name] = noise.mul_(0.05).add_(1)
        elif 'embeddings.' in name or name == 'class_embedding.weight':
            # Looked up, or multiplied by a vector of length one: as wide as their output.
            tensors[name] = noise
        else:
            tensors[name] = noise.div_(noise[0].numel() ** 0.5)
    return tensors


def calibrate(tensors: Tensors, layer: str, output: Tensor, mean: float, std: float) -> None:
    """Rescales the last layer, whose output is given, to a mean and a standard deviation."""
    gain = std / output.std().item()
    tensors[f'{layer}.weight'].mul_(gain)
    bias = tensors[f'{layer}.bias']
    bias.sub_(output.mean()).mul_(gain).add_(mean)


def random_unet(config: Config, size: Size, generator: Generator) -> Tensors:
    tensors = random_tensors(layouts.unet(config), generator)
    attributes = {'norm_groups': size.groups, 'heads': [size.heads] * len(size.unet_widths)}
    unet = bind(UNet(), attributes, tensors)
    latents = torch.randn(1, 8, 16, 16, generator=generator)
    text = torch.nn.functional.normalize(torch.randn(1, 512, generator=generator))
    output = unet(latents, torch.tensor([500.0]), text)
    calibrate(tensors, 'conv_out', output, 0.0, 1.0)
    return tensors


def random_vae(config: Config, size: Size, generator: Generator) -> Tensors:
    tensors = random_tensors(layouts.vae(config), generator)
    decoder = {
        name: tensor
        for name, tensor in tensors.items()
        if name.startswith(('decoder.', 'post_quant_conv.'))
    }
    mel = bind(VaeDecoder(), {'norm_groups': size.groups}, decoder)(
        torch.randn(1, 8, 16, 16, generator=generator)
    )
    calibrate(tensors, 'decoder.conv_out', mel, MEL_MEAN, MEL_STD)
    return tensors


def random_vocoder(config: Config, generator: Generator) -> Tensors:
    tensors = random_tensors(layouts.vocoder(config), generator)
    mel = torch.randn(1, 64, config['model_in_dim'], generator=generator)
    vocoder = bind(Vocoder(), {}, tensors)
    # The waveform is tanh of what conv_post gives: made small first, so that tanh can be undone.
    tensors['conv_post.weight'].mul_(1e-3)
    wave = vocoder(mel.mul_(MEL_STD).add_(MEL_MEAN))
    calibrate(tensors, 'conv_post', torch.atanh(wave), 0.0, WAVE_STD)
    return tensors


def random_audio_encoder(config: Config, generator: Generator) -> Tensors:
    """Sounds get embeddings that point away from one another."""
    tensors = random_tensors(layouts.audio_encoder(config), generator)
    attributes = {'depths': config['depths'], 'heads': config['num_attention_heads']}
    encoder = bind(AudioEncoder(), attributes, tensors)
    sounds = calibration_sounds(encoder.sample_rate, generator).repeat(1, 5)

    batch_norm = 'audio_model.audio_encoder.batch_norm'
    decibels = torch.cat([encoder.decibels(sound) for sound in sounds])
    tensors[f'{batch_norm}.running_mean'].copy_(decibels.mean(0))
    tensors[f'{batch_norm}.running_var'].copy_(decibels.var(0))
    embeddings = encoder(sounds)
    centered = embeddings - embeddings.mean(0)
    gain = 1 / centered.std().item()
    tensors['audio_projection.linear2.weight'].mul_(gain)
    tensors['audio_projection.linear2.bias'].sub_(embeddings.mean(0)).mul_(gain)

    # What transformers saves beside weights.
    tensors[f'{batch_norm}.num_batches_tracked'] = torch.tensor(0)
    for level, depth in enumerate(config['depths']):
        for block in range(depth):
            attention = f'audio_model.audio_encoder.layers.{level}.blocks.{block}.attention.self'
            tensors[f'{attention}.relative_position_index'] = offsets(config['window_size'])
    return tensors


def write_part(folder: Path, config: Config, weights: str, tensors: Tensors) -> None:
    folder.mkdir(parents=True)
    write_json(folder / 'config.json', config)
    save_file(tensors, folder / weights, metadata={'format': 'pt'})


def write_json(path: Path, value: Config) -> None:
    path.write_text(json.dumps(value, indent=2) + '\n')


def write_random_model(out: Path, size_name: str, seed: int) -> None:
    """Writes beside `out`, then renames; replaces nothing but a model with random weights."""
    if out.exists() and not is_random_model(out):
        raise FileExistsError(f'{out} exists and is not a model with random weights: remove it')
    folder = out.with_name(f'.{out.name}.partial')
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        write_parts(folder, SIZES[size_name], torch.Generator().manual_seed(seed))
        if out.exists():
            shutil.rmtree(out)
        folder.rename(out)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def is_random_model(folder: Path) -> bool:
    try:
        index = json.loads((folder / 'model_index.json').read_text())
        return index['_audioldm_random_weights'] is True
    except (OSError, ValueError, KeyError, TypeError):
        return False


@torch.no_grad()
def write_parts(folder: Path, size: Size, generator: Generator) -> None:
    files, vocab_size = tokenizer_files()
    (folder / 'tokenizer').mkdir()
    for name, text in files.items():
        (folder / 'tokenizer' / name).write_text(text, encoding='utf-8')

    (folder / 'scheduler').mkdir()
    write_json(folder / 'scheduler' / 'scheduler_config.json', configs.scheduler())

    config = configs.text_encoder(size, vocab_size)
    tensors = random_tensors(layouts.text_encoder(config), generator)
    write_part(folder / 'text_encoder', config, 'model.safetensors', tensors)

    config = configs.vocoder(size)
    tensors = random_vocoder(config, generator)
    write_part(folder / 'vocoder', config, 'model.safetensors', tensors)

    config = configs.vae(size)
    tensors = random_vae(config, size, generator)
    write_part(folder / 'vae', config, 'diffusion_pytorch_model.safetensors', tensors)

    config = configs.unet(size)
    tensors = random_unet(config, size, generator)
    write_part(folder / 'unet', config, 'diffusion_pytorch_model.safetensors', tensors)

    config = configs.audio_encoder(size)
    tensors = random_audio_encoder(config, generator)
    write_part(folder / 'audio_encoder', config, 'model.safetensors', tensors)
    write_json(folder / 'audio_encoder' / 'preprocessor_config.json', configs.feature_extractor())

    write_json(folder / 'model_index.json', configs.model_index())
