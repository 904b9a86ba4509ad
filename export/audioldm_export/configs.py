"""The config.json files of a hub folder, for the published sizes and for a small one."""

from dataclasses import dataclass

from .layouts import Config


@dataclass(frozen=True)
class Size:
    """What tells one size of AudioLDM from another."""

    unet_widths: tuple[int, ...]
    heads: int | tuple[int, ...]
    vae_widths: tuple[int, ...]
    groups: int
    vocoder_width: int
    text_width: int
    text_layers: int
    text_heads: int
    audio_width: int
    audio_depths: tuple[int, ...]
    audio_heads: tuple[int, ...]


def published(width: int, audio_width: int, audio_depth: int) -> Size:
    widths, audio_depths = (width, 2 * width, 3 * width, 5 * width), (2, 2, audio_depth, 2)
    audio = (audio_width, audio_depths, (4, 8, 16, 32))
    return Size(widths, 8, (128, 256, 512), 32, 1024, 768, 12, 12, *audio)


TINY_AUDIO = (8, (2, 2, 2, 1), (1, 2, 4, 8))


SIZES = {
    'tiny': Size((16, 24, 32, 48), 4, (8, 16, 32), 8, 64, 64, 2, 4, *TINY_AUDIO),
    's': published(128, 96, 6),
    'm': published(192, 128, 12),
    'l': published(256, 96, 6),
}


def unet(size: Size) -> Config:
    levels = len(size.unet_widths)
    return {
        '_class_name': 'UNet2DConditionModel',
        'sample_size': 128,
        'in_channels': 8,
        'out_channels': 8,
        'down_block_types': ['DownBlock2D'] + ['CrossAttnDownBlock2D'] * (levels - 1),
        'mid_block_type': 'UNetMidBlock2DCrossAttn',
        'up_block_types': ['CrossAttnUpBlock2D'] * (levels - 1) + ['UpBlock2D'],
        'block_out_channels': list(size.unet_widths),
        'layers_per_block': 2,
        'attention_head_dim': size.heads,
        'cross_attention_dim': list(size.unet_widths),
        'norm_num_groups': size.groups,
        'norm_eps': 1e-5,
        'act_fn': 'silu',
        'center_input_sample': False,
        'flip_sin_to_cos': True,
        'freq_shift': 0,
        'class_embed_type': 'simple_projection',
        'class_embeddings_concat': True,
        'projection_class_embeddings_input_dim': 512,
        'resnet_time_scale_shift': 'default',
        'use_linear_projection': False,
    }


def vae(size: Size) -> Config:
    levels = len(size.vae_widths)
    return {
        '_class_name': 'AutoencoderKL',
        'sample_size': 512,
        'in_channels': 1,
        'out_channels': 1,
        'latent_channels': 8,
        'down_block_types': ['DownEncoderBlock2D'] * levels,
        'up_block_types': ['UpDecoderBlock2D'] * levels,
        'block_out_channels': list(size.vae_widths),
        'layers_per_block': 2,
        'norm_num_groups': size.groups,
        'act_fn': 'silu',
        'scaling_factor': 0.9227914214134216,
    }


def vocoder(size: Size) -> Config:
    return {
        'architectures': ['SpeechT5HifiGan'],
        'model_type': 'hifigan',
        'model_in_dim': 64,
        'sampling_rate': 16000,
        'upsample_initial_channel': size.vocoder_width,
        'upsample_rates': [5, 4, 2, 2, 2],
        'upsample_kernel_sizes': [16, 16, 8, 4, 4],
        'resblock_kernel_sizes': [3, 7, 11],
        'resblock_dilation_sizes': [[1, 3, 5], [1, 3, 5], [1, 3, 5]],
        'leaky_relu_slope': 0.1,
        'normalize_before': False,
    }


def text_encoder(size: Size, vocab_size: int) -> Config:
    return {
        'architectures': ['ClapTextModelWithProjection'],
        'model_type': 'clap_text_model',
        'vocab_size': vocab_size,
        'hidden_size': size.text_width,
        'intermediate_size': 4 * size.text_width,
        'num_hidden_layers': size.text_layers,
        'num_attention_heads': size.text_heads,
        'max_position_embeddings': 514,
        'type_vocab_size': 1,
        'projection_dim': 512,
        'hidden_act': 'gelu',
        'projection_hidden_act': 'relu',
        'layer_norm_eps': 1e-5,
        'bos_token_id': 0,
        'pad_token_id': 1,
        'eos_token_id': 2,
    }


def audio_encoder(size: Size) -> Config:
    return {
        'architectures': ['ClapAudioModelWithProjection'],
        'model_type': 'clap_audio_model',
        'window_size': 8,
        'num_mel_bins': 64,
        'spec_size': 256,
        'hidden_act': 'gelu',
        'patch_size': 4,
        'patch_stride': [4, 4],
        'hidden_size': size.audio_width * 2 ** (len(size.audio_depths) - 1),
        'projection_dim': 512,
        'depths': list(size.audio_depths),
        'num_attention_heads': list(size.audio_heads),
        'num_hidden_layers': len(size.audio_depths),
        'enable_fusion': False,
        'patch_embed_input_channels': 1,
        'patch_embeds_hidden_size': size.audio_width,
        'flatten_patch_embeds': True,
        'enable_patch_layer_norm': True,
        'qkv_bias': True,
        'mlp_ratio': 4.0,
        'projection_hidden_act': 'relu',
        'layer_norm_eps': 1e-5,
    }


def feature_extractor() -> Config:
    """What the audio tower is given, as transformers' ClapFeatureExtractor makes it."""
    return {
        'feature_extractor_type': 'ClapFeatureExtractor',
        'feature_size': 64,
        'sampling_rate': 48000,
        'hop_length': 480,
        'max_length_s': 10,
        'fft_window_size': 1024,
        'frequency_min': 50,
        'frequency_max': 14000,
        'top_db': None,
        'truncation': 'rand_trunc',
        'padding': 'repeatpad',
    }


def scheduler() -> Config:
    return {
        '_class_name': 'DDIMScheduler',
        'num_train_timesteps': 1000,
        'beta_schedule': 'scaled_linear',
        'beta_start': 0.0015,
        'beta_end': 0.0195,
        'prediction_type': 'epsilon',
        'timestep_spacing': 'leading',
        'steps_offset': 1,
        'set_alpha_to_one': False,
        'clip_sample': False,
        'thresholding': False,
    }


def model_index() -> Config:
    """`_audioldm_random_weights` marks the folder as one that was never trained."""
    return {
        '_class_name': 'AudioLDMPipeline',
        '_audioldm_random_weights': True,
        'scheduler': ['diffusers', 'DDIMScheduler'],
        'text_encoder': ['transformers', 'ClapTextModelWithProjection'],
        'tokenizer': ['transformers', 'RobertaTokenizerFast'],
        'unet': ['diffusers', 'UNet2DConditionModel'],
        'vae': ['diffusers', 'AutoencoderKL'],
        'vocoder': ['transformers', 'SpeechT5HifiGan'],
    }
