"""Distance of sounds by what happens in their log-mels, at whatever level and wherever they begin.

What is there all the time is left out: by its mean spectrum, any steady noise would be near to
recordings of rain, and what is smooth nearer to all sounds than they are to each other.
"""

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor

from ..spectra import BANDS, HOP, log_mel_of_clips

FRAMES = 2
"""So many of 10 ms are taken together."""
FLOOR = -40 * np.log(10) / 20
"""Under the mean level of a sound: what is below is silence."""
KEPT = 0.6
"""At every shift at least this part of what happens in either sound is compared."""


def pattern(wave: np.ndarray) -> Tensor:
    """[frames of 20 ms, BANDS]: how the log-mel, cut off at the floor, differs from its mean."""
    mel = log_mel_of_clips(torch.from_numpy(wave).unsqueeze(0))[0]
    mel = mel[: len(mel) // FRAMES * FRAMES].unflatten(0, (-1, FRAMES)).mean(1)
    mean = (2 * mel).exp().mean().log() / 2
    mel = (mel - mean).clamp(min=FLOOR)
    return mel - mel.mean(0)


class LogMelDistance:
    """√(Σ (a − b)² / Σ (a² + b²)) over the frames that two sounds share, at the best shift: 0 where
    they are equal, about 1 where they have nothing in common. The pool's sounds are of one length.
    """

    def __init__(self, pool: Iterable[np.ndarray]) -> None:
        mels = torch.stack([pattern(wave) for wave in pool])
        self.frames = mels.shape[1]
        # [frequencies, pool, BANDS], as the products are summed.
        self.spectra = torch.fft.rfft(mels, self.size(), dim=1).permute(1, 0, 2).contiguous()
        self.shifts = torch.arange(-self.frames + 1, self.frames)
        energy = torch.cumsum(mels.square().sum(2).double(), 1)
        self.shared = between(energy, self.shifts)
        self.enough = self.shared >= KEPT * energy[:, -1:]

    def size(self) -> int:
        return 2 * self.frames

    def __call__(self, wave: np.ndarray) -> np.ndarray:
        """[pool]. `wave`: cut to the length of the pool's; nothing happens after its end."""
        # Begun half a frame later as well: attacks that two frames share are not those of one.
        return np.minimum(self.in_frames(wave), self.in_frames(wave[HOP * FRAMES // 2 :]))

    def in_frames(self, wave: np.ndarray) -> np.ndarray:
        mel = pattern(wave)[: self.frames]
        mel = torch.cat([mel, mel.new_zeros(self.frames - len(mel), BANDS)])
        own = torch.fft.rfft(mel, self.size(), dim=0).conj()
        # Correlations [pool, shifts]: the pool's sound begins `shift` frames later than the query.
        products = torch.bmm(self.spectra, own.unsqueeze(2)).squeeze(2)
        common = torch.fft.irfft(products, self.size(), dim=0).t().double()
        common = common[:, self.shifts % self.size()]
        energy = torch.cumsum(mel.square().sum(1).double(), 0)
        shared = between(energy[None], -self.shifts)
        enough = (shared >= KEPT * energy[-1]) & self.enough
        distance = 1 - 2 * common / (shared + self.shared).clamp(min=1e-9)
        distance[~enough] = 1
        return distance.clamp(min=0).amin(1).sqrt().numpy()


def between(sums: Tensor, starts: Tensor) -> Tensor:
    """[sounds, starts]: what [sounds, frames] of running sums grow by in the frames of each from
    `start` on that another sound, as long, has too: start … frames − 1, or 0 … frames − 1 + start.
    """
    frames = sums.shape[1]
    padded = torch.cat([sums.new_zeros(len(sums), 1), sums], 1)
    first, last = starts.clamp(min=0), (frames + starts).clamp(max=frames)
    return padded[:, last] - padded[:, first]
