"""Compiled code on disk with a digest: damaged files are compiled again, never executed."""

# Numba's own classes are not annotated.
# mypy: disable-error-code="misc,no-untyped-call"

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from numba.core import caching
from numba.core.caching import IndexDataCacheFile

from bayes_nqp._core.checksum import seal_of, sealed
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.io import write_bytes


class SealedCache(IndexDataCacheFile):
    """Numba's files of one function, each with a digest.

    Numba trusts its files: an invalid pickle raises an error, and damaged machine code ends the
    process. A full disk is not a reason to stop, either.
    """

    def save(self, key: object, data: object) -> None:
        """Store an entry, if possible."""
        with suppress(OSError, StudyError):
            super().save(key, data)

    def _load_index(self) -> Any:
        return super()._load_index() if _whole(Path(self._index_path)) else {}

    def _load_data(self, name: str) -> Any:
        if not _whole(Path(self._data_path(name))):
            raise FileNotFoundError(name)  # Numba treats this as a cache miss.
        return super()._load_data(name)

    @contextmanager
    def _open_for_write(self, filepath: str) -> Iterator[io.BytesIO]:
        content = io.BytesIO()
        yield content
        write_bytes(filepath, sealed(content.getvalue()))


@contextmanager
def sealed_caches() -> Iterator[None]:
    """Use caches with digests for all functions compiled inside, also by other packages."""
    before = caching.IndexDataCacheFile
    caching.IndexDataCacheFile = SealedCache
    try:
        yield
    finally:
        caching.IndexDataCacheFile = before


def _whole(path: Path) -> bool:
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return seal_of(file) == "whole"
    except OSError:
        return False
