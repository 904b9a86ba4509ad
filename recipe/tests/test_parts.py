from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL
from transformers import SpeechT5HifiGan

from audioldm_export.mel_spectrogram import MelSpectrogram
from audioldm_recipe import export, rebuilt, vae, vocoder
from audioldm_recipe.data import load_clips
from audioldm_recipe.discriminators import (
    MelDiscriminator,
    WaveDiscriminators,
    critic_loss,
    deceit_loss,
    feature_loss,
)
from audioldm_recipe.loop import Stage, random_of, train
from audioldm_recipe.options import Options
from audioldm_recipe.sizes import SIZE
from audioldm_recipe.spectra import CONTEXT, SpectralLoss, log_mel, log_mel_of_clips


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    size = replace(SIZE, vocoder_width=32, vae_widths=(8, 16, 16))
    for module in (vocoder, vae, export):
        monkeypatch.setattr(module, 'SIZE', size)


def test_mels_are_those_of_the_model() -> None:
    waves = torch.randn(2, 8000) * 0.1
    mels = log_mel_of_clips(waves)
    torch.testing.assert_close(mels, MelSpectrogram()(waves).squeeze(1))
    # A piece in context has the frames of the whole.
    piece = log_mel(waves[:, 1600 - CONTEXT : 4800 + CONTEXT])
    torch.testing.assert_close(piece, mels[:, 10:30])


@torch.no_grad()
def test_the_fast_vocoder_is_the_class() -> None:
    model = vocoder.new_vocoder()
    mel = torch.randn(3, 17, 64)
    expected = torch.stack([model(one) for one in mel])
    assert expected.std() > 0.01, 'nothing reaches the output'
    torch.testing.assert_close(vocoder.fast(model)(mel), expected, rtol=0, atol=1e-5)


def test_the_fast_vocoder_trains_the_class() -> None:
    model = vocoder.new_vocoder()
    with torch.autocast('cpu', torch.bfloat16):
        vocoder.fast(model)(torch.randn(1, 20, 64)).square().sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters())


def test_spectral_loss_falls_with_the_difference() -> None:
    wave = torch.randn(2, 4000) * 0.1
    noise = torch.randn(2, 4000)
    loss = SpectralLoss()
    results = [sum(loss(wave + level * noise, wave)).item() for level in (0, 1e-3, 1e-2, 0.1)]
    assert results[0] == pytest.approx(0, abs=1e-6)
    assert results == sorted(results)
    silence = torch.zeros(1, 4000, requires_grad=True)
    sum(loss(silence, wave[:1])).backward()
    assert silence.grad.isfinite().all()


@pytest.mark.parametrize('kind', [WaveDiscriminators, MelDiscriminator])
def test_discriminators_learn_to_tell(kind: type[torch.nn.Module]) -> None:
    critic = kind()
    shape = (2, 3001) if kind is WaveDiscriminators else (2, 1, 32, 64)
    real, made = torch.randn(shape), torch.randn(shape) * 0.1
    optimizer = torch.optim.AdamW(critic.parameters(), 2e-3)
    losses = []
    for _ in range(8):
        loss = critic_loss(critic(real), critic(made))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.8 * losses[0]
    assert deceit_loss(critic(made)) > deceit_loss(critic(real))
    assert feature_loss(critic(real), critic(made)) > feature_loss(critic(real), critic(real)) == 0


@pytest.mark.parametrize('stage', vae.STAGES, ids=lambda stage: stage.name)
def test_the_autoencoder_learns(
    stage: Stage, sounds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vae, 'BATCH', 2)
    monkeypatch.setattr(vae, 'FRAMES', 32)
    options = Options(tmp_path, esc10=None, synth=sounds)
    clips = load_clips(options)
    if stage.after is not None:
        first = vae.FIRST.within(1)
        train(vae.VaeTraining(clips, options, first), first.schedule, options.folder(first.name), 0)
    training = vae.VaeTraining(clips, options, stage)
    before = training.evaluate()
    # The same batch every time, with the learning rate that it has risen to.
    losses = [training.step(300, random_of(0, 'vae', 0))['mel_l1'].item() for _ in range(10)]
    assert losses[-1] < 0.98 * losses[0]
    after = training.evaluate()
    assert after['mel_l1'] < before['mel_l1']
    assert after.keys() == {'mel_l1', 'detail', 'latent_std', 'noise'}


@torch.no_grad()
def test_the_classes_load_what_is_exported(tmp_path: Path) -> None:
    model, autoencoder = vocoder.new_vocoder().eval(), vae.new_vae().eval()
    export.export_vocoder(model, tmp_path)
    export.export_vae(autoencoder, 0.75, tmp_path)
    export.export_vae(autoencoder, 0.8, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ['vae', 'vocoder']

    folder = tmp_path / 'vocoder'
    loaded, report = SpeechT5HifiGan.from_pretrained(
        folder, output_loading_info=True, dtype=torch.float32
    )
    assert not any(report[problem] for problem in ('missing_keys', 'unexpected_keys'))
    assert loaded.config.sampling_rate == 16000
    mel = torch.randn(10, 64)
    torch.testing.assert_close(loaded(mel), model(mel), rtol=0, atol=3e-3)
    size = (folder / 'model.safetensors').stat().st_size
    assert size < 2 * sum(p.numel() for p in model.parameters()) + 20_000

    loaded, report = AutoencoderKL.from_pretrained(
        tmp_path / 'vae', output_loading_info=True, torch_dtype=torch.float32
    )
    assert not any(report[problem] for problem in ('missing_keys', 'unexpected_keys'))
    assert loaded.config.scaling_factor == 0.8
    mel = torch.randn(1, 1, 16, 64)
    expected = autoencoder(mel).sample
    torch.testing.assert_close(loaded(mel).sample, expected, rtol=0, atol=3e-2)


def test_other_layouts_are_not_exported() -> None:
    tensors = {'weight': torch.ones(2, 3), 'bias': torch.ones(2)}
    with pytest.raises(ValueError, match=r"\['bias', 'mean'\]"):
        export.half_tensors(tensors, {'weight': (2, 3), 'bias': (3,), 'mean': (1,)})
    tensors['bias'] *= 1e5
    with pytest.raises(ValueError, match='bias does not fit'):
        export.half_tensors(tensors, {'weight': (2, 3), 'bias': (2,)})


def test_rebuilt_clips_are_what_went_in_and_as_long() -> None:
    """Of a vocoder that sings what energy it is shown, only the frames that had some are loud."""
    wave = np.random.default_rng(0).normal(0, 0.1, 16000 + 77).astype(np.float32)
    wave[8000:] = 0
    model, mels = vae.new_vae().eval(), rebuilt.log_mel_of_clips(rebuilt.fitted(wave))
    assert mels.shape == (1, 100, 64)

    def sing(mel: torch.Tensor) -> torch.Tensor:
        return mel.mean(2).exp().repeat_interleave(160, 1)

    sung = rebuilt.through_vocoder(wave, sing)
    assert len(sung) == 16000
    assert sung[:7000].min() > 10 * sung[9000:].max()
    mode = model(mels.unsqueeze(1)).sample.squeeze(1)
    torch.testing.assert_close(
        torch.from_numpy(rebuilt.through_autoencoder(wave, model, sing)), sing(mode)[0].detach()
    )
