"""Writes the architectures as TorchScript archives without weights."""

import io
import os
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from .audio_encoder import AudioEncoder
from .cnn14 import Cnn14
from .fusion_audio_encoder import FusionAudioEncoder
from .mel_spectrogram import MelSpectrogram
from .passt import Passt
from .text_encoder import TextEncoder
from .unet import UNet
from .vae import VaeDecoder, VaeEncoder
from .vggish import Vggish
from .vocoder import Vocoder
from .wavegram_cnn14 import WavegramCnn14

ARCHITECTURES: dict[str, Callable[[], nn.Module]] = {
    'unet': UNet,
    'vae_encoder': VaeEncoder,
    'vae_decoder': VaeDecoder,
    'vocoder': Vocoder,
    'text_encoder': TextEncoder,
    'audio_encoder': AudioEncoder,
    'fusion_audio_encoder': FusionAudioEncoder,
    'mel_spectrogram': MelSpectrogram,
    'cnn14': Cnn14,
    'wavegram_cnn14': WavegramCnn14,
    'vggish': Vggish,
    'passt': Passt,
}


def script(name: str) -> torch.jit.ScriptModule:
    """The architecture compiled, in evaluation mode, with empty parameters."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', DeprecationWarning)
        return torch.jit.script(ARCHITECTURES[name]().eval())


def save(module: torch.jit.ScriptModule, path: Path) -> None:
    """Saves without source locations, which name files of the machine that built the archive."""
    with_locations = io.BytesIO()
    torch.jit.save(module, with_locations)
    with zipfile.ZipFile(with_locations) as source, zipfile.ZipFile(path, 'w') as target:
        for entry in source.infolist():
            if not entry.filename.endswith('.debug_pkl'):
                target.writestr(zipfile.ZipInfo(entry.filename), source.read(entry))


def write_archives(folder: Path) -> list[Path]:
    """Writes `<name>.pt` for every architecture into `folder`, replacing what is there."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name in ARCHITECTURES:
        path = folder / f'{name}.pt'
        part = folder / f'.{name}.{os.getpid()}.tmp'
        try:
            save(script(name), part)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        written.append(path)
    return written
