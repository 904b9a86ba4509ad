"""VGGish in training: the names and the function of the published file, narrow, and a head."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from audioldm_export.vggish import LogMel
from audioldm_export.vggish import Vggish as Published

from .device import autocast
from .specaugment import varied

WIDTHS = {'0': 16, '3': 32, '6': 48, '8': 48, '11': 64, '13': 64}
POOLED = ('0', '3', '8', '13')
HIDDEN, EMBEDDING = 128, 128
PATCH, STEP = Published.patch, Published.step


class Vggish(nn.Module):
    """Patches [B, PATCH] → logits [B, classes]; the head stays out of the published layout."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.log_mel = LogMel()
        self.features = nn.ModuleDict()
        channels = 1
        for name, width in WIDTHS.items():
            self.features[name] = nn.Conv2d(channels, width, 3, padding=1)
            channels = width
        self.embeddings = nn.ModuleDict(
            {
                '0': nn.Linear(6 * 4 * channels, HIDDEN),
                '2': nn.Linear(HIDDEN, HIDDEN),
                '4': nn.Linear(HIDDEN, EMBEDDING),
            }
        )
        self.head = nn.Linear(EMBEDDING, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity='relu')

    def embed(self, patches: Tensor) -> Tensor:
        """[B, PATCH] → [B, EMBEDDING]."""
        image = self.log_mel(patches, patches.device).float().unsqueeze(1)
        if self.training:
            image = varied(image)
        with autocast(self.training):
            x = image.contiguous(memory_format=torch.channels_last)
            for name in WIDTHS:
                x = self.features[name](x).relu_()
                x = F.max_pool2d(x, 2) if name in POOLED else x
        x = x.float().permute(0, 2, 3, 1).flatten(1)
        for name in ('0', '2'):
            x = F.dropout(self.embeddings[name](x).relu(), 0.2, self.training)
        return self.embeddings['4'](x)

    def forward(self, patches: Tensor) -> Tensor:
        return self.head(F.dropout(self.embed(patches).relu(), 0.2, self.training))

    def of_clip(self, wave: Tensor) -> Tensor:
        """[1, n] → logits [1, classes], of all whole patches together."""
        return self(wave[0].unfold(0, PATCH, STEP)).mean(0, keepdim=True)
