"""Compiling with a cache on disk that knows when any of this folder has changed."""

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

__all__ = ["compiled", "compiled_c"]


@cache
def _folder() -> str:
    """Where machine code is kept: a folder of its own for each state of the sources.

    Numba looks only at the file of the function it was asked for, and a caller in another file
    would keep running the old code that it had inlined.
    """
    seal = hashlib.sha256(numba.__version__.encode("ascii"))
    for file in sorted(Path(__file__).parent.glob("*.py")):
        seal.update(file.read_bytes())
    base = numba.config.CACHE_DIR or platformdirs.user_cache_dir("bayes_nqp")
    return str(Path(base) / f"bayes_nqp-{seal.hexdigest()[:16]}")


@contextmanager
def _own_cache() -> Iterator[None]:
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = _folder()
    try:
        yield
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
    with _own_cache():
        made: Any = numba.njit(cache=True, error_model="numpy", nogil=True)(function)
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
        with _own_cache():
            return numba.cfunc(signature, cache=True, error_model="numpy")(function)

    return decorate
