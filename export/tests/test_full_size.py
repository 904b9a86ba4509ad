"""Published sizes with random weights. Run with `pytest -m slow`."""

import pytest
import torch
from conftest import Archive
from diffusers import AutoencoderKL, UNet2DConditionModel
from parity import TOLERANCE, deviation
from transformers import (
    ClapTextConfig,
    ClapTextModelWithProjection,
    SpeechT5HifiGan,
    SpeechT5HifiGanConfig,
)

from audioldm_export import configs, layouts
from audioldm_export.binding import bind
from audioldm_export.random_model import random_tensors

pytestmark = pytest.mark.slow


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize('heads', ['as diffusers', 'as the original'])
@pytest.mark.parametrize('size', ['s', 'm', 'l'])
@torch.no_grad()
def test_unet(archive: Archive, size: str, heads: str) -> None:
    original = {'s': (4, 8, 12, 20), 'm': (6, 12, 18, 30), 'l': (4, 8, 12, 20)}[size]
    counts = (8, 8, 8, 8) if heads == 'as diffusers' else original
    config = configs.unet(configs.SIZES[size]) | {'attention_head_dim': counts}
    tensors = random_tensors(layouts.unet(config), generator())
    assert len(tensors) == 690
    with torch.device('meta'):
        reference = UNet2DConditionModel.from_config(config).eval()
    reference.load_state_dict(tensors, assign=True)
    frozen = torch.jit.freeze(bind(archive('unet'), {'heads': list(counts)}, tensors))

    shapes = [(1, 16, 16), (2, 64, 16), (1, 21, 16)] if size == 's' else [(1, 16, 16)]
    for batch, height, width in shapes:
        sample, labels = torch.randn(batch, 8, height, width), torch.randn(batch, 512)
        timestep = torch.full((batch,), 721.0)
        expected = reference(sample, timestep, None, class_labels=labels).sample
        assert deviation(frozen(sample, timestep, labels), expected) < TOLERANCE


@torch.no_grad()
def test_vae(archive: Archive) -> None:
    config = configs.vae(configs.SIZES['s'])
    tensors = random_tensors(layouts.vae(config), generator())
    reference = AutoencoderKL.from_config(config).eval()
    reference.load_state_dict(tensors)

    def frozen(name: str, *prefixes: str) -> torch.jit.ScriptModule:
        half = {key: tensor for key, tensor in tensors.items() if key.startswith(prefixes)}
        return torch.jit.freeze(bind(archive(name), {}, half))

    decoder = frozen('vae_decoder', 'decoder.', 'post_quant_conv.')
    encoder = frozen('vae_encoder', 'encoder.', 'quant_conv.')
    z, mel = torch.randn(1, 8, 41, 16), torch.randn(1, 1, 164, 64) * 2 - 5
    assert deviation(decoder(z), reference.decode(z).sample) < TOLERANCE
    assert deviation(encoder(mel), reference.quant_conv(reference.encoder(mel))) < TOLERANCE


@torch.no_grad()
def test_vocoder(archive: Archive) -> None:
    config = configs.vocoder(configs.SIZES['s'])
    tensors = random_tensors(layouts.vocoder(config), generator())
    tensors['conv_post.weight'].mul_(0.1)
    reference = SpeechT5HifiGan(SpeechT5HifiGanConfig(**config)).eval()
    reference.load_state_dict(tensors)
    mel = torch.randn(1, 100, 64) * 2 - 5
    frozen = torch.jit.freeze(bind(archive('vocoder'), {}, tensors))
    wave = frozen(mel)
    assert wave.shape == (1, 160 * 100 + 32)
    assert deviation(wave, reference(mel)) < TOLERANCE


@torch.no_grad()
def test_text_encoder(archive: Archive) -> None:
    config = configs.text_encoder(configs.SIZES['s'], 50265)
    tensors = random_tensors(layouts.text_encoder(config), generator())
    reference = ClapTextModelWithProjection(ClapTextConfig(**config)).eval()
    reference.load_state_dict(tensors, strict=False)
    attributes = {'layer_norm_eps': config['layer_norm_eps']}
    frozen = torch.jit.freeze(bind(archive('text_encoder'), attributes, tensors))
    ids = torch.randint(4, 50265, (2, 512))
    ids[0, 30:] = 1
    mask = (ids != 1).long()
    assert deviation(frozen(ids, mask), reference(ids, mask).text_embeds) < TOLERANCE
