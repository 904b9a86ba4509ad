"""Writes files as PyTorch users do, each with what a reader should find in it.

python torch_files.py FOLDER → NAME.pt, NAME.legacy.pt for every case, and expected.json:
case → tensor name → {dtype, shape, values}.
"""

import json
import pathlib
import sys
from collections import OrderedDict, defaultdict

import numpy as np
import torch

folder = pathlib.Path(sys.argv[1])
torch.manual_seed(0)


class LightningCallback:
    """Stands for the classes that training leaves in a checkpoint."""

    def __init__(self) -> None:
        self.best_path = pathlib.PosixPath('runs/best.ckpt')
        self.monitor = {'val/loss': torch.tensor(0.5)}
        self.nested: list[object] = [self]


class Mode(str):
    """A subclass of text, as configuration libraries have."""


def module_state() -> OrderedDict[str, torch.Tensor]:
    module = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2))
    return module.state_dict()


def shared() -> dict[str, torch.Tensor]:
    base = torch.arange(24, dtype=torch.float32)
    return {
        'base': base,
        'view': base[4:16].view(3, 4),
        'transposed': base.view(4, 6).t(),
        'stepped': base[1::5],
        'expanded': base[7:8].expand(2, 3),
        'scalar': base[5],
        'empty': base[3:3],
    }


def dtypes() -> dict[str, torch.Tensor]:
    values = torch.tensor([[-1.5, 0.0, 2.25], [1e-3, 3.0, -7.0]])
    floats = (torch.float64, torch.float32, torch.float16, torch.bfloat16)
    whole = (torch.int64, torch.int32, torch.int16, torch.int8)
    tensors = {str(d): values.to(d) for d in floats + whole}
    tensors['torch.uint8'] = torch.tensor([0, 255], dtype=torch.uint8)
    tensors['torch.bool'] = torch.tensor([True, False, True])
    tensors['long'] = torch.tensor(-(2**62))
    return tensors


def lightning() -> dict[str, object]:
    layer = torch.nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(layer.parameters())
    layer(torch.randn(4, 3)).sum().backward()
    optimizer.step()
    return {
        'epoch': 3,
        'global_step': np.int64(2**40),
        'state_dict': OrderedDict(
            weight=layer.weight.data,
            bias=torch.nn.Parameter(layer.bias.data),
            scale=0.75,
        ),
        'optimizer_states': [optimizer.state_dict()],
        'callbacks': {LightningCallback: LightningCallback(), 'mode': Mode('min')},
        'hyper_parameters': defaultdict(
            list,
            device=torch.device('cuda:0'),
            dtype=torch.bfloat16,
            complex=torch.complex64,
            size=torch.Size([1, 2]),
            path=pathlib.PosixPath('/data'),
            array=np.arange(6.0).reshape(2, 3),
            numbers={1, 2.5, 3 + 4j},
            frozen=frozenset({'a'}),
            range=range(3),
            huge=2**200,
            raw=b'\x00\xff',
            mutable=bytearray(b'\x01'),
        ),
    }


def numbers() -> dict[str, object]:
    return {
        'weight': torch.ones(2),
        'float32': np.float32(0.5),
        'float64': np.float64(0.1),
        'int': np.int32(-3),
        'flag': np.bool_(True),
        'python': 0.9227914214134216,
        'text': 'tiny',
        'array': np.arange(6, dtype=np.float32).reshape(2, 3),
    }


class CudaStorageTag(torch.Tensor):
    """Nothing of its own: tensors of a subclass are written through another function."""


def tagged() -> dict[str, torch.Tensor]:
    plain = torch.tensor([1.0, 2.0])
    return {'plain': plain, 'subclass': plain.as_subclass(CudaStorageTag) * 2}


cases: dict[str, object] = {
    'module': module_state(),
    'shared': shared(),
    'dtypes': dtypes(),
    'lightning': lightning(),
    'wrapped': {
        'iteration': 7,
        'model': {'weight': torch.ones(2, 2)},
        'sampler': {'n': np.arange(4)},
    },
    'generator': {'generator': {'conv.weight_g': torch.ones(2, 1, 1)}},
    'parameters': {'p': torch.nn.Parameter(torch.tensor([3.0, 4.0]))},
    'numbers': numbers(),
    'subclass': tagged(),
    'names': {
        '__proto__': torch.tensor([1.0]),
        'constructor': torch.tensor([2.0]),
        'ä.ö': torch.tensor([3.0]),
    },
}


def state_dict(value: object) -> dict[str, object]:
    assert isinstance(value, dict)
    for key in ('state_dict', 'model', 'generator'):
        if isinstance(value.get(key), dict):
            return value[key]
    return value


expected = {}
for name, value in cases.items():
    torch.save(value, folder / f'{name}.pt')
    torch.save(value, folder / f'{name}.legacy.pt', _use_new_zipfile_serialization=False)
    torch.save(value, folder / f'{name}.4.pt', pickle_protocol=4)
    torch.save(
        value,
        folder / f'{name}.legacy.5.pt',
        _use_new_zipfile_serialization=False,
        pickle_protocol=5,
    )
    expected[name] = {
        key: {
            'dtype': str(tensor.dtype).removeprefix('torch.'),
            'shape': list(tensor.shape),
            'values': tensor.detach().as_subclass(torch.Tensor).reshape(-1).tolist(),
        }
        for key, tensor in state_dict(value).items()
        if isinstance(tensor, torch.Tensor)
    }

# Files that cannot be used, each for a reason a message should give.
torch.save({'a': torch.ones(2, dtype=torch.complex64)}, folder / 'complex.pt')
torch.save([1, 2], folder / 'list.pt')
torch.save({'a': 1}, folder / 'no-tensors.pt')
torch.jit.script(torch.nn.Linear(2, 2)).save(str(folder / 'scripted.pt'))

(folder / 'expected.json').write_text(json.dumps(expected))
