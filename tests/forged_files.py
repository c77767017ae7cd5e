"""Files of fits that somebody changed, under a seal that matches."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import h5py

from bayes_nqp._core.checksum import SEAL, sealed


def resealed(path: Path, edit: Callable[[h5py.File], None]) -> Path:
    """Edit a file, and put a seal that matches on it: as a version of another structure would."""
    path.write_bytes(path.read_bytes()[:-SEAL])
    with h5py.File(path, "r+") as file:
        edit(file)
    path.write_bytes(sealed(path.read_bytes()))
    return path
