"""Saves one small AudioLDM pipeline in the layouts hub folders have: `save_models.py DIR`.

Prints {"parameters": {part: count}, "scaling_factor": float, "alphas_cumprod": [first, last]}.
"""

import json
import sys
from pathlib import Path

import torch
from diffusers import (
    AudioLDMPipeline,
    AutoencoderKL,
    DDIMScheduler,
    UNet2DConditionModel,
)
from tokenizers import pre_tokenizers
from transformers import (
    ClapTextConfig,
    ClapTextModelWithProjection,
    RobertaTokenizerFast,
    SpeechT5HifiGan,
    SpeechT5HifiGanConfig,
)

root = Path(sys.argv[1])
torch.manual_seed(0)

tokens = [
    '<s>',
    '<pad>',
    '</s>',
    '<unk>',
    *sorted(pre_tokenizers.ByteLevel.alphabet()),
    '<mask>',
]
vocab = {token: i for i, token in enumerate(tokens)}
unet = UNet2DConditionModel(
    sample_size=32,
    in_channels=4,
    out_channels=4,
    layers_per_block=1,
    block_out_channels=(8, 16),
    norm_num_groups=4,
    down_block_types=('DownBlock2D', 'CrossAttnDownBlock2D'),
    up_block_types=('CrossAttnUpBlock2D', 'UpBlock2D'),
    cross_attention_dim=(8, 16),
    attention_head_dim=(2, 4),
    class_embed_type='simple_projection',
    projection_class_embeddings_input_dim=12,
    class_embeddings_concat=True,
)
vae = AutoencoderKL(
    block_out_channels=(8, 16),
    in_channels=1,
    out_channels=1,
    norm_num_groups=4,
    down_block_types=('DownEncoderBlock2D', 'DownEncoderBlock2D'),
    up_block_types=('UpDecoderBlock2D', 'UpDecoderBlock2D'),
    latent_channels=4,
    scaling_factor=0.75,
)
text_config = ClapTextConfig(
    vocab_size=len(tokens),
    hidden_size=16,
    intermediate_size=20,
    num_hidden_layers=2,
    num_attention_heads=2,
    projection_dim=12,
    max_position_embeddings=66,
)
vocoder_config = SpeechT5HifiGanConfig(
    model_in_dim=16,
    sampling_rate=8000,
    upsample_initial_channel=8,
    upsample_rates=[4, 2],
    upsample_kernel_sizes=[9, 4],
    resblock_kernel_sizes=[3],
    resblock_dilation_sizes=[[1, 3]],
    normalize_before=False,
)
scheduler = DDIMScheduler(
    beta_start=0.0015,
    beta_end=0.0195,
    beta_schedule='scaled_linear',
    clip_sample=False,
    set_alpha_to_one=False,
    steps_offset=1,
)
pipeline = AudioLDMPipeline(
    vae=vae,
    text_encoder=ClapTextModelWithProjection(text_config),
    tokenizer=RobertaTokenizerFast(vocab=vocab, merges=[], model_max_length=64),
    unet=unet,
    scheduler=scheduler,
    vocoder=SpeechT5HifiGan(vocoder_config),
)
pipeline.save_pretrained(root / 'safetensors')
pipeline.save_pretrained(root / 'pickle', safe_serialization=False)
pipeline.save_pretrained(root / 'sharded', max_shard_size='30KB')

# Folders from before diffusers 0.15: other names in the VAE's attention, no safetensors.
pipeline.save_pretrained(root / 'old')
(root / 'old' / 'vae' / 'diffusion_pytorch_model.safetensors').unlink()
older = {'to_q': 'query', 'to_k': 'key', 'to_v': 'value', 'to_out.0': 'proj_attn'}
state = {}
for name, tensor in vae.state_dict().items():
    if '.attentions.0.' in name:
        for new, old in older.items():
            name = name.replace(f'.{new}.', f'.{old}.')
    state[name] = tensor
torch.save(state, root / 'old' / 'vae' / 'diffusion_pytorch_model.bin')

pipeline.to(torch.float16).save_pretrained(root / 'half', variant='fp16')

models = {name: getattr(pipeline, name) for name in ('unet', 'vae', 'vocoder', 'text_encoder')}
counts = {name: sum(p.numel() for p in model.parameters()) for name, model in models.items()}
alphas = scheduler.alphas_cumprod.double()
ends = [alphas[0].item(), alphas[-1].item()]
print(json.dumps({'parameters': counts, 'alphas_cumprod': ends}))
