"""That a clip which repeats another is found, wherever it begins and however loud it is."""

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from torch.nn import functional as F
from transformers import ClapAudioModelWithProjection

from audioldm_export.random_model import write_json, write_part
from audioldm_recipe.clap_features import Decibels, repeated
from audioldm_recipe.clap_towers import audio_config, feature_config, new_audio_tower
from audioldm_recipe.data import RATE, Clip
from audioldm_recipe.measure.embeddings import COMPUTED, Ear, EmbeddingDistance
from audioldm_recipe.measure.log_mels import KEPT, LogMelDistance, between, pattern
from audioldm_recipe.measure.nearest import Nearest, Query, nearest, summary
from audioldm_recipe.measure.strips import Panel, strips

LENGTH = 3 * RATE


def sounds(count: int, seed: int = 0) -> list[np.ndarray]:
    """Each a few tones of its own, at times of its own, in a little noise."""
    rng = np.random.default_rng(seed)
    time = np.arange(LENGTH) / RATE
    found = []
    for _ in range(count):
        wave = 1e-3 * rng.standard_normal(LENGTH)
        for _ in range(6):
            since = time - rng.uniform(0.7, 2.0)
            tone = np.sin(2 * np.pi * rng.uniform(150, 5000) * since)
            wave += (since > 0) * np.exp(-np.abs(since) / 0.1) * tone
        found.append((0.1 * wave).astype(np.float32))
    return found


def test_a_shifted_copy_is_found() -> None:
    pool = sounds(12)
    measure = LogMelDistance(pool)
    assert measure(pool[3])[3] == pytest.approx(0, abs=1e-3)
    for i, shift in ((5, 0.5), (5, -0.5), (8, 0.31)):
        moved = 3 * np.roll(pool[i], round(shift * RATE))
        distances = measure(moved.astype(np.float32))
        assert distances.argmin() == i
        assert distances[i] < 0.15
        assert np.delete(distances, i).min() > 3 * distances[i]
    # What begins like none of them is near to none.
    assert measure(sounds(1, seed=9)[0]).min() > 0.4


def test_steady_noise_repeats_no_other() -> None:
    rng = np.random.default_rng(0)
    rain = [rng.standard_normal(LENGTH).astype(np.float32) for _ in range(3)]
    distances = LogMelDistance(rain[:2])(rain[2])
    assert distances.min() > 0.9
    heard_again = 0.2 * rain[1] + 0.02 * rain[2]
    assert LogMelDistance(rain[:2])(heard_again.astype(np.float32))[1] < 0.3


def test_silence_that_two_sounds_share_is_no_likeness() -> None:
    early, late = (np.zeros(LENGTH, np.float32) for _ in range(2))
    early[:RATE], late[-RATE:] = sounds(2, seed=3)[0][RATE : 2 * RATE], sounds(1)[0][-RATE:] * 5
    assert LogMelDistance([late])(early)[0] > 0.4


def test_best_shift_is_that_of_the_definition() -> None:
    query, other = (pattern(wave).numpy().astype(float) for wave in sounds(2, seed=5))
    best = 1.0
    for shift in range(-len(query) + 1, len(query)):
        a = query[max(-shift, 0) : len(query) - max(shift, 0)]
        b = other[max(shift, 0) : len(other) - max(-shift, 0)]
        parts, wholes = [(x**2).sum() for x in (a, b)], [(x**2).sum() for x in (query, other)]
        if all(part >= KEPT * whole for part, whole in zip(parts, wholes)):
            best = min(best, ((a - b) ** 2).sum() / sum(parts))
    first, second = sounds(2, seed=5)
    assert LogMelDistance([second]).in_frames(first)[0] == pytest.approx(best**0.5, abs=1e-4)


def test_what_lies_in_the_shared_frames() -> None:
    sums = torch.cumsum(torch.tensor([[1.0, 2, 3, 4]]), 1)
    assert between(sums, torch.tensor([-3, -1, 0, 2])).tolist() == [[1, 6, 10, 7]]


@pytest.fixture
def tower() -> ClapAudioModelWithProjection:
    """With weights that float16 has."""
    tower = new_audio_tower().eval()
    for parameter in tower.parameters():
        parameter.data = parameter.half().float()
    return tower


def write_tower(model: Path, tensors: dict[str, torch.Tensor]) -> None:
    halves = {
        name: tensor.half().contiguous()
        for name, tensor in tensors.items()
        if not name.endswith(COMPUTED)
    }
    folder = model / 'audio_encoder'
    write_part(folder, audio_config(), 'model.safetensors', halves)
    write_json(folder / 'preprocessor_config.json', feature_config())


def test_embeddings_are_those_of_the_models_tower(
    tower: ClapAudioModelWithProjection, tmp_path: Path
) -> None:
    write_tower(tmp_path / 'whole', tower.state_dict())
    waves = sounds(3)
    features = torch.from_numpy(np.stack([repeated(Decibels()(wave)) for wave in waves]))
    with torch.no_grad():
        expected = F.normalize(tower(features.unsqueeze(1)).audio_embeds, dim=1)
    ear = Ear(tmp_path / 'whole')
    torch.testing.assert_close(ear.embed(waves), expected, rtol=0, atol=1e-5)
    cosines = (expected @ expected[0]).numpy()
    distances = EmbeddingDistance(ear, waves)(waves[0])
    np.testing.assert_allclose(distances, 1 - cosines, atol=1e-5)


def test_a_tower_that_lacks_weights_is_refused(
    tower: ClapAudioModelWithProjection, tmp_path: Path
) -> None:
    tensors = tower.state_dict()
    del tensors['audio_projection.linear1.weight']
    write_tower(tmp_path / 'damaged', tensors)
    with pytest.raises(ValueError, match=r'audio_projection\.linear1\.weight'):
        Ear(tmp_path / 'damaged')


def clip(file: str) -> Clip:
    return Clip('esc10', file, 1, 'dog', np.zeros(1, np.int16))


def query(name: str, source: str, value: float) -> Query:
    return Query(name, 'dog', source, np.full(1, value, np.float32))


def test_the_nearest_is_sought_in_other_sources_or_in_the_same() -> None:
    heard = [clip('1-7-A-0.wav'), clip('1-7-B-0.wav'), clip('1-8-A-0.wav')]
    # Two variants of each clip, one after the other.
    places = np.array([0.0, 0.1, 1.0, 1.2, 5.0, 5.5])

    def measure(wave: np.ndarray) -> np.ndarray:
        return np.abs(places - wave[0])

    known = [query('1-7-A-0.wav', '7', 0), query('1-8-A-0.wav', '8', 5)]
    found = nearest(measure, [*known, query('new', '', 1.3)], heard, same_source=False)
    assert found.index.tolist() == [2, 1, 1]
    np.testing.assert_allclose(found.distance, [5, 3.8, 0.1], rtol=1e-5)
    found = nearest(measure, known[:1], heard, same_source=True)
    assert (found.index.tolist(), found.distance.tolist()) == ([1], [1.0])


def test_a_summary_names_what_is_near() -> None:
    heard = [clip('1-7-A-0.wav'), clip('1-8-A-0.wav')]
    distances = {
        'generated': [0.3, 0.05, 0.6, 0.9],
        'held out': [0.4, 0.6],
        'copies': [0.05, 0.1],
    }
    found = {
        name: Nearest(np.array(values), np.array([i % 2 for i in range(len(values))]))
        for name, values in distances.items()
    }
    groups = {
        name: [query(f'{name} {i}', '', 0) for i in range(len(values))]
        for name, values in distances.items()
    }
    report = summary(found, groups, heard)
    assert report['medianRatio'] == pytest.approx(0.9)
    assert report['medianRatioOfClasses'] == {'dog': pytest.approx(0.9)}
    assert report['nearerThanRecordings'] == 0.5
    assert (report['nearAsCopies'], report['recordingsNearAsCopies']) == (0.25, 0)
    assert report['closest'][0] == {
        'generated': 'generated 1',
        'trainedOn': '1-8-A-0.wav',
        'category': 'dog',
        'distance': 0.05,
    }
    panels = [Panel('a', {name: one.distance for name, one in found.items()})] * 2
    picture = ElementTree.fromstring(strips('near & far', panels))
    # A base line, bars and a median for every group of every panel.
    assert len(picture.findall('{*}path')) == 3 * 3 * 2
