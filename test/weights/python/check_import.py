"""Loads imported folders in diffusers and transformers and compares every tensor.

python check_import.py FOLDER NAME... looks at FOLDER/NAME-out and compares with FOLDER/expected.pt.
Prints one JSON document with what it found; exits with an error where anything differs.
"""

import json
import pathlib
import sys

import torch
from diffusers import AudioLDMPipeline
from transformers import (
    ClapAudioModelWithProjection,
    ClapTextModelWithProjection,
    SpeechT5HifiGan,
)

State = dict[str, torch.Tensor]
BUFFERS = (
    'position_ids',
    'token_type_ids',
    'relative_position_index',
    'num_batches_tracked',
)
folder = pathlib.Path(sys.argv[1])


def compare(where: str, state: State, expected: State) -> int:
    assert state.keys() == expected.keys(), (
        where,
        sorted(state.keys() ^ expected.keys())[:10],
    )
    for name, tensor in expected.items():
        assert torch.equal(state[name], tensor), (where, name)
    return sum(not name.endswith(BUFFERS) for name in expected)


def check(name: str, expected: dict[str, State]) -> dict[str, object]:
    out = folder / f'{name}-out'
    pipe = AudioLDMPipeline.from_pretrained(out)
    full = name in ('aldm', 'atf')
    counts = {
        'unet': compare('unet', pipe.unet.state_dict(), expected['unet' if full else 'unet-raw']),
        'vae': compare('vae', pipe.vae.state_dict(), expected['vae']),
    }
    for part, cls in (
        ('text_encoder', ClapTextModelWithProjection),
        ('vocoder', SpeechT5HifiGan),
        ('audio_encoder', ClapAudioModelWithProjection),
    ):
        if part == 'audio_encoder' and not full:
            assert not (out / part).exists()
            continue
        model, info = cls.from_pretrained(out / part, output_loading_info=True)
        assert not any(info.values()), (part, info)
        counts[part] = compare(part, model.state_dict(), expected[part])
    attention = pipe.unet.down_blocks[1].attentions[0].transformer_blocks[0]
    with torch.no_grad():
        audio = pipe('ab', num_inference_steps=2, audio_length_in_s=0.3).audios
    assert audio.shape == (1, 4800), audio.shape
    return {
        'tensors': counts,
        'heads': pipe.unet.config.attention_head_dim,
        'attn1': attention.attn1.heads,
        'attn2': attention.attn2.heads,
        'scaling_factor': pipe.vae.config.scaling_factor,
        'layer_norm_eps': pipe.text_encoder.config.layer_norm_eps,
        'ids': pipe.tokenizer('ab').input_ids,
        'scheduler': type(pipe.scheduler).__name__,
    }


everything = torch.load(folder / 'expected.pt')
print(json.dumps({name: check(name, everything) for name in sys.argv[2:]}))
