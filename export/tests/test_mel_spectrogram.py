import librosa
import numpy as np
import pytest
import torch
from conftest import Archive
from sounds import hard_clips

from audioldm_export.binding import Attribute, bind
from audioldm_export.mel_spectrogram import mel_filters

RATE = 16000


def frozen(archive: Archive, **attributes: Attribute) -> torch.jit.ScriptModule:
    return torch.jit.freeze(bind(archive('mel_spectrogram'), attributes, {}))


def statement(
    clip: np.ndarray, rate: int = RATE, n_fft: int = 1024, hop: int = 160, bands: int = 64
) -> np.ndarray:
    """The definition, frame by frame in float64: [frames, bands]."""
    padding = (n_fft - hop) // 2
    padded = np.pad(clip.astype(np.float64), padding, mode='reflect')
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)
    filters = librosa.filters.mel(sr=rate, n_fft=n_fft, n_mels=bands, dtype=np.float64)
    starts = range(0, len(padded) - n_fft + 1, hop)
    magnitudes = [np.abs(np.fft.rfft(padded[at : at + n_fft] * window)) for at in starts]
    return np.log(np.maximum(np.stack(magnitudes) @ filters.T, 1e-5))


@pytest.mark.parametrize(
    ('rate', 'size', 'bands', 'lowest', 'highest'),
    [
        (16000, 1024, 64, 0.0, 8000.0),
        (48000, 1024, 64, 50.0, 14000.0),
        (44100, 512, 20, 1500.0, 22050.0),
        (8000, 256, 10, 0.0, 900.0),
    ],
)
def test_filters_are_those_of_librosa(
    rate: int, size: int, bands: int, lowest: float, highest: float
) -> None:
    expected = librosa.filters.mel(
        sr=rate, n_fft=size, n_mels=bands, fmin=lowest, fmax=highest, dtype=np.float64
    )
    found = mel_filters(rate, size, bands, lowest, highest).numpy().T
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-15)
    assert (expected.max(1) > 0).all()


def test_agrees_with_its_definition(archive: Archive) -> None:
    clips = hard_clips(RATE, seconds=0.8)
    mel = frozen(archive)(clips)
    assert mel.shape == (len(clips), 1, 80, 64)
    assert mel.dtype == torch.float32
    for found, clip in zip(mel, clips):
        # float32 holds a value of −11.5 to within 5e-7.
        np.testing.assert_allclose(found[0], statement(clip.numpy()), rtol=0, atol=1e-6)
    assert (mel == torch.tensor(1e-5).log()).any(), 'no clip reaches the floor'


@pytest.mark.parametrize(
    ('rate', 'n_fft', 'hop', 'bands'), [(22050, 512, 200, 20), (48000, 2048, 480, 128)]
)
def test_other_sizes(archive: Archive, rate: int, n_fft: int, hop: int, bands: int) -> None:
    clip = torch.randn(hop * 12)
    mel = frozen(archive, sample_rate=rate, n_fft=n_fft, hop=hop, num_mels=bands)
    expected = statement(clip.numpy(), rate, n_fft, hop, bands)
    assert expected.shape == (12, bands)
    np.testing.assert_allclose(mel(clip[None])[0, 0], expected, rtol=0, atol=1e-6)


def test_long_clips_in_pieces(archive: Archive) -> None:
    """Pieces of 4096 frames: one and a frame, two exactly, the last alone."""
    mel = frozen(archive)
    for frames in (4097, 8192):
        clip = torch.randn(frames * 160)
        found = mel(clip[None])[0, 0]
        assert found.shape == (frames, 64)
        around = 160 * 4090
        piece = statement(clip[around : around + 160 * 7].numpy())
        # The frames that see nothing of the reflection at the ends of the piece.
        np.testing.assert_allclose(found[4093:4094], piece[3:4], rtol=0, atol=1e-6)
        np.testing.assert_allclose(found[-3:], statement(clip[-1600:].numpy())[-3:], atol=1e-6)


def test_clips_of_a_batch_do_not_see_one_another(archive: Archive) -> None:
    mel = frozen(archive)
    clips = torch.randn(3, 1600)
    clips[1] = torch.nan
    assert torch.equal(mel(clips)[[0, 2]], torch.cat([mel(clips[:1]), mel(clips[2:])]))
    with pytest.raises(RuntimeError, match=r'[Pp]adding'):
        mel(clips[:, :432])
