import pickletools
import zipfile
from pathlib import Path

import librosa
import numpy as np
import pytest
import torch
from reference_cnn14 import load_cnn14
from reference_vggish import load_vggish
from sounds import hard_clips
from sounds import random_backbone as write

from audioldm_export.__main__ import main
from audioldm_export.random_backbone import write_random_backbone


def load(path: Path) -> dict:
    return torch.load(path, weights_only=False)


def test_formats_hold_the_same_weights(tmp_path: Path) -> None:
    files = {name: write(tmp_path, 'cnn14-16k', name, 4) for name in ('zip', 'legacy', 'training')}
    assert [zipfile.is_zipfile(path) for path in files.values()] == [True, False, True]
    contents = {name: load(path) for name, path in files.items()}
    weights = {name: content.pop('model') for name, content in contents.items()}
    assert contents['zip'] == contents['legacy'] == {'_audioldm_random_weights': True}
    assert contents['training'].keys() == {'_audioldm_random_weights', 'iteration', 'sampler'}
    sampler = contents['training']['sampler']
    assert len(sampler['indexes_per_class']) == 527
    assert all(type(indexes) is np.ndarray for indexes in sampler['indexes_per_class'])
    assert len(weights['zip']) == 84
    for tensors in weights.values():
        assert list(tensors) == list(weights['zip'])
        assert all(torch.equal(tensor, weights['zip'][name]) for name, tensor in tensors.items())

    vggish = {name: write(tmp_path, 'vggish', name, 4) for name in ('zip', 'legacy')}
    assert len(load(vggish['zip'])) == 18
    assert [zipfile.is_zipfile(path) for path in vggish.values()] == [True, False]
    with pytest.raises(ValueError, match='no training checkpoint of vggish'):
        write_random_backbone(tmp_path / 'x', 'vggish', 'training', 4, 0)
    assert not (tmp_path / 'x').exists()


@pytest.mark.parametrize(('rate', 'size', 'highest'), [(16000, 512, 8000), (32000, 1024, 14000)])
def test_front_end_is_the_published_one(tmp_path: Path, rate: int, size: int, highest: int) -> None:
    weights = load(write(tmp_path, f'cnn14-{rate // 1000}k', 'zip', 4))['model']
    bands = librosa.filters.mel(sr=rate, n_fft=size, n_mels=64, fmin=50, fmax=highest)
    np.testing.assert_allclose(weights['logmel_extractor.melW'], bands.T, atol=1e-8)
    wave = np.random.default_rng(0).standard_normal(size).astype(np.float32)
    spectrum = np.fft.rfft(wave * librosa.filters.get_window('hann', size))
    stft = 'spectrogram_extractor.stft.conv'
    for part, wanted in (('real', spectrum.real), ('imag', spectrum.imag)):
        filters = weights[f'{stft}_{part}.weight']
        assert filters.shape == (size // 2 + 1, 1, size)
        np.testing.assert_allclose(filters[:, 0].numpy() @ wave, wanted, atol=1e-4)


@torch.no_grad()
def test_networks_are_alive(tmp_path: Path) -> None:
    clips = hard_clips(16000)
    embedding, logits = load_cnn14(write(tmp_path, 'cnn14-16k', 'zip'), 16000)(clips)
    assert 0.2 < (embedding > 0).float().mean() < 0.8
    assert 0.1 < embedding.square().mean().sqrt() < 5
    assert 2 < logits.square().mean().sqrt() < 60
    assert logits.std(0).mean() > 1, 'logits do not depend on the clip'
    network = load_vggish(write(tmp_path, 'vggish', 'zip'), False)
    patches = torch.cat([network(clip.numpy()) for clip in clips])
    assert 0.1 < patches.std(0).mean() < 10


def test_pca_is_of_numpy_arrays(tmp_path: Path) -> None:
    path = write(tmp_path, 'vggish-pca', 'zip')
    params = load(path)
    basis = params['pca_eigen_vectors']
    assert type(basis) is np.ndarray
    np.testing.assert_allclose(basis @ basis.T, np.eye(128), atol=1e-12)
    assert params['pca_means'].shape == (128,)
    with zipfile.ZipFile(path) as file:
        pickle = file.read(next(name for name in file.namelist() if name.endswith('data.pkl')))
    names = {argument for op, argument, _ in pickletools.genops(pickle) if op.name == 'GLOBAL'}
    assert any('_reconstruct' in name for name in names)


def test_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [tmp_path / 'first.pth', tmp_path / 'second.pth']
    for path, seed in zip(paths, '12'):
        options = ['--kind', 'vggish', '--format', 'legacy', '--width', '2', '--seed', seed]
        arguments = ['audioldm_export', 'random-backbone', '--out', str(path), *options]
        monkeypatch.setattr('sys.argv', arguments)
        main()
        assert str(path) in capsys.readouterr().out
    first, second = (load(path)['embeddings.0.weight'] for path in paths)
    assert not torch.equal(first, second)
    assert first.shape == (128, 24 * 16)
