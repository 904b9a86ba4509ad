"""Writes narrow checkpoints in the authors' layout, with random weights.

python make_checkpoint.py FOLDER → NAME.ckpt for several layouts; expected/NAME.pt with the state
dicts that the hub's classes should have; tokenizer/ for them.

UNet, VAE and vocoder are named by the key tables and narrowed. The CLAP towers are named from
transformers' own classes, renamed backwards here, independently of what is under test.
"""

import json
import pathlib
import sys
from collections import OrderedDict

import keymaps
import torch
from transformers import (
    ClapAudioConfig,
    ClapAudioModelWithProjection,
    ClapTextConfig,
    ClapTextModelWithProjection,
)

State = dict[str, torch.Tensor]
folder = pathlib.Path(sys.argv[1])
torch.manual_seed(0)


def narrow_unet(row: keymaps.Row) -> list[int]:
    if row.original.endswith('film_emb.weight'):
        return [row.shape[0] // 4, row.shape[1]]
    return [size // 4 if size >= 128 else size for size in row.shape]


def narrow_vae(row: keymaps.Row) -> list[int]:
    return [size // 4 if size >= 128 else size for size in row.shape]


def narrow_vocoder(row: keymaps.Row) -> list[int]:
    shape = [max(1, size // 16) if axis < 2 else size for axis, size in enumerate(row.shape)]
    if row.original.endswith('conv_pre.weight'):
        shape[1] = row.shape[1]
    return shape


def random(shape: list[int]) -> torch.Tensor:
    return torch.randn(shape) * 0.05


def text_tower() -> tuple[State, State]:
    config = ClapTextConfig(
        vocab_size=300,
        hidden_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=96,
        max_position_embeddings=66,
    )
    hub = ClapTextModelWithProjection(config).state_dict()
    hub = {name: random(list(t.shape)) if t.is_floating_point() else t for name, t in hub.items()}
    original = {}
    for name, tensor in hub.items():
        name = name.replace('text_model.', 'text_branch.')
        name = name.replace('linear1', '0').replace('linear2', '2')
        original[name] = tensor
    del original['text_branch.embeddings.token_type_ids']
    return original, hub


def of_tower(name: str, shape: list[int]) -> torch.Tensor:
    """Of a scale that lets sounds through: batch norm knows about the levels of decibels."""
    if name.endswith('running_mean'):
        return torch.randn(shape) * 5 - 40
    if name.endswith('running_var'):
        return torch.rand(shape) * 300 + 200
    if len(shape) < 2:
        return torch.randn(shape) * 0.1 + name.endswith('weight')
    return torch.randn(shape) / (torch.Size(shape).numel() / shape[0]) ** 0.5


def audio_tower() -> tuple[State, State]:
    """HTSAT-base, narrow."""
    config = ClapAudioConfig(
        patch_embeds_hidden_size=16,
        hidden_size=128,
        depths=[2, 2, 12, 2],
        num_attention_heads=[1, 2, 4, 8],
    )
    hub = ClapAudioModelWithProjection(config).state_dict()
    hub = {
        name: of_tower(name, list(t.shape)) if t.is_floating_point() else t
        for name, t in hub.items()
    }
    renames = {
        'audio_model.audio_encoder.': 'audio_branch.',
        'batch_norm': 'bn0',
        'attention.self.relative': 'attn.relative',
        'attention.output.dense': 'attn.proj',
        'intermediate.dense': 'mlp.fc1',
        'output.dense': 'mlp.fc2',
        'layernorm_before': 'norm1',
        'layernorm_after': 'norm2',
        'projection.linear1': 'projection.0',
        'projection.linear2': 'projection.2',
    }
    original = {}
    for name, tensor in hub.items():
        short = name
        for new, old in renames.items():
            short = short.replace(new, old)
        if '.attention.self.query.' in short:
            parts = [hub[name.replace('query', part)] for part in ('query', 'key', 'value')]
            original[short.replace('attention.self.query', 'attn.qkv')] = torch.cat(parts)
        elif '.attention.self.' not in short:
            original[short] = tensor
    original['audio_branch.layers.0.blocks.0.attn_mask'] = torch.zeros(4, 64, 64)
    original['audio_branch.spectrogram_extractor.stft.conv_real.weight'] = torch.randn(
        5, 1, 8
    ).permute(2, 1, 0)
    original['audio_branch.logmel_extractor.melW'] = torch.randn(3, 7).t()
    original['audio_branch.tscam_conv.weight'] = random([527, 128, 2, 3])
    original['audio_branch.head.bias'] = random([527])
    return original, hub


def first_stage() -> tuple[State, State, State]:
    original, vae, vocoder = {}, {}, {}
    for row in keymaps.read('vae'):
        tensor = random(narrow_vae(row))
        original[row.original] = tensor
        attention = '.attentions.0.to_' in row.hub and row.hub.endswith('weight')
        vae[row.hub] = tensor[:, :, 0, 0] if attention else tensor
    for row in keymaps.read('vocoder'):
        original[row.original] = vocoder[row.hub] = random(narrow_vocoder(row))
    vocoder['mean'] = torch.zeros(64)
    vocoder['scale'] = torch.ones(64)
    return original, vae, vocoder


def unet() -> tuple[State, State, State, State]:
    raw, ema, hub_raw, hub_ema = {}, {}, {}, {}
    for row in keymaps.read('unet_s'):
        shape = narrow_unet(row)
        raw[row.original] = hub_raw[row.hub] = random(shape)
        ema[row.ema] = hub_ema[row.hub] = random(shape)
    ema['model_ema.decay'] = torch.tensor(0.9999)
    ema['model_ema.num_updates'] = torch.tensor(12, dtype=torch.int32)
    return raw, ema, hub_raw, hub_ema


def schedule() -> State:
    names = (
        'betas alphas_cumprod sqrt_alphas_cumprod posterior_variance posterior_mean_coef1 logvar'
    )
    return {name: torch.rand(1000) for name in names.split()}


def with_prefix(prefix: str, state: State) -> State:
    return {prefix + name: tensor for name, tensor in state.items()}


class Callback:
    """What training leaves in a checkpoint."""

    path = pathlib.PosixPath('best.ckpt')


def save(name: str, state: State, legacy: bool = False) -> None:
    ordered = OrderedDict(state)
    ordered._metadata = {'': {'version': 1}}  # type: ignore[attr-defined]
    content = {
        'state_dict': ordered,
        'epoch': 3,
        'pytorch-lightning_version': '1.9',
        'callbacks': {Callback: Callback()},
        'optimizer_states': [{'state': {0: {'exp_avg': torch.ones(3)}}}],
    }
    torch.save(content, folder / f'{name}.ckpt', _use_new_zipfile_serialization=not legacy)


def write_tokenizer() -> None:
    (folder / 'tokenizer').mkdir()
    tokens = ['<s>', '<pad>', '</s>', '<unk>']
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    tokens += [chr(byte) for byte in printable] + [chr(256 + i) for i in range(len(others))]
    vocabulary = {token: index for index, token in enumerate([*tokens, '<mask>'])}
    (folder / 'tokenizer' / 'vocab.json').write_text(json.dumps(vocabulary))
    (folder / 'tokenizer' / 'merges.txt').write_text('#version: 0.2\n')


write_tokenizer()
raw, ema, hub_raw, hub_ema = unet()
stage, vae, vocoder = first_stage()
text, hub_text = text_tower()
audio, hub_audio = audio_tower()
expected = {
    'unet': hub_ema,
    'unet-raw': hub_raw,
    'vae': vae,
    'vocoder': vocoder,
    'text_encoder': hub_text,
    'audio_encoder': hub_audio,
}
torch.save(expected, folder / 'expected.pt')

extras: State = {
    'text_branch.embeddings.position_ids': torch.full((1, 66), 7),
    'text_transform.0.weight': random([4, 4]),
    'audio_transform.0.weight': random([4, 4]),
    'logit_scale_a': torch.tensor(1.0),
}
scale = {'scale_factor': torch.tensor(0.9227914214134216)}
clap = {**text, **audio, **extras}
aldm = {**schedule(), **scale, **raw, **ema, **stage}
aldm |= with_prefix('cond_stage_model.model.', clap)
save('aldm', aldm)

# The training layout has a list of conditioners, and a second CLAP and a loss beside.
atf = {**schedule(), **scale, **raw, **ema, **stage}
atf |= with_prefix('cond_stage_models.0.model.', clap)
atf |= with_prefix('clap.model.', text) | {'first_stage_model.loss.logvar': torch.tensor(0.0)}
save('atf', atf, legacy=True)

text_only = with_prefix('cond_stage_model.model.', text)
save('raw-only', {**scale, **raw, **stage, **text_only}, legacy=True)

incomplete = {**raw, **dict(list(ema.items())[5:]), **stage, **text_only}
save('incomplete-ema', {**incomplete, 'stranger': torch.ones(1)})

# Never imported: all that is wrong with it must be told.
damaged = {**scale, **raw, **stage, **text_only}
damaged['model.diffusion_model.input_blocks.1.1.extra.weight'] = torch.ones(2)
damaged['model.diffusion_model.out.0.bias'] = torch.ones(31)
damaged['model.diffusion_model.out.0.weight'] = torch.ones(32, dtype=torch.int64)
damaged.pop('model.diffusion_model.middle_block.1.norm.bias')
save('damaged', damaged)
