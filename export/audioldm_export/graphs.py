"""Writes architectures of one structure as plain graphs, which load in a hundredth of the time.

An archive has code for the deepest structure that there may be. For structures that are common it
is frozen here, when the package is built: loops are unrolled, branches decided, and what is left is
one straight list of operators whose inputs are the archive's own and then the weights. The file has
the SHA-256 of what follows, the names of the weights, a line each, and the graph in TorchScript's
intermediate representation.
That has no words for a loop over clips or a table, so the audio tower and the front-ends have no
graphs.
"""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import torch
from torch import Tensor

from .binding import Attribute, bind


@dataclass(frozen=True)
class Structure:
    """`tensors`: the weights that there are, by name, with their numbers of dimensions."""

    file: str
    archive: str
    attributes: dict[str, Attribute]
    tensors: dict[str, int]


def read_structures(path: Path) -> list[Structure]:
    return [Structure(**fields) for fields in json.loads(path.read_text())]


def write_graphs(structures: Sequence[Structure], folder: Path) -> list[Path]:
    """Writes them into `folder` and removes graphs that are not among them."""
    written = {folder / structure.file for structure in structures}
    for stale in set(folder.glob('*.graph')) - written:
        stale.unlink()
    for structure in structures:
        part = folder / f'.{structure.file}.{os.getpid()}.tmp'
        module = torch.jit.load(folder / f'{structure.archive}.pt')
        try:
            part.write_text(graph_text(structure, module))
            part.replace(folder / structure.file)
        finally:
            part.unlink(missing_ok=True)
    return sorted(written)


def graph_text(structure: Structure, module: torch.jit.ScriptModule) -> str:
    """`module`: the archive, which is bound and frozen."""
    placeholders = {name: torch.ones([1] * rank) for name, rank in structure.tensors.items()}
    graph = frozen_graph(bind(module, structure.attributes, placeholders), placeholders)
    names = weights_to_inputs(graph)
    torch._C._jit_pass_dce(graph)
    graph.eraseInput(0)
    torch._C._jit_pass_lint(graph)
    text = graph.str(False)
    if constants(torch._C.parse_ir(text)) != constants(graph):
        raise ValueError(f'{structure.archive} has a constant that is not written exactly')
    content = ''.join(f'{name}\n' for name in names) + text
    return f'{sha256(content.encode()).hexdigest()}\n{content}'


def frozen_graph(module: torch.jit.ScriptModule, tensors: dict[str, Tensor]) -> torch._C.Graph:
    """Frozen but for the weights: whether there is one of a name is known, its values are not."""
    preserved, interfaces, keep_parameters = list[str](), True, True
    frozen = torch._C._freeze_module(module._c, preserved, interfaces, keep_parameters)
    graph = frozen._get_method('forward').graph
    for node in graph.findAllNodes('aten::numel'):
        name = attribute_path(node.inputsAt(0).node())
        with graph.insert_point_guard(node):
            count = graph.insertConstant(int(name in tensors))
        node.output().replaceAllUsesWith(count)
    torch._C._jit_pass_dce(graph)
    torch._C._jit_pass_constant_propagation(graph)
    torch._C._jit_pass_dce(graph)
    return graph


def weights_to_inputs(graph: torch._C.Graph) -> list[str]:
    """Makes an input of every attribute; gives their names in that order."""
    inputs: dict[str, torch._C.Value] = {}
    for node in graph.findAllNodes('prim::GetAttr'):
        if node.output().type().kind() != 'TensorType':
            continue
        name = attribute_path(node)
        if name not in inputs:
            inputs[name] = graph.addInput(f'weight_{len(inputs)}')
            inputs[name].setType(node.output().type())
        node.output().replaceAllUsesWith(inputs[name])
    return list(inputs)


def attribute_path(node: torch._C.Node) -> str:
    parts: list[str] = []
    while node.kind() == 'prim::GetAttr':
        parts.append(node.s('name'))
        node = node.inputsAt(0).node()
    return '.'.join(reversed(parts))


def constants(graph: torch._C.Graph) -> list[object]:
    return [
        node.output().toIValue() for node in all_nodes(graph) if node.kind() == 'prim::Constant'
    ]


def all_nodes(block: torch._C.Graph | torch._C.Block) -> Iterator[torch._C.Node]:
    for node in block.nodes():
        yield node
        for inner in node.blocks():
            yield from all_nodes(inner)
