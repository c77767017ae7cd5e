"""Compiling with a cache on disk that tells when any of this folder has changed."""

# Numba's own configuration is not annotated.
# mypy: disable-error-code="attr-defined"

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numba
import platformdirs

from bayes_nqp.compression._cache import sealed_caches, writable

__all__ = ["compiled", "compiled_c"]


@cache
def _folder() -> str:
    """Where machine code is kept: a folder of its own for each state of the sources, or nowhere.

    Numba looks only at the file of the function it was asked for, and a caller in another file
    would keep running the old code that it had inlined. Where the folder cannot be written, numba
    would turn to another one, with that fault.
    """
    seal = hashlib.sha256(numba.__version__.encode("ascii"))
    for file in sorted(Path(__file__).parent.glob("*.py")):
        seal.update(file.read_bytes())
    base = Path(numba.config.CACHE_DIR or platformdirs.user_cache_dir("bayes_nqp"))
    folder = base / f"bayes_nqp-{seal.hexdigest()[:16]}"
    return str(folder) if writable(folder) else ""


@contextmanager
def _own_cache() -> Iterator[bool]:
    """Let numba keep what is decorated inside in our folder, sealed; tell whether it can."""
    folder = _folder()
    if not folder:
        yield False
        return
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = folder
    try:
        with sealed_caches():
            yield True
    finally:
        numba.config.CACHE_DIR = before


def compiled[F: Callable[..., Any]](function: F) -> F:
    """Compile a function on first use, without the interpreter's lock.

    Parameters
    ----------
    function : callable

    Returns
    -------
    callable
    """
    with _own_cache() as cache:
        made: Any = numba.njit(cache=cache, error_model="numpy", nogil=True)(function)
    return made  # type: ignore[no-any-return]


def compiled_c(signature: Any) -> Callable[[Callable[..., Any]], Any]:
    """Compile a function now, behind a C signature.

    Parameters
    ----------
    signature : Signature

    Returns
    -------
    callable
        The decorator.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        with _own_cache() as cache:
            return numba.cfunc(signature, cache=cache, error_model="numpy")(function)

    return decorate
