"""Random AudioLDM models in diffusers' classes, and their description for the C++ tests.

The description is text, one item a line (see model_description.h): files, parts with their archive,
attributes and tensors. Weights lie in one safetensors file per part.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from safetensors.torch import save_file
from transformers import (
    ClapAudioConfig,
    ClapAudioModelWithProjection,
    ClapTextConfig,
    ClapTextModelWithProjection,
    SpeechT5HifiGan,
    SpeechT5HifiGanConfig,
)

SCALING_FACTOR = 0.9227914214134216
DTYPES = {'F64': 'float64', 'F32': 'float32', 'F16': 'float16', 'BF16': 'bfloat16', 'I64': 'int64'}
# Tensors that the archives compute themselves or do not need.
IGNORED = (
    'position_ids',
    'token_type_ids',
    'mean',
    'scale',
    'relative_position_index',
    'num_batches_tracked',
)


@dataclass
class Size:
    unet_channels: tuple[int, ...]
    unet_layers: int
    vae_channels: tuple[int, ...]
    vae_layers: int
    vocoder_channels: int
    text_layers: int
    text_width: int
    text_heads: int
    audio_width: int
    audio_depths: tuple[int, ...]
    audio_heads: tuple[int, ...]


SIZES = {
    'tiny': Size(
        (32, 64, 64, 96), 1, (32, 64, 64), 1, 64, 2, 64, 4, 16, (2, 1, 2, 1), (1, 2, 4, 8)
    ),
    's': Size(
        (128, 256, 384, 640),
        2,
        (128, 256, 512),
        2,
        1024,
        12,
        768,
        12,
        96,
        (2, 2, 6, 2),
        (4, 8, 16, 32),
    ),
}


@dataclass
class Model:
    unet: UNet2DConditionModel
    vae: AutoencoderKL
    vocoder: SpeechT5HifiGan
    text_encoder: ClapTextModelWithProjection
    audio_encoder: ClapAudioModelWithProjection
    scheduler: DDIMScheduler


@torch.no_grad()
def _make_lively(model: Model) -> None:
    """Freshly initialised networks hardly react to their inputs, and comparing what they give shows
    nothing. Here prompts differ, guidance matters, and all signals have the size trained models
    give them."""
    unet, vae, vocoder = model.unet, model.vae, model.vocoder
    for module in model.text_encoder.modules():
        if isinstance(module, torch.nn.Linear):
            module.weight *= 4
    for module in model.audio_encoder.modules():
        if isinstance(module, torch.nn.Linear):
            module.weight *= 3
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean -= 40
            module.running_var *= 400
    for module in vocoder.modules():
        if isinstance(module, torch.nn.Conv1d | torch.nn.ConvTranspose1d):
            module.reset_parameters()
    unet.class_embedding.weight *= 60
    latents = torch.randn(1, 8, 24, 16)
    labels = torch.nn.functional.normalize(torch.randn(1, 512), dim=-1)
    noise = unet(latents, torch.tensor([500]), None, class_labels=labels).sample
    unet.conv_out.weight /= noise.std()
    mel = vae.decode(latents).sample
    vae.decoder.conv_out.weight *= 2 / mel.std()
    wave = vocoder(vae.decode(latents).sample.squeeze(1))
    vocoder.conv_post.weight *= 0.4 / wave.atanh().std()
    vae.quant_conv.weight /= vae.quant_conv(vae.encoder(2 * torch.randn(1, 1, 96, 64) - 5)).std()


def make_model(name: str, seed: int = 0) -> Model:
    size = SIZES[name]
    torch.manual_seed(seed)
    unet = UNet2DConditionModel(
        sample_size=128,
        in_channels=8,
        out_channels=8,
        block_out_channels=size.unet_channels,
        layers_per_block=size.unet_layers,
        down_block_types=('DownBlock2D', *['CrossAttnDownBlock2D'] * 3),
        up_block_types=(*['CrossAttnUpBlock2D'] * 3, 'UpBlock2D'),
        cross_attention_dim=size.unet_channels,
        class_embed_type='simple_projection',
        projection_class_embeddings_input_dim=512,
        class_embeddings_concat=True,
    )
    levels = len(size.vae_channels)
    vae = AutoencoderKL(
        in_channels=1,
        out_channels=1,
        latent_channels=8,
        block_out_channels=size.vae_channels,
        layers_per_block=size.vae_layers,
        down_block_types=('DownEncoderBlock2D',) * levels,
        up_block_types=('UpDecoderBlock2D',) * levels,
        scaling_factor=SCALING_FACTOR,
        sample_size=512,
    )
    vocoder = SpeechT5HifiGan(
        SpeechT5HifiGanConfig(
            model_in_dim=64,
            sampling_rate=16000,
            upsample_initial_channel=size.vocoder_channels,
            upsample_rates=[5, 4, 2, 2, 2],
            upsample_kernel_sizes=[16, 16, 8, 4, 4],
            normalize_before=False,
        )
    )
    text_encoder = ClapTextModelWithProjection(
        ClapTextConfig(
            num_hidden_layers=size.text_layers,
            hidden_size=size.text_width,
            intermediate_size=4 * size.text_width,
            num_attention_heads=size.text_heads,
            projection_dim=512,
            vocab_size=1000 if name == 'tiny' else 50265,
        )
    )
    # On random numbers of its own, so that the other parts are the same with and without it.
    with torch.random.fork_rng():
        audio_encoder = ClapAudioModelWithProjection(
            ClapAudioConfig(
                patch_embeds_hidden_size=size.audio_width,
                hidden_size=size.audio_width * 2 ** (len(size.audio_depths) - 1),
                depths=list(size.audio_depths),
                num_attention_heads=list(size.audio_heads),
                num_hidden_layers=len(size.audio_depths),
                projection_dim=512,
            )
        )
    scheduler = DDIMScheduler(
        beta_start=0.0015,
        beta_end=0.0195,
        beta_schedule='scaled_linear',
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
        # Stated, or other schedulers made from this config would take their own default.
        timestep_spacing='leading',
    )
    for part in (unet, vae, vocoder, text_encoder, audio_encoder):
        part.eval().requires_grad_(False)
    model = Model(unet, vae, vocoder, text_encoder, audio_encoder, scheduler)
    _make_lively(model)
    return model


def _attributes(model: Model) -> dict[str, dict[str, object]]:
    unet, vae = model.unet.config, model.vae.config
    text, vocoder = model.text_encoder.config, model.vocoder.config
    audio = model.audio_encoder.config
    levels = len(unet.block_out_channels)
    vae_attributes = {
        'num_levels': len(vae.block_out_channels),
        'layers_per_block': vae.layers_per_block,
        'norm_groups': vae.norm_num_groups,
        'mid_attention': vae.mid_block_add_attention,
    }
    return {
        'unet': {
            'num_levels': levels,
            'layers_per_block': [unet.layers_per_block] * levels,
            'down_attention': [t.startswith('CrossAttn') for t in unet.down_block_types],
            'up_attention': [t.startswith('CrossAttn') for t in unet.up_block_types],
            'heads': [unet.attention_head_dim] * levels,
            'norm_groups': unet.norm_num_groups,
            'norm_eps': unet.norm_eps,
            'flip_sin_to_cos': unet.flip_sin_to_cos,
            'freq_shift': unet.freq_shift,
        },
        'vae_encoder': vae_attributes,
        'vae_decoder': vae_attributes,
        'vocoder': {
            'upsample_rates': vocoder.upsample_rates,
            'upsample_kernel_sizes': vocoder.upsample_kernel_sizes,
            'resblock_kernel_sizes': vocoder.resblock_kernel_sizes,
            'resblock_dilations': [d for ds in vocoder.resblock_dilation_sizes for d in ds],
            'num_dilations': len(vocoder.resblock_dilation_sizes[0]),
            'leaky_relu_slope': vocoder.leaky_relu_slope,
            'normalize_before': vocoder.normalize_before,
        },
        'text_encoder': {
            'num_layers': text.num_hidden_layers,
            'heads': text.num_attention_heads,
            'layer_norm_eps': text.layer_norm_eps,
            'pad_token_id': text.pad_token_id,
        },
        'mel_spectrogram': {},
        'audio_encoder': {
            'depths': audio.depths,
            'heads': audio.num_attention_heads,
            'window_size': audio.window_size,
            'patch_stride': audio.patch_stride,
            'layer_norm_eps': audio.layer_norm_eps,
            'spec_size': audio.spec_size,
            'num_mel_bins': audio.num_mel_bins,
            'min_frequency': 50.0,
            'max_frequency': 14000.0,
        },
    }


def _tensors(model: Model) -> dict[str, dict[str, torch.Tensor]]:
    vae = model.vae.state_dict()
    parts = {
        'unet': model.unet.state_dict(),
        'vae_encoder': {k: v for k, v in vae.items() if k.startswith(('encoder.', 'quant_'))},
        'vae_decoder': {k: v for k, v in vae.items() if k.startswith(('decoder.', 'post_'))},
        'vocoder': model.vocoder.state_dict(),
        'text_encoder': model.text_encoder.state_dict(),
        'mel_spectrogram': {},
        'audio_encoder': model.audio_encoder.state_dict(),
    }
    return {
        part: {k: v.contiguous() for k, v in tensors.items() if k.split('.')[-1] not in IGNORED}
        for part, tensors in parts.items()
    }


def _attribute_line(name: str, value: object) -> str:
    items = value if isinstance(value, list | tuple) else [value]
    kind = 'bool' if isinstance(items[0], bool) else 'number'
    count = str(len(items)) if isinstance(value, list | tuple) else 'scalar'
    return f'attribute {name} {kind} {count} {" ".join(repr(float(i)) for i in items)}'


def _tensor_lines(path: Path, file: int) -> list[str]:
    raw = path.read_bytes()[: 1 << 20]
    (length,) = struct.unpack('<Q', raw[:8])
    lines = []
    for name, entry in json.loads(raw[8 : 8 + length]).items():
        if name == '__metadata__':
            continue
        shape = entry['shape']
        strides = [1] * len(shape)
        for i in reversed(range(len(shape) - 1)):
            strides[i] = strides[i + 1] * shape[i + 1]
        offset = 8 + length + entry['data_offsets'][0]
        numbers = ' '.join(map(str, [*shape, *strides]))
        lines.append(
            f'tensor {name} {file} {offset} {DTYPES[entry["dtype"]]} {len(shape)} {numbers}'
        )
    return lines


def write_description(model: Model, folder: Path, archives: Path, dtype: str = 'float32') -> Path:
    """Saves the weights in `folder` and returns the description's path."""
    folder.mkdir(parents=True, exist_ok=True)
    attributes = _attributes(model)
    lines = [f'dtype {dtype}', f'scaling_factor {SCALING_FACTOR!r}']
    alphas = model.scheduler.alphas_cumprod.double().tolist()
    lines.append('alphas_cumprod ' + ' '.join(map(repr, alphas)))
    for index, (part, tensors) in enumerate(_tensors(model).items()):
        path = folder / f'{part}.safetensors'
        save_file(tensors, path)
        lines += [f'file {path}', f'part {part} {archives / f"{part}.pt"}']
        lines += [_attribute_line(n, v) for n, v in attributes[part].items()]
        lines += _tensor_lines(path, index)
    description = folder / 'model.txt'
    description.write_text('\n'.join(lines) + '\n')
    return description
