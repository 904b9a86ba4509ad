"""A small byte-level BPE tokenizer in RoBERTa's files: any text encodes, words of sounds best."""

import json
from collections import Counter
from itertools import pairwise

START, PAD, END, UNKNOWN, MASK = '<s>', '<pad>', '</s>', '<unk>', '<mask>'

TRAINING_TEXT = """
a dog barking in the rain and thunder while a car engine is idling near people talking
the wind blowing through trees and birds singing in the morning as water runs down a small river
someone is playing a piano and a guitar with drums and a soft synth pad in a large concert hall
a hammer hitting a metal plate and footsteps walking on gravel then a door opening and closing
a siren passing by, a train moving on the tracks, a clock ticking, a cat meowing, a crowd cheering
"""


def byte_symbols() -> dict[int, str]:
    """One printable character per byte: itself where it is visible, else the next above U+00FF."""
    visible = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [byte for byte in range(256) if byte not in visible]
    symbols = {byte: chr(byte) for byte in visible}
    return symbols | {byte: chr(256 + i) for i, byte in enumerate(hidden)}


def learn_merges(text: str, count: int) -> list[tuple[str, str]]:
    """The `count` most frequent pairs, each joined before the next is counted; ties by spelling."""
    symbols = byte_symbols()
    words = Counter(tuple(symbols[byte] for byte in f' {word}'.encode()) for word in text.split())
    merges: list[tuple[str, str]] = []
    while len(merges) < count:
        pairs: Counter[tuple[str, str]] = Counter()
        for word, times in words.items():
            for pair in pairwise(word):
                pairs[pair] += times
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        words = Counter({join(word, best): times for word, times in words.items()})
    return merges


def join(word: tuple[str, ...], pair: tuple[str, str]) -> tuple[str, ...]:
    joined: list[str] = []
    i = 0
    while i < len(word):
        size = 2 if word[i : i + 2] == pair else 1
        joined.append(''.join(word[i : i + size]))
        i += size
    return tuple(joined)


def tokenizer_files(merge_count: int = 160) -> tuple[dict[str, str], int]:
    """Of a tokenizer for tests: names and texts of its files, and the size of its vocabulary."""
    return files_with(learn_merges(TRAINING_TEXT, merge_count))


def files_with(merges: list[tuple[str, str]]) -> tuple[dict[str, str], int]:
    """File name → text of the four tokenizer files, and the size of the vocabulary."""
    tokens = [START, PAD, END, UNKNOWN, *sorted(byte_symbols().values())]
    tokens += [a + b for a, b in merges] + [MASK]
    vocab = {token: i for i, token in enumerate(tokens)}
    special = {
        'bos_token': START,
        'cls_token': START,
        'eos_token': END,
        'sep_token': END,
        'pad_token': PAD,
        'unk_token': UNKNOWN,
        'mask_token': MASK,
    }
    added = [
        {
            'id': vocab[token],
            'content': token,
            'single_word': False,
            'lstrip': token == MASK,
            'rstrip': False,
            'normalized': False,
            'special': True,
        }
        for token in (START, PAD, END, UNKNOWN, MASK)
    ]
    byte_level = {
        'type': 'ByteLevel',
        'add_prefix_space': False,
        'trim_offsets': True,
        'use_regex': True,
    }
    tokenizer = {
        'version': '1.0',
        'truncation': None,
        'padding': None,
        'added_tokens': added,
        'normalizer': None,
        'pre_tokenizer': byte_level,
        'post_processor': {
            'type': 'RobertaProcessing',
            'sep': [END, vocab[END]],
            'cls': [START, vocab[START]],
            'trim_offsets': True,
            'add_prefix_space': False,
        },
        'decoder': byte_level,
        'model': {
            'type': 'BPE',
            'dropout': None,
            'unk_token': None,
            'continuing_subword_prefix': '',
            'end_of_word_suffix': '',
            'fuse_unk': False,
            'byte_fallback': False,
            'vocab': vocab,
            'merges': [f'{a} {b}' for a, b in merges],
        },
    }
    config = special | {
        'tokenizer_class': 'RobertaTokenizer',
        'add_prefix_space': False,
        'errors': 'replace',
        'model_max_length': 512,
        'trim_offsets': True,
    }
    files = {
        'vocab.json': json.dumps(vocab, ensure_ascii=False),
        'merges.txt': '\n'.join(['#version: 0.2', *(f'{a} {b}' for a, b in merges), '']),
        'tokenizer.json': json.dumps(tokenizer, ensure_ascii=False, indent=2),
        'tokenizer_config.json': json.dumps(config, indent=2),
    }
    return files, len(vocab)
