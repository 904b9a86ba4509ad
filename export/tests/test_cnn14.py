from pathlib import Path

import pytest
import torch
from conftest import Archive
from reference_cnn14 import Cnn14, load_cnn14
from sounds import WIDTH, assert_packable, assert_same_in_any_batch, errors, hard_clips
from sounds import random_backbone as write

from audioldm_export.binding import bind

FLOAT32, BFLOAT16 = 6, 15


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp('cnn14')


@pytest.fixture(autouse=True)
def _no_grad() -> object:
    with torch.no_grad():
        yield


def frozen(
    archive: Archive, reference: Cnn14, rate: int, dtype: int = FLOAT32
) -> torch.jit.ScriptModule:
    tensors = reference.state_dict()
    weights = {name: tensor for name, tensor in tensors.items() if 'num_batches' not in name}
    module = archive('cnn14')
    assert weights.keys() == dict(module.named_parameters()).keys(), 'a tensor is not used'
    return torch.jit.freeze(bind(module, {'hop': rate // 100, 'compute_dtype': dtype}, weights))


def compare(archive: Archive, path: Path, rate: int, clips: torch.Tensor) -> None:
    reference = load_cnn14(path, rate)
    ours, plain = frozen(archive, reference, rate)(clips), reference(clips)
    exact = reference.double()(clips.double())
    for output, found, peer in zip(exact, ours, plain):
        assert output.std(0).mean() > 0.1 * output.square().mean().sqrt(), 'all clips are alike'
        assert errors(found, output).median() < 1e-5
        assert errors(found, output).max() <= errors(peer, output).max()


@pytest.mark.parametrize(
    ('rate', 'file_format'), [(16000, 'zip'), (16000, 'training'), (32000, 'legacy')]
)
def test_agrees_with_float64(archive: Archive, folder: Path, rate: int, file_format: str) -> None:
    path = write(folder, f'cnn14-{rate // 1000}k', file_format)
    compare(archive, path, rate, hard_clips(rate))


@pytest.mark.slow
@pytest.mark.parametrize('rate', [16000, 32000])
def test_agrees_with_float64_at_full_size(archive: Archive, folder: Path, rate: int) -> None:
    path = write(folder, f'cnn14-{rate // 1000}k', 'zip', width=64)
    compare(archive, path, rate, hard_clips(rate))


def test_long_clips_in_pieces(archive: Archive, folder: Path) -> None:
    """Of 4096 frames: one and no column more, one and a few, two and a few."""
    reference = load_cnn14(write(folder, 'cnn14-16k', 'zip', width=4), 16000)
    network = frozen(archive, reference, 16000)
    exact = reference.double()
    for frames in (4096 + 31, 4096 + 100, 2 * 4096 + 200):
        clip = torch.randn(1, (frames - 1) * 160 + 7) * 0.1
        clip[0, :: clip.shape[1] // 50] += 1
        for found, output in zip(network(clip), exact(clip.double())):
            assert errors(found, output).max() < 1e-5, frames


@pytest.mark.parametrize('dtype', [FLOAT32, BFLOAT16])
def test_same_in_any_batch(archive: Archive, folder: Path, dtype: int) -> None:
    reference = load_cnn14(write(folder, 'cnn14-16k', 'zip'), 16000)
    network, clips = frozen(archive, reference, 16000, dtype), hard_clips(16000, 1.3)
    assert_same_in_any_batch(network, clips, [network(clip[None]) for clip in clips])


def test_near_in_bfloat16(archive: Archive, folder: Path) -> None:
    reference, clips = load_cnn14(write(folder, 'cnn14-16k', 'zip'), 16000), hard_clips(16000)
    for found, wanted in zip(frozen(archive, reference, 16000, BFLOAT16)(clips), reference(clips)):
        assert found.dtype == torch.float32
        assert torch.cosine_similarity(found, wanted).min() > 0.99
        assert errors(found, wanted.double()).median() > 1e-4, 'this is not bfloat16'


@pytest.mark.parametrize('dtype', [FLOAT32, BFLOAT16])
def test_weights_are_constants_once_frozen(archive: Archive, folder: Path, dtype: int) -> None:
    network = frozen(archive, load_cnn14(write(folder, 'cnn14-16k', 'zip'), 16000), 16000, dtype)
    kind = torch.bfloat16 if dtype == BFLOAT16 else torch.float32
    assert_packable(network, {'aten::conv2d': 8, 'aten::linear': 6}, kind)
    shapes = [
        list(node.inputs())[1].toIValue().shape[:2]
        for node in network.graph.findAllNodes('aten::conv2d')
    ]
    assert shapes[:3] == [(WIDTH, 1), (WIDTH, WIDTH), (2 * WIDTH, WIDTH)]


def test_the_shortest_clip(archive: Archive, folder: Path) -> None:
    reference = load_cnn14(write(folder, 'cnn14-16k', 'zip'), 16000)
    network, clip = frozen(archive, reference, 16000), torch.randn(1, 31 * 160)
    for found, output in zip(network(clip), reference.double()(clip.double())):
        assert errors(found, output).max() < 1e-5
    with pytest.raises(torch.jit.Error, match='at least 31 hops'):
        network(clip[:, 1:])
