from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tones import low_and_high

from audioldm_export import cnn14 as published_cnn14
from audioldm_export import vggish as published_vggish
from audioldm_export.binding import bind
from audioldm_recipe import classifiers
from audioldm_recipe.loop import Schedule, random_of
from audioldm_recipe.options import Options

SCHEDULE = Schedule(steps=4)


@pytest.fixture(params=['cnn14', 'vggish'])
def training(request: pytest.FixtureRequest, tmp_path: Path) -> classifiers.ClassifierTraining:
    make = getattr(classifiers, f'{request.param}_training')
    training = make(low_and_high(), Options(tmp_path, None, None), SCHEDULE)
    training.batch = 4
    return training


def test_what_is_written_gives_what_was_trained(
    training: classifiers.ClassifierTraining, tmp_path: Path
) -> None:
    training.net.eval()
    for parameter in training.net.parameters():
        parameter.data.copy_(parameter.half())
    file = classifiers.write_weights(training, training.name, tmp_path)
    tensors = {name: tensor.float() for name, tensor in load_file(file).items()}
    wave = torch.randn(1, 32000) * 0.1
    with torch.no_grad():
        if training.name == 'cnn14':
            attributes = {'hop': 160, 'compute_dtype': torch.float32}
            expected = bind(published_cnn14.Cnn14(), attributes, tensors)(wave)[1]
            found = training.predict(wave)
        else:
            attributes = {'compute_dtype': torch.float32}
            expected = bind(published_vggish.Vggish(), attributes, tensors)(wave)[0]
            patches = wave[0].unfold(0, 15600, 15360)
            found = training.net.embed(patches)
    assert expected.std() > 1e-3
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-3 * expected.std().item())


def test_a_step_moves_what_is_trained(training: classifiers.ClassifierTraining) -> None:
    before = {name: tensor.clone() for name, tensor in training.net.state_dict().items()}
    for step in range(2):
        results = training.step(step, random_of(0, training.name, step))
    assert np.isfinite(results['loss'].item())
    for name, parameter in training.net.named_parameters():
        assert not torch.equal(parameter, before[name]), name
    for name, tensor in before.items():
        if name.startswith(('spectrogram', 'logmel')):
            assert torch.equal(training.net.state_dict()[name], tensor)


def test_evaluation_names_the_source(training: classifiers.ClassifierTraining) -> None:
    training.net.eval()
    metrics = training.evaluate()
    assert set(metrics) == {'accuracy of esc10'}
    assert 0 <= metrics['accuracy of esc10'] <= 1


def test_steps_are_those_asked_for() -> None:
    assert classifiers.with_steps(SCHEDULE, 7) == replace(SCHEDULE, steps=7)
    assert classifiers.with_steps(SCHEDULE, None) == SCHEDULE
