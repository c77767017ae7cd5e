"""Files that are written beside their place, then moved there."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

__all__ = ["write_bytes", "write_text"]


def write_bytes(path: str | Path, content: bytes) -> Path:
    """Write a file whole or not at all.

    Parameters
    ----------
    path : str or Path
        Folders on the way are made; an existing file is replaced.
    content : bytes

    Returns
    -------
    Path
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        mask = os.umask(0)
        os.umask(mask)
        Path(beside).chmod(0o666 & ~mask)
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
    return path


def write_text(path: str | Path, content: str) -> Path:
    """Write a text file in UTF-8, whole or not at all.

    Parameters
    ----------
    path : str or Path
    content : str

    Returns
    -------
    Path
    """
    return write_bytes(path, content.encode("utf-8"))
