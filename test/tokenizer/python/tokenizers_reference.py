"""Trains a byte-level BPE, saves it in every form folders have it, and encodes with transformers.

stdin: {"dir": folder to write into, "corpus": [text], "texts": [text], "max_tokens": int}.
stdout: {form: [ids of each text]}.
"""

import json
import sys
from pathlib import Path

from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import RobertaTokenizerFast

SPECIAL = ['<s>', '<pad>', '</s>', '<unk>', '<mask>']


def train(corpus: list[str], size: int, alphabet: list[str]) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=SPECIAL,
        initial_alphabet=alphabet,
        show_progress=False,
    )
    tokenizer.train_from_iterator(corpus, trainer)
    return tokenizer


def roberta(tokenizer: Tokenizer, **options: int) -> RobertaTokenizerFast:
    model = json.loads(tokenizer.to_str())['model']
    merges = [tuple(merge) for merge in model['merges']]
    return RobertaTokenizerFast(vocab=model['vocab'], merges=merges, **options)


def save_as_files(tokenizer: Tokenizer, folder: Path) -> None:
    """The layout from before tokenizer.json, as roberta-base has it."""
    folder.mkdir(parents=True)
    tokenizer.model.save(str(folder))
    mask = {'content': '<mask>', 'lstrip': True, 'rstrip': False, 'normalized': True}
    roles = {
        'bos_token': '<s>',
        'eos_token': '</s>',
        'unk_token': '<unk>',
        'sep_token': '</s>',
    }
    roles |= {
        'pad_token': '<pad>',
        'cls_token': '<s>',
        'mask_token': mask | {'single_word': False},
    }
    (folder / 'special_tokens_map.json').write_text(json.dumps(roles))
    config = {'tokenizer_class': 'RobertaTokenizer', 'model_max_length': 512}
    (folder / 'tokenizer_config.json').write_text(json.dumps(config))


request = json.load(sys.stdin)
root = Path(request['dir'])
full = train(request['corpus'], 1500, pre_tokenizers.ByteLevel.alphabet())
roberta(full).save_pretrained(root / 'plain')
roberta(train(request['corpus'][:1], 90, [])).save_pretrained(root / 'without_all_bytes')
used = roberta(full, model_max_length=512)
used('used', padding='max_length', truncation=True, max_length=9)
used.add_tokens(['woofwoof', '🐕'])
used.save_pretrained(root / 'used')
save_as_files(full, root / 'files')

results = {}
for folder in sorted(root.iterdir()):
    tokenizer = RobertaTokenizerFast.from_pretrained(folder)
    results[folder.name] = [
        tokenizer(text, truncation=True, max_length=request['max_tokens'], padding=False).input_ids
        for text in request['texts']
    ]
json.dump(results, sys.stdout)
