"""The size of the default model: narrow parts in exactly the published architecture.

Heads of the UNet have 32 channels each, since many heads of few channels are twice as slow.
"""

from audioldm_export.configs import Size

SIZE = Size(
    unet_widths=(32, 64, 96, 96),
    heads=(1, 2, 3, 3),
    vae_widths=(32, 64, 96),
    groups=8,
    vocoder_width=192,
    text_width=96,
    text_layers=4,
    text_heads=3,
    audio_width=48,
    audio_depths=(2, 3, 1),
    audio_heads=(2, 4, 8),
)
