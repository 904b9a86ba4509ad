"""Runs a notebook in its own folder with the kernel that it names, and prints it with its outputs.

An error in a cell ends the run with the cell and the message.
"""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

path = Path(sys.argv[1])
notebook = nbformat.read(path, as_version=4)
nbformat.validate(notebook)
client = NotebookClient(notebook, timeout=None, resources={'metadata': {'path': str(path.parent)}})
client.execute()
print(nbformat.writes(notebook))
