import json
import shutil
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audioldm_recipe import unet_clips
from audioldm_recipe.options import Options


@pytest.fixture
def options(sounds: Path, tmp_path: Path) -> Options:
    """The sweeps as synthesised clips, with captions for all but one."""
    synth = tmp_path / 'synth'
    shutil.copytree(sounds, synth)
    files = sorted((synth / 'audio').iterdir())
    lines = [{'file': f'audio/{file.name}', 'captions': ['a', f'b {file.stem}']} for file in files]
    (synth / 'captions.jsonl').write_text('\n'.join(json.dumps(line) for line in lines[1:]))
    return Options(tmp_path / 'state', esc10=None, synth=synth)


def listed(options: Options, name: str) -> list[dict]:
    text = (options.state / 'unet' / 'clips' / f'{name}.jsonl').read_text()
    return [json.loads(line) for line in text.splitlines()]


def test_lists_of_clips_with_captions(options: Options) -> None:
    unet_clips.run(options)
    base, unseen = listed(options, 'base'), listed(options, 'unseen')
    assert [entry['file'] for entry in unseen] == ['synth/4-6-A-0-0.wav', 'synth/4-7-A-0-0.wav']
    # Of six in fold 1, one may not be used and one has no caption.
    assert [entry['captions'][1] for entry in base] == [f'b 1-{i}-A-0' for i in (2, 3, 4, 5)]
    assert listed(options, 'default') == base
    for entry in base + unseen:
        wave, rate = soundfile.read(options.state / 'unet' / 'clips' / entry['file'])
        assert rate == 16000
        assert len(wave) == 81920
        assert np.abs(wave).max() == pytest.approx(0.5, abs=1e-3)

    unet_clips.run(replace(options, final=True))
    assert len(listed(options, 'base')) == 6
    assert listed(options, 'unseen') == []


def test_real_clips_come_in_variants(options: Options) -> None:
    clip = unet_clips.load_clips(options)[0]
    rng = np.random.default_rng(0)
    assert len(list(unet_clips.variants(clip, 5, rng))) == 1
    found = list(unet_clips.variants(replace(clip, source='esc10'), 5, rng))
    assert len(found) == 5
    np.testing.assert_allclose(found[0], unet_clips.fitted(clip.wave()))
    assert {len(wave) for wave in found} == {81920}
    assert all(np.abs(a - b).max() > 0.1 for a, b in pairwise(found))
