from pathlib import Path

import pytest
import torch
from conftest import Archive
from reference_wavegram import WavegramLogmelCnn14, load_wavegram
from sounds import assert_packable, assert_same_in_any_batch, errors, hard_clips
from sounds import random_backbone as write

from audioldm_export.binding import bind

FLOAT32, BFLOAT16 = 6, 15
RATE, KIND = 32000, 'wavegram-logmel'


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp('wavegram')


@pytest.fixture(autouse=True)
def _no_grad() -> object:
    with torch.no_grad():
        yield


def frozen(
    archive: Archive, reference: WavegramLogmelCnn14, dtype: int = FLOAT32
) -> torch.jit.ScriptModule:
    tensors = reference.state_dict()
    weights = {name: tensor for name, tensor in tensors.items() if 'num_batches' not in name}
    module = archive('wavegram_cnn14')
    assert weights.keys() == dict(module.named_parameters()).keys(), 'a tensor is not used'
    return torch.jit.freeze(bind(module, {'compute_dtype': dtype}, weights))


def compare(archive: Archive, path: Path, clips: torch.Tensor) -> None:
    reference = load_wavegram(path)
    ours, plain = frozen(archive, reference)(clips), reference(clips)
    exact = reference.double()(clips.double())
    for output, found, peer in zip(exact, ours, plain):
        assert output.std(0).mean() > 0.1 * output.square().mean().sqrt(), 'all clips are alike'
        assert errors(found, output).median() < 1e-5
        assert errors(found, output).max() <= errors(peer, output).max()


@pytest.mark.parametrize('file_format', ['zip', 'training'])
def test_agrees_with_float64(archive: Archive, folder: Path, file_format: str) -> None:
    compare(archive, write(folder, KIND, file_format), hard_clips(RATE))


@pytest.mark.slow
def test_agrees_with_float64_at_full_size(archive: Archive, folder: Path) -> None:
    compare(archive, write(folder, KIND, 'zip', width=64), hard_clips(RATE))


def test_the_wavegram_is_heard(archive: Archive, folder: Path) -> None:
    """Without it, embeddings are others."""
    reference, clips = load_wavegram(write(folder, KIND, 'zip')), hard_clips(RATE)
    found, _ = frozen(archive, reference)(clips)
    reference.pre_bn0.weight.zero_()
    deaf, _ = frozen(archive, reference)(clips)
    assert errors(deaf, found.double()).median() > 0.1


# An even number of hops, where both images are of a length; an odd one; 4 and 5 samples less.
@pytest.mark.parametrize(
    'samples', [200 * 320, 201 * 320, 202 * 320 - 4, 202 * 320 - 5, 201 * 320 + 7]
)
def test_any_length(archive: Archive, folder: Path, samples: int) -> None:
    reference = load_wavegram(write(folder, KIND, 'zip'))
    clip = torch.randn(1, samples) * torch.linspace(0, 1, samples)
    for found, output in zip(frozen(archive, reference)(clip), reference.double()(clip.double())):
        assert errors(found, output).max() < 1e-5


def test_long_clips_in_pieces(archive: Archive, folder: Path) -> None:
    """Of 4096 frames: one and no column more, one and a few, two and a few."""
    reference = load_wavegram(write(folder, KIND, 'zip', width=2))
    network = frozen(archive, reference)
    exact = reference.double()
    for frames in (4096 + 31, 4096 + 101, 2 * 4096 + 200):
        clip = torch.randn(1, frames * 320 + 7) * 0.1
        clip[0, :: clip.shape[1] // 50] += 1
        for found, output in zip(network(clip), exact(clip.double())):
            assert errors(found, output).max() < 1e-5, frames


@pytest.mark.parametrize('dtype', [FLOAT32, BFLOAT16])
def test_same_in_any_batch(archive: Archive, folder: Path, dtype: int) -> None:
    reference = load_wavegram(write(folder, KIND, 'zip'))
    network, clips = frozen(archive, reference, dtype), hard_clips(RATE, 1.3)
    assert_same_in_any_batch(network, clips, [network(clip[None]) for clip in clips])


def test_near_in_bfloat16(archive: Archive, folder: Path) -> None:
    reference, clips = load_wavegram(write(folder, KIND, 'zip')), hard_clips(RATE)
    for found, wanted in zip(frozen(archive, reference, BFLOAT16)(clips), reference(clips)):
        assert found.dtype == torch.float32
        assert torch.cosine_similarity(found, wanted).min() > 0.99
        assert errors(found, wanted.double()).median() > 1e-4, 'this is not bfloat16'


@pytest.mark.parametrize('dtype', [FLOAT32, BFLOAT16])
def test_weights_are_constants_once_frozen(archive: Archive, folder: Path, dtype: int) -> None:
    network = frozen(archive, load_wavegram(write(folder, KIND, 'zip')), dtype)
    kind = torch.bfloat16 if dtype == BFLOAT16 else torch.float32
    convolution = 'aten::conv2d' if dtype == BFLOAT16 else 'aten::convolution'
    assert_packable(network, {convolution: 10, 'aten::linear': 12}, kind)


def test_the_shortest_clip(archive: Archive, folder: Path) -> None:
    reference = load_wavegram(write(folder, KIND, 'zip'))
    network, clip = frozen(archive, reference), torch.randn(1, 32 * 320 - 4)
    for found, output in zip(network(clip), reference.double()(clip.double())):
        assert errors(found, output).max() < 1e-5
    with pytest.raises(torch.jit.Error, match='at least 32 hops'):
        network(clip[:, 1:])
