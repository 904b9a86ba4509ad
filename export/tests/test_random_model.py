import json
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import AudioLDMPipeline
from reference_clap_audio import RATE, sound
from transformers import AutoTokenizer, ClapAudioModelWithProjection, ClapFeatureExtractor

from audioldm_export.__main__ import main
from audioldm_export.random_model import write_random_model


@pytest.fixture(scope='module')
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('models') / 'random-tiny'
    write_random_model(folder, 'tiny', 0)
    return folder


def test_diffusers_makes_sound_with_it(model: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        pipeline = AudioLDMPipeline.from_pretrained(model)
    pipeline.set_progress_bar_config(disable=True)
    waves = [
        pipeline(
            prompt,
            audio_length_in_s=0.64,
            num_inference_steps=4,
            generator=torch.Generator().manual_seed(3),
        ).audios[0]
        for prompt in ('a dog barking', 'a piano in a large hall')
    ]
    for wave in waves:
        assert wave.shape == (10240,)
        assert np.isfinite(wave).all()
        assert 0.02 < wave.std() < 0.5
        assert abs(wave.mean()) < 0.05
    assert np.abs(waves[0] - waves[1]).max() > 0.01, 'the prompt does not matter'


@torch.no_grad()
def test_transformers_embeds_sounds_with_it(model: Path) -> None:
    folder = model / 'audio_encoder'
    encoder, report = ClapAudioModelWithProjection.from_pretrained(folder, output_loading_info=True)
    assert not any(report[problem] for problem in ('missing_keys', 'unexpected_keys'))
    extractor = ClapFeatureExtractor.from_pretrained(folder)
    clicks = (torch.arange(RATE) % 6000 == 0).float()
    clips = [torch.randn(RATE) * 0.1, clicks, sound(3), sound(10)]
    features = extractor([clip.numpy() for clip in clips], sampling_rate=RATE, return_tensors='pt')
    embeddings = encoder.eval()(features.input_features).audio_embeds
    directions = torch.nn.functional.normalize(embeddings)
    assert directions.shape == (4, 512)
    assert (directions @ directions.T - torch.eye(4)).max() < 0.9, 'sounds are alike'


def test_is_small_labelled_and_reproducible(model: Path, tmp_path: Path) -> None:
    again = tmp_path / 'again'
    write_random_model(again, 'tiny', 0)
    files = sorted(path.relative_to(model) for path in model.rglob('*') if path.is_file())
    assert all((model / file).read_bytes() == (again / file).read_bytes() for file in files)
    assert sum((model / file).stat().st_size for file in files) < 12_000_000
    index = json.loads((model / 'model_index.json').read_text())
    assert index['_audioldm_random_weights'] is True
    write_random_model(again, 'tiny', 1)
    name = 'unet/diffusion_pytorch_model.safetensors'
    assert (model / name).read_bytes() != (again / name).read_bytes()


def test_never_replaces_anything_else(tmp_path: Path) -> None:
    (tmp_path / 'mine').mkdir()
    (tmp_path / 'mine' / 'model_index.json').write_text('{}')
    with pytest.raises(FileExistsError, match='remove it'):
        write_random_model(tmp_path / 'mine', 'tiny', 0)
    assert [path.name for path in tmp_path.iterdir()] == ['mine']


def test_tokenizer_round_trips(model: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(model / 'tokenizer')
    for text in ['', 'a dog barking in the rain', "naïve 雨 🎹\n\ttabs, it's 1234!", ' leading']:
        ids = tokenizer(text).input_ids
        assert ids[0] == 0
        assert ids[-1] == 2
        decoded = tokenizer.decode(
            ids, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        assert decoded == text
    assert tokenizer.pad_token_id == 1
    assert tokenizer.unk_token_id == 3
    assert tokenizer.model_max_length == 512
    assert len(tokenizer('a dog barking in the rain').input_ids) < 15


def test_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / 'model'
    monkeypatch.setattr('sys.argv', ['audioldm_export', 'random-model', '--out', str(out)])
    main()
    assert str(out) in capsys.readouterr().out
    assert (out / 'model_index.json').is_file()
