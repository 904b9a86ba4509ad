"""Tensor names and shapes of every part, from the configs that hub folders hold."""

from collections.abc import Iterator
from typing import Any

Config = dict[str, Any]
Shape = tuple[int, ...]
Layout = dict[str, Shape]


def affine(name: str, *shape: int) -> Layout:
    """A weight and the bias of its first dimension."""
    return {f'{name}.weight': shape, f'{name}.bias': shape[:1]}


def under(prefix: str, *layouts: Layout) -> Layout:
    return {f'{prefix}.{name}': shape for layout in layouts for name, shape in layout.items()}


def resnet(wide_in: int, wide_out: int, embedding: int = 0) -> Layout:
    layout = affine('norm1', wide_in) | affine('conv1', wide_out, wide_in, 3, 3)
    if embedding > 0:
        layout |= affine('time_emb_proj', wide_out, embedding)
    layout |= affine('norm2', wide_out) | affine('conv2', wide_out, wide_out, 3, 3)
    if wide_in != wide_out:
        layout |= affine('conv_shortcut', wide_out, wide_in, 1, 1)
    return layout


def transformer(width: int) -> Layout:
    attention = {f'to_{name}.weight': (width, width) for name in 'qkv'}
    attention |= affine('to_out.0', width, width)
    block = affine('norm1', width) | under('attn1', attention)
    block |= affine('norm2', width) | under('attn2', attention) | affine('norm3', width)
    block |= affine('ff.net.0.proj', 8 * width, width) | affine('ff.net.2', width, 4 * width)
    return (
        affine('norm', width)
        | affine('proj_in', width, width, 1, 1)
        | under('transformer_blocks.0', block)
        | affine('proj_out', width, width, 1, 1)
    )


def per_level(value: int | list[int], levels: int) -> list[int]:
    return list(value) if isinstance(value, (list, tuple)) else [value] * levels


def unet(config: Config) -> Layout:
    widths = config['block_out_channels']
    layers = per_level(config['layers_per_block'], len(widths))
    last = len(widths) - 1
    time = 4 * widths[0]
    embedding = 2 * time

    layout = affine('time_embedding.linear_1', time, widths[0])
    layout |= affine('time_embedding.linear_2', time, time)
    layout |= affine('class_embedding', time, config['projection_class_embeddings_input_dim'])
    layout |= affine('conv_in', widths[0], config['in_channels'], 3, 3)

    skips = [widths[0]]
    for level, width in enumerate(widths):
        block = f'down_blocks.{level}'
        for layer in range(layers[level]):
            layout |= under(f'{block}.resnets.{layer}', resnet(skips[-1], width, embedding))
            if config['down_block_types'][level].startswith('CrossAttn'):
                layout |= under(f'{block}.attentions.{layer}', transformer(width))
            skips.append(width)
        if level < last:
            layout |= affine(f'{block}.downsamplers.0.conv', width, width, 3, 3)
            skips.append(width)

    x = widths[last]
    layout |= under('mid_block.resnets.0', resnet(x, x, embedding))
    layout |= under('mid_block.attentions.0', transformer(x))
    layout |= under('mid_block.resnets.1', resnet(x, x, embedding))

    for i in range(last + 1):
        block, width = f'up_blocks.{i}', widths[last - i]
        for layer in range(layers[last - i] + 1):
            layout |= under(f'{block}.resnets.{layer}', resnet(x + skips.pop(), width, embedding))
            if config['up_block_types'][i].startswith('CrossAttn'):
                layout |= under(f'{block}.attentions.{layer}', transformer(width))
            x = width
        if i < last:
            layout |= affine(f'{block}.upsamplers.0.conv', width, width, 3, 3)
    layout |= affine('conv_norm_out', x) | affine('conv_out', config['out_channels'], x, 3, 3)
    return layout


def vae_mid(width: int, attention: bool) -> Layout:
    layout = under('mid_block.resnets.0', resnet(width, width))
    if attention:
        layout |= affine('mid_block.attentions.0.group_norm', width)
        for name in ('to_q', 'to_k', 'to_v', 'to_out.0'):
            layout |= affine(f'mid_block.attentions.0.{name}', width, width)
    return layout | under('mid_block.resnets.1', resnet(width, width))


def vae(config: Config) -> Layout:
    widths = config['block_out_channels']
    layers, latent = config['layers_per_block'], config['latent_channels']
    last = len(widths) - 1
    mid = vae_mid(widths[last], config.get('mid_block_add_attention', True))

    encoder = affine('conv_in', widths[0], config['in_channels'], 3, 3)
    x = widths[0]
    for level, width in enumerate(widths):
        for layer in range(layers):
            encoder |= under(f'down_blocks.{level}.resnets.{layer}', resnet(x, width))
            x = width
        if level < last:
            encoder |= affine(f'down_blocks.{level}.downsamplers.0.conv', width, width, 3, 3)
    encoder |= mid | affine('conv_norm_out', x) | affine('conv_out', 2 * latent, x, 3, 3)

    decoder = affine('conv_in', x, latent, 3, 3) | mid
    for level, width in enumerate(reversed(widths)):
        for layer in range(layers + 1):
            decoder |= under(f'up_blocks.{level}.resnets.{layer}', resnet(x, width))
            x = width
        if level < last:
            decoder |= affine(f'up_blocks.{level}.upsamplers.0.conv', width, width, 3, 3)
    decoder |= affine('conv_norm_out', x) | affine('conv_out', config['out_channels'], x, 3, 3)

    return (
        under('encoder', encoder)
        | under('decoder', decoder)
        | affine('quant_conv', 2 * latent, 2 * latent, 1, 1)
        | affine('post_quant_conv', latent, latent, 1, 1)
    )


def vocoder(config: Config) -> Layout:
    mels, width = config['model_in_dim'], config['upsample_initial_channel']
    layout: Layout = {'mean': (mels,), 'scale': (mels,)}
    layout |= affine('conv_pre', width, mels, 7)
    kernels, dilations = config['resblock_kernel_sizes'], config['resblock_dilation_sizes']
    block = 0
    for stage, kernel in enumerate(config['upsample_kernel_sizes']):
        layout[f'upsampler.{stage}.weight'] = (width, width // 2, kernel)
        layout[f'upsampler.{stage}.bias'] = (width // 2,)
        width //= 2
        for size, steps in zip(kernels, dilations, strict=True):
            for convs in ('convs1', 'convs2'):
                for i in range(len(steps)):
                    layout |= affine(f'resblocks.{block}.{convs}.{i}', width, width, size)
            block += 1
    return layout | affine('conv_post', 1, width, 7)


def text_encoder_layer(width: int, inner: int) -> Iterator[Layout]:
    for name in ('query', 'key', 'value'):
        yield affine(f'attention.self.{name}', width, width)
    yield affine('attention.output.dense', width, width)
    yield affine('attention.output.LayerNorm', width)
    yield affine('intermediate.dense', inner, width)
    yield affine('output.dense', width, inner)
    yield affine('output.LayerNorm', width)


def text_encoder(config: Config) -> Layout:
    width, projection = config['hidden_size'], config['projection_dim']
    model: Layout = {
        'embeddings.word_embeddings.weight': (config['vocab_size'], width),
        'embeddings.position_embeddings.weight': (config['max_position_embeddings'], width),
        'embeddings.token_type_embeddings.weight': (config['type_vocab_size'], width),
    }
    model |= affine('embeddings.LayerNorm', width)
    for i in range(config['num_hidden_layers']):
        layer = text_encoder_layer(width, config['intermediate_size'])
        model |= under(f'encoder.layer.{i}', *layer)
    model |= affine('pooler.dense', width, width)
    return (
        under('text_model', model)
        | affine('text_projection.linear1', projection, width)
        | affine('text_projection.linear2', projection, projection)
    )


def audio_encoder_block(width: int, inner: int, heads: int, window: int) -> Iterator[Layout]:
    yield affine('layernorm_before', width)
    yield {'attention.self.relative_position_bias_table': ((2 * window - 1) ** 2, heads)}
    for name in ('query', 'key', 'value'):
        yield affine(f'attention.self.{name}', width, width)
    yield affine('attention.output.dense', width, width)
    yield affine('layernorm_after', width)
    yield affine('intermediate.dense', inner, width)
    yield affine('output.dense', width, inner)


def audio_encoder(config: Config) -> Layout:
    width, patch = config['patch_embeds_hidden_size'], config['patch_size']
    mels, projection = config['num_mel_bins'], config['projection_dim']
    encoder = affine('patch_embed.proj', width, 1, patch, patch) | affine('patch_embed.norm', width)
    encoder |= affine('batch_norm', mels)
    encoder |= {'batch_norm.running_mean': (mels,), 'batch_norm.running_var': (mels,)}
    last = len(config['depths']) - 1
    for level, (depth, heads) in enumerate(zip(config['depths'], config['num_attention_heads'])):
        inner = int(config['mlp_ratio'] * width)
        for i in range(depth):
            block = audio_encoder_block(width, inner, heads, config['window_size'])
            encoder |= under(f'layers.{level}.blocks.{i}', *block)
        if level < last:
            encoder[f'layers.{level}.downsample.reduction.weight'] = (2 * width, 4 * width)
            encoder |= affine(f'layers.{level}.downsample.norm', 4 * width)
            width *= 2
    encoder |= affine('norm', width)
    return (
        under('audio_model.audio_encoder', encoder)
        | affine('audio_projection.linear1', projection, width)
        | affine('audio_projection.linear2', projection, projection)
    )
