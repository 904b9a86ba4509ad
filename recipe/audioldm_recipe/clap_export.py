"""Both towers and the tokenizer as folders of the hub model."""

import shutil

from torch import nn
from transformers import RobertaTokenizer

from audioldm_export import layouts
from audioldm_export.layouts import Config, Layout
from audioldm_export.random_model import write_json

from .checkpoint import averaged
from .clap_towers import audio_config, feature_config, new_audio_tower, new_text_tower, text_config
from .export import export_part, half_tensors
from .options import Options


def run(options: Options) -> None:
    tokenizer, trained = options.folder('tokenizer'), options.folder('clap')
    out = options.folder('model')
    entries = len(RobertaTokenizer.from_pretrained(tokenizer))
    text = averaged(new_text_tower(entries), 'text', trained)
    config = text_config(entries)
    export_tower(text, config, layouts.text_encoder(config), 'text_encoder', options)
    audio = averaged(new_audio_tower(), 'audio', trained)
    config = audio_config()
    export_tower(audio, config, layouts.audio_encoder(config), 'audio_encoder', options)
    write_json(out / 'audio_encoder' / 'preprocessor_config.json', feature_config())
    shutil.copytree(tokenizer, out / 'tokenizer', dirs_exist_ok=True)
    print(out)


def export_tower(
    tower: nn.Module, config: Config, layout: Layout, name: str, options: Options
) -> None:
    """Without the buffers that transformers computes from the configuration."""
    computed = ('position_ids', 'token_type_ids', 'relative_position_index', 'num_batches_tracked')
    tensors = {
        key: tensor for key, tensor in tower.state_dict().items() if not key.endswith(computed)
    }
    folder = options.folder('model') / name
    export_part(folder, config, 'model.safetensors', half_tensors(tensors, layout))
