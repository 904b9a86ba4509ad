import zipfile
from pathlib import Path

import pytest
import torch
from conftest import Archive
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import (
    ClapAudioConfig,
    ClapAudioModelWithProjection,
    ClapTextConfig,
    ClapTextModelWithProjection,
    SpeechT5HifiGan,
    SpeechT5HifiGanConfig,
)

from audioldm_export import configs, layouts
from audioldm_export.archives import ARCHITECTURES
from audioldm_export.binding import bind

Shapes = dict[str, tuple[int, ...]]


def shapes_of(module: torch.nn.Module) -> Shapes:
    shapes = {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}
    buffers = ('_ids', '_index', 'num_batches_tracked')
    return {name: shape for name, shape in shapes.items() if not name.endswith(buffers)}


def test_archives_hold_code_and_no_weights(archives: Path, archive: Archive) -> None:
    assert sorted(path.name for path in archives.iterdir()) == sorted(
        f'{name}.pt' for name in ARCHITECTURES
    )
    for name in ARCHITECTURES:
        assert all(parameter.numel() == 0 for parameter in archive(name).parameters())
        content = (archives / f'{name}.pt').read_bytes()
        assert len(content) < 200_000
        assert str(Path(__file__).parents[1]).encode() not in content
        with zipfile.ZipFile(archives / f'{name}.pt') as opened:
            assert opened.testzip() is None


def test_unknown_names_are_refused(archive: Archive) -> None:
    with pytest.raises(AttributeError, match=r'no parameter conv_in\.wait'):
        bind(archive('unet'), {}, {'conv_in.wait': torch.zeros(1)})
    with pytest.raises(AttributeError, match='no attribute levels'):
        bind(archive('unet'), {'levels': 2}, {})


@pytest.mark.parametrize('size', configs.SIZES)
def test_layouts_are_those_of_diffusers_and_of_the_archives(archive: Archive, size: str) -> None:
    """Every tensor of every size has its name in an archive, its shape in the layout."""
    unet, vae = configs.unet(configs.SIZES[size]), configs.vae(configs.SIZES[size])
    vocoder = configs.vocoder(configs.SIZES[size])
    text_encoder = configs.text_encoder(configs.SIZES[size], 50265)
    audio_encoder = configs.audio_encoder(configs.SIZES[size])
    with torch.device('meta'):
        references = {
            'unet': shapes_of(UNet2DConditionModel.from_config(unet)),
            'vae': shapes_of(AutoencoderKL.from_config(vae)),
            'vocoder': shapes_of(SpeechT5HifiGan(SpeechT5HifiGanConfig(**vocoder))),
            'text_encoder': shapes_of(ClapTextModelWithProjection(ClapTextConfig(**text_encoder))),
            'audio_encoder': shapes_of(
                ClapAudioModelWithProjection(ClapAudioConfig(**audio_encoder))
            ),
        }
    assert layouts.unet(unet) == references['unet']
    assert layouts.vae(vae) == references['vae']
    assert layouts.vocoder(vocoder) == references['vocoder']
    assert layouts.text_encoder(text_encoder) == references['text_encoder']
    assert layouts.audio_encoder(audio_encoder) == references['audio_encoder']
    assert len(references['unet']) == 690

    for part in ('unet', 'vocoder', 'text_encoder', 'audio_encoder'):
        assert references[part].keys() <= {name for name, _ in archive(part).named_parameters()}
    halves = [archive(name).named_parameters() for name in ('vae_encoder', 'vae_decoder')]
    assert references['vae'].keys() <= {name for half in halves for name, _ in half}
