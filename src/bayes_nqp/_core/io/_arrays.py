"""Size of numpy archives, tested before their arrays are read."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path
from typing import BinaryIO

from numpy.lib import format as npy


def array_bytes(source: Path | BinaryIO) -> int:
    """Return the number of bytes that the arrays of an archive declare.

    numpy allocates the declared size of an array before reading it.

    Raises
    ------
    ValueError
        If an array declares more bytes than its part of the archive contains.
    """
    total = 0
    with zipfile.ZipFile(source) as archive:
        for part in archive.infolist():
            with archive.open(part) as file:
                first = npy.read_magic(file) == (1, 0)
                read = npy.read_array_header_1_0 if first else npy.read_array_header_2_0
                shape, _, kind = read(file)
            claimed = math.prod(shape) * kind.itemsize
            if claimed > part.file_size:
                raise ValueError(f"{part.filename} claims {claimed:,} bytes")
            total += part.file_size
    return total
