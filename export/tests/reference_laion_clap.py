"""LAION-CLAP's checkpoints in transformers' ClapModel, and sounds as the laion_clap package hears
them. Runs in the dtype of its weights.
"""

import re
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import ClapConfig, ClapModel
from transformers.audio_utils import mel_filter_bank

RATE, LENGTH, FRAMES = 48000, 480000, 1001


def renamed(name: str) -> str:
    """As transformers names what LAION names so, or nothing where it has no use for it."""
    name = name.removeprefix('module.')
    if re.search(r'attn_mask|_extractor|tscam_conv|_transform|branch\.head\.|position_ids', name):
        return ''
    name = name.replace('text_branch', 'text_model')
    name = name.replace('audio_branch', 'audio_model.audio_encoder')
    name = re.sub(r'(projection)\.([02])', lambda m: f'{m[1]}.linear{int(m[2]) // 2 + 1}', name)
    if name.startswith('audio_model'):
        name = name.replace('bn0', 'batch_norm').replace('attn.proj', 'attention.output.dense')
        name = name.replace('attn.', 'attention.self.').replace('mlp.fc1', 'intermediate.dense')
        name = name.replace('mlp.fc2', 'output.dense').replace('norm1', 'layernorm_before')
        name = name.replace('norm2', 'layernorm_after')
    return name


def load_laion_clap(path: Path) -> ClapModel:
    state = torch.load(path, map_location='cpu', weights_only=True)['state_dict']
    weights = {renamed(name): tensor for name, tensor in state.items()}
    del weights['']
    for name in [name for name in weights if '.qkv.' in name]:
        parts = weights.pop(name).chunk(3)
        weights |= {name.replace('qkv', p): t for p, t in zip(('query', 'key', 'value'), parts)}
    encoder, words = (
        'audio_model.audio_encoder',
        weights['text_model.embeddings.word_embeddings.weight'],
    )
    blocks = [
        [
            n
            for n in weights
            if re.fullmatch(rf'{encoder}\.layers\.{i}\.blocks\.\d+\.layernorm_before.weight', n)
        ]
        for i in range(4)
    ]
    tables = [
        weights[f'{encoder}.layers.{i}.blocks.0.attention.self.relative_position_bias_table']
        for i in range(4)
    ]
    width = len(weights[f'{encoder}.patch_embed.proj.bias'])
    layers = sum('intermediate.dense.bias' in n for n in weights if n.startswith('text_model'))
    config = ClapConfig(
        audio_config={
            'patch_embeds_hidden_size': width,
            'hidden_size': 8 * width,
            'depths': [len(names) for names in blocks],
            'num_attention_heads': [table.shape[1] for table in tables],
            'enable_fusion': f'{encoder}.patch_embed.mel_conv2d.bias' in weights,
        },
        text_config={
            'vocab_size': words.shape[0],
            'hidden_size': words.shape[1],
            'num_hidden_layers': layers,
            'num_attention_heads': -(-words.shape[1] // 64),
            'intermediate_size': 4 * words.shape[1],
            'layer_norm_eps': 1e-5,
        },
    )
    model = ClapModel(config)
    missing, unexpected = model.load_state_dict(weights, strict=False)
    assert not unexpected, unexpected
    assert all(re.search('position_ids|token_type_ids', name) for name in missing), missing
    return model.eval()


def heard(clip: np.ndarray) -> np.ndarray:
    """To 16 bits and back."""
    return ((np.clip(clip, -1.0, 1.0) * 32767.0).astype('int16') / 32767.0).astype('float32')


def log_mel(waveform: Tensor, fusion: bool) -> Tensor:
    """[n] → [frames, 64], in its dtype. With fusion, torchaudio's bands, else librosa's."""
    scale = (
        {'norm': None, 'mel_scale': 'htk'} if fusion else {'norm': 'slaney', 'mel_scale': 'slaney'}
    )
    filters = torch.from_numpy(mel_filter_bank(513, 64, 50, 14000, RATE, **scale))
    window = torch.hann_window(1024, dtype=torch.float64).to(waveform.dtype)
    spectrum = torch.stft(waveform, 1024, 480, window=window, return_complex=True)
    power = torch.view_as_real(spectrum).square().sum(-1).T
    return 10 * torch.log10((power @ filters.to(waveform.dtype)).clamp(min=1e-10))


def features(waveform: Tensor, fusion: bool) -> Tensor:
    """[1 or 4, 1001, 64]: of a longer clip the whole, its beginning, middle and end."""
    mel = log_mel(waveform, fusion)
    if len(mel) == FRAMES:
        return mel.expand(4 if fusion else 1, -1, -1)
    last = len(mel) - FRAMES
    whole = F.interpolate(mel[None, None], size=[FRAMES, 64], mode='bilinear')[0, 0]
    starts = (0, (last + 1) // 2, last)
    return torch.stack([whole, *(mel[start : start + FRAMES] for start in starts)])


def audio_rows(model: ClapModel, clips: list[np.ndarray]) -> Tensor:
    """[clips, 512], of length 1."""
    fusion = model.config.audio_config.enable_fusion
    rows = []
    for clip in clips:
        samples = heard(clip)
        if not fusion or len(samples) < LENGTH:
            samples = np.tile(samples[:LENGTH], max(1, LENGTH // len(samples)))
            samples = np.pad(samples, (0, LENGTH - len(samples)))
        waveform = torch.from_numpy(samples).to(model.logit_scale_a.dtype)
        images = features(waveform, fusion)
        longer = torch.tensor([[len(waveform) // 480 + 1 > FRAMES]])
        tower = model.audio_model(images[None], is_longer=longer)
        rows.append(model.audio_projection(tower.pooler_output))
    return F.normalize(torch.cat(rows), dim=-1)


def text_rows(model: ClapModel, texts: list[list[int]]) -> Tensor:
    rows = [model.text_model(torch.tensor([ids])).pooler_output for ids in texts]
    return F.normalize(model.text_projection(torch.cat(rows)), dim=-1)
