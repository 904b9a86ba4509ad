from pathlib import Path

import pytest
import torch
from conftest import Archive
from reference_vggish import Vggish, load_vggish, reordered
from sounds import assert_packable, assert_same_in_any_batch, errors, hard_clips
from sounds import random_backbone as write

from audioldm_export.binding import bind

FLOAT32, BFLOAT16 = 6, 15


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp('vggish')


@pytest.fixture(autouse=True)
def _no_grad() -> object:
    with torch.no_grad():
        yield


def frozen(
    archive: Archive, reference: Vggish, dtype: int = FLOAT32, final_relu: bool = False
) -> torch.jit.ScriptModule:
    weights, module = reference.state_dict(), archive('vggish')
    assert weights.keys() == dict(module.named_parameters()).keys(), 'a tensor is not used'
    attributes = {'final_relu': final_relu, 'compute_dtype': dtype}
    return torch.jit.freeze(bind(module, attributes, weights))


def run(reference: Vggish, clips: torch.Tensor) -> torch.Tensor:
    return torch.stack([reference(clip.numpy()) for clip in clips])


def compare(archive: Archive, path: Path, seconds: float, final_relu: bool = False) -> None:
    clips = hard_clips(16000, seconds)
    reference = load_vggish(path, final_relu)
    ours = frozen(archive, reference, final_relu=final_relu)(clips)
    plain = [run(twin, clips) for twin in [reference, *(reordered(reference, k) for k in range(3))]]
    exact = run(reference.double(), clips)
    assert ours.dtype == torch.float32
    assert (ours.min() >= 0) == final_relu
    assert exact.std((0, 1)).mean() > 0.1 * exact.square().mean().sqrt(), 'all clips are alike'
    assert errors(ours, exact).median() < 1e-5
    # Both have a front-end in float64 and the same convolutions: what differs is the order in which
    # layers sum, which every instruction set chooses for itself, to either's advantage.
    assert errors(ours, exact).max() <= 1.2 * max(errors(one, exact).max() for one in plain)


@pytest.mark.parametrize(('seconds', 'final_relu'), [(1.0, False), (2.0, True), (4.9, False)])
def test_agrees_with_float64(
    archive: Archive, folder: Path, seconds: float, final_relu: bool
) -> None:
    compare(archive, write(folder, 'vggish', 'legacy'), seconds, final_relu)


@pytest.mark.slow
def test_agrees_with_float64_at_full_size(archive: Archive, folder: Path) -> None:
    compare(archive, write(folder, 'vggish', 'zip', width=64), 5.0)


def test_counts_whole_patches(archive: Archive, folder: Path) -> None:
    reference = load_vggish(write(folder, 'vggish', 'zip'), False)
    network = frozen(archive, reference)
    # The last one has more patches than are computed at once.
    for samples, patches in [(15600, 1), (30959, 1), (30960, 2), (160000, 10), (280000, 18)]:
        clip = torch.randn(1, samples) * 0.1
        exact = run(reference.double(), clip)
        assert exact.shape == (1, patches, 128)
        assert errors(network(clip), exact).max() < 1e-5
    with pytest.raises(torch.jit.Error, match='at least 15600 samples'):
        network(torch.zeros(1, 15599))


@pytest.mark.parametrize('dtype', [FLOAT32, BFLOAT16])
def test_same_in_any_batch(archive: Archive, folder: Path, dtype: int) -> None:
    network = frozen(archive, load_vggish(write(folder, 'vggish', 'zip'), False), dtype)
    clips = hard_clips(16000, 3.0)
    assert_same_in_any_batch(network, clips, [(network(clip[None]),) for clip in clips])


def test_near_in_bfloat16(archive: Archive, folder: Path) -> None:
    reference, clips = load_vggish(write(folder, 'vggish', 'zip'), False), hard_clips(16000)
    found, wanted = frozen(archive, reference, BFLOAT16)(clips), run(reference, clips)
    assert found.dtype == torch.float32
    assert torch.cosine_similarity(found, wanted, dim=2).min() > 0.99
    assert errors(found, wanted.double()).median() > 1e-4, 'this is not bfloat16'


def test_weights_are_constants_once_frozen(archive: Archive, folder: Path) -> None:
    reference = load_vggish(write(folder, 'vggish', 'zip'), False)
    # In float32 the convolutions are PyTorch's own, for their smaller rounding.
    counts = {'aten::conv2d': 0, 'aten::convolution': 6, 'aten::linear': 3}
    assert_packable(frozen(archive, reference), counts, torch.float32)
    counts = {'aten::conv2d': 6, 'aten::convolution': 0, 'aten::linear': 3}
    assert_packable(frozen(archive, reference, BFLOAT16), counts, torch.bfloat16)
