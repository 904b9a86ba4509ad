import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from safetensors import safe_open
from torch import Tensor
from transformers import (
    ClapAudioModelWithProjection,
    ClapFeatureExtractor,
    ClapTextModelWithProjection,
    RobertaTokenizer,
)

from audioldm_recipe import clap, clap_export, clap_towers, known_sounds, tokenizer
from audioldm_recipe.clap_features import BANDS, FLOOR, FRAMES, Decibels, repeated, varied_features
from audioldm_recipe.clap_towers import feature_config, new_audio_tower, new_text_tower
from audioldm_recipe.data import load_clips
from audioldm_recipe.fast_htsat import FastHtsat
from audioldm_recipe.loop import Schedule, random_of, train
from audioldm_recipe.options import Options
from audioldm_recipe.sayings import FALSE, TRUE, UNKNOWN
from audioldm_recipe.sizes import SIZE


@pytest.fixture(scope='module')
def options(tmp_path_factory: pytest.TempPathFactory) -> Options:
    """Synthesised clips of two classes, slow and fast, with what is said of them."""
    folder = tmp_path_factory.mktemp('synth')
    for name in ('audio', 'meta'):
        (folder / name).mkdir()
    rows, captions, hidden = [], [], []
    for i in range(60):
        category, rate = ('bell', 'knock')[i % 2], ('slow', 'fast')[i // 2 % 2]
        name = f'{1 + i % 5}-{i}-A-{i % 2}.wav'
        time = np.arange(8000) / 16000
        wave = np.sin(2 * np.pi * (900 if i % 2 else 200) * time)
        wave *= np.exp(-20 * (time % (0.5 if rate == 'slow' else 0.05)))
        soundfile.write(folder / 'audio' / name, 0.5 * wave, 16000)
        rows.append({'filename': name, 'fold': 1 + i % 5, 'target': i % 2, 'category': category})
        line = {'file': f'audio/{name}', 'attributes': {'rate': rate}}
        captions.append({**line, 'captions': [f'a {rate} {category}', f'the {category}']})
        hidden.append({**line, 'captions': [f'some {category} that is {rate}']})
    for name, lines in (('captions.jsonl', captions), ('held-out.jsonl', hidden)):
        (folder / name).write_text(''.join(json.dumps(line) + '\n' for line in lines))
    with (folder / 'meta' / 'esc50.csv').open('w', newline='') as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    found = Options(tmp_path_factory.mktemp('state'), None, folder)
    tokenizer.run(found)
    return found


@pytest.fixture
def training(options: Options, monkeypatch: pytest.MonkeyPatch) -> clap.ClapTraining:
    monkeypatch.setattr(clap, 'PAIRS', 4)
    monkeypatch.setattr(clap, 'OTHERS', 4)
    small = replace(SIZE, text_width=24, text_layers=1, audio_width=16, audio_depths=(2, 1, 1))
    monkeypatch.setattr(clap_towers, 'SIZE', small)
    return clap.ClapTraining(load_clips(options), options, 30)


@torch.no_grad()
def test_the_fast_tower_is_the_class() -> None:
    tower = new_audio_tower().eval()
    for parameter in tower.parameters():
        parameter.add_(torch.randn_like(parameter) * 0.02)
    decibels = torch.randn(2, FRAMES, BANDS) * 20 - 40
    expected = tower(input_features=decibels.unsqueeze(1)).audio_embeds
    assert (expected[0] - expected[1]).abs().max() > 0.01
    torch.testing.assert_close(FastHtsat(tower)(decibels), expected, rtol=0, atol=1e-5)


def test_the_fast_tower_trains_the_class() -> None:
    tower = new_audio_tower()
    FastHtsat(tower)(torch.randn(2, FRAMES, BANDS), torch.bfloat16).square().sum().backward()
    for name, parameter in tower.named_parameters():
        assert parameter.grad is not None, name


def test_features_are_those_of_transformers() -> None:
    """Of 48 kHz, which both are given."""
    wave = (torch.randn(5 * 48000) * 0.1).numpy()
    extractor = ClapFeatureExtractor.from_dict(feature_config())
    expected = extractor(wave, sampling_rate=48000, return_tensors='np').input_features[0, 0]
    found = Decibels().encoder.decibels(torch.from_numpy(np.tile(wave, 2)).double()).numpy()
    np.testing.assert_allclose(found, expected, atol=0.05)


def test_short_clips_are_repeated_whole() -> None:
    features = np.arange(300 * BANDS, dtype=np.float16).reshape(300, BANDS) / 300
    found = repeated(features)
    assert found.shape == (FRAMES, BANDS)
    np.testing.assert_array_equal(found[:900], np.tile(features.astype(np.float32), (3, 1)))
    assert (found[900:] == FLOOR).all()
    rng = np.random.default_rng(0)
    for _ in range(20):
        other = varied_features([features], rng)
        assert other.shape == (FRAMES, BANDS)
        assert (other >= FLOOR).all()


def test_what_may_be_true_has_no_part_in_the_loss() -> None:
    relation = torch.tensor([[TRUE, FALSE, UNKNOWN], [FALSE, TRUE, FALSE]])

    def loss(*values: float) -> Tensor:
        logits = torch.tensor([[1.0, values[0], values[1]], [0.5, 2.0, 0.1]])
        return clap.contrastive_loss(logits, relation)

    assert loss(0.0, 5.0) == loss(0.0, -5.0)
    assert loss(1.0, 0.0) > loss(0.0, 0.0)


def test_pairs_differ_in_little(training: clap.ClapTraining) -> None:
    batch = training.pairs.draw(np.random.default_rng(0), 8, 4)
    assert len(batch.clips) == 16
    assert len(batch.sayings) == 20
    for one, other in zip(batch.clips[::2], batch.clips[1::2]):
        assert one.category == other.category
    assert (np.diag(batch.relation) == TRUE).all()
    assert (batch.relation[:, 16:] == FALSE).all()
    hard = batch.relation[range(0, 16, 2), range(1, 16, 2)] == FALSE
    assert hard.any(), 'no caption tells the two of a pair apart'
    assert not any(saying.held_out for saying in batch.sayings)


def test_the_loss_falls(training: clap.ClapTraining) -> None:
    losses = [training.step(0, random_of(0, 'clap', 0))['contrast'].item() for _ in range(12)]
    assert losses[-1] < 0.7 * losses[0]


def test_it_goes_on_exactly(
    training: clap.ClapTraining, options: Options, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    schedule = Schedule(4, 1, 2, 4, clap.SCHEDULE.average)
    train(training, schedule, tmp_path, 0)
    whole = training.text.state_dict()
    other = tmp_path / 'other'
    other.mkdir()
    parts = [clap.ClapTraining(load_clips(options), options, 30) for _ in range(2)]
    for part, steps in zip(parts, (2, 4)):
        train(part, replace(schedule, steps=steps), other, 0)
    for name, tensor in parts[1].text.state_dict().items():
        assert torch.equal(tensor, whole[name]), name


def test_evaluation_has_texts_sounds_and_attributes(training: clap.ClapTraining) -> None:
    for module in training.modules.values():
        module.eval()
    with torch.no_grad():
        metrics = training.evaluate()
    expected = {'text to sound of synth', 'sound to text of synth', 'attributes', 'unknown told'}
    assert set(metrics) == expected
    assert all(0 <= value <= 1 for value in metrics.values())


def test_exported_towers_load(training: clap.ClapTraining, options: Options) -> None:
    train(training, Schedule(1, average=clap.SCHEDULE.average), options.folder('clap'), 0)
    clap_export.run(options)
    model = options.folder('model')
    found = RobertaTokenizer.from_pretrained(model / 'tokenizer')
    text = ClapTextModelWithProjection.from_pretrained(model / 'text_encoder').float()
    audio = ClapAudioModelWithProjection.from_pretrained(model / 'audio_encoder').float()
    with torch.no_grad():
        row = text(**found('a slow bell', return_tensors='pt')).text_embeds[0]
        training.text.load_state_dict(text.state_dict())
        training.audio.load_state_dict(audio.state_dict())
        training.text.eval()
        training.audio.eval()
        mine = training.embed(['a slow bell'])[0]
        torch.testing.assert_close(row / row.norm(), mine, rtol=0, atol=1e-6)
        features = torch.randn(1, 1, FRAMES, BANDS)
        both = [tower(input_features=features).audio_embeds for tower in (audio, training.audio)]
        assert torch.equal(*both)


def test_known_sounds_are_those_of_the_captions(
    training: clap.ClapTraining, options: Options, tmp_path: Path
) -> None:
    state = replace(options, state=tmp_path)
    shutil.copytree(options.folder('tokenizer'), tmp_path / 'tokenizer')
    train(training, Schedule(30), state.folder('clap'), 0)
    told = known_sounds.run(state)
    with safe_open(tmp_path / 'model/known_sounds.safetensors', 'pt') as file:
        content, rows = json.loads(file.metadata()['content']), file.get_tensor('embeddings')
    assert content['sounds'] == [{'name': 'bell', 'rows': 3}, {'name': 'knock', 'rows': 3}]
    assert content['chosenOn'] == {'known': 4, 'unknown': len(training.retrieval.others), **told}
    assert told['knownWarned'] <= 0.25
    assert 0 <= told['unknownWarned'] <= 1
    training.text.eval()
    with torch.no_grad():
        bells = training.embed(['a slow bell', 'a fast bell', 'the bell'])
    similarities = rows[:3].float() @ bells.t()
    torch.testing.assert_close(similarities.amax(0), torch.ones(3), rtol=0, atol=1e-3)


def test_representatives_lie_where_rows_do() -> None:
    groups = torch.eye(3).repeat_interleave(20, 0) + 0.05 * torch.randn(60, 3)
    found = known_sounds.representatives(groups, 3)
    assert found.argmax(1).sort().values.tolist() == [0, 1, 2]
    assert (found.amax(1) > 0.99).all()
    assert len(known_sounds.representatives(groups[:2], 8)) == 2


def test_the_towers_are_small() -> None:
    towers = (new_audio_tower(), new_text_tower(tokenizer.ENTRIES))
    count = sum(parameter.numel() for tower in towers for parameter in tower.parameters())
    assert count <= 2_500_000
