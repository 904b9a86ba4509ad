from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from audioldm_export.archives import write_archives

# As the core does: a graph is not specialised to the shapes of its first runs.
torch._C._jit_set_profiling_mode(False)
# Small models gain nothing from threads, and lose much on a busy machine.
torch.set_num_threads(1)

Archive = Callable[[str], torch.jit.ScriptModule]


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


@pytest.fixture(scope='session')
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('archives')
    write_archives(folder)
    return folder


@pytest.fixture
def archive(archives: Path) -> Archive:
    """Loads an archive from its file, as the core does."""
    return lambda name: torch.jit.load(str(archives / f'{name}.pt'))
