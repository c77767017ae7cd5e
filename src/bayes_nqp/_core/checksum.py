"""Checksum at the end of a file: the SHA-256 of all bytes before it."""

from __future__ import annotations

import hashlib
import re
from typing import BinaryIO, Literal

__all__ = ["SEAL", "Seal", "seal_of", "sealed"]

type Seal = Literal["whole", "broken", "misplaced", "missing"]
"""That of the file's bytes; of other bytes; not where the file ends; none."""

_MARK = b"\x89bayes_nqp sha256\r\n\x1a\n"
"""No text holds these bytes, and a transfer as text changes them."""

SEAL = len(_MARK) + 64
"""Bytes of a seal."""

_CHUNK = 1 << 20


def sealed(content: bytes) -> bytes:
    """Append a checksum to bytes."""
    return content + _MARK + hashlib.sha256(content).hexdigest().encode("ascii")


def seal_of(file: BinaryIO) -> Seal:
    """Compare the bytes of a file with its checksum.

    Parameters
    ----------
    file : binary file
        File, positioned at its start afterwards.
    """
    size = max(file.seek(0, 2) - SEAL, 0)
    file.seek(size)
    end = file.read()
    file.seek(0)
    digest = end.removeprefix(_MARK)
    if len(end) == SEAL and re.fullmatch(rb"[0-9a-f]{64}", digest):
        same = _sha256(file, size) == digest.decode("ascii")
        return "whole" if same else "broken"
    return "misplaced" if _holds_mark(file) else "missing"


def _sha256(file: BinaryIO, size: int) -> str:
    digest = hashlib.sha256()
    for start in range(0, size, _CHUNK):
        digest.update(file.read(min(_CHUNK, size - start)))
    file.seek(0)
    return digest.hexdigest()


def _holds_mark(file: BinaryIO) -> bool:
    before, place = b"", False
    while not place and (chunk := file.read(_CHUNK)):
        place = _MARK in before + chunk
        before = chunk[-len(_MARK) :]
    file.seek(0)
    return place
