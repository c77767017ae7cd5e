"""Resources of the machine: threads, threads of linear algebra, and a folder for caches."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any, Final

from bayes_nqp._core.exceptions import StudyError, brief
from bayes_nqp._core.process import Setting

__all__ = [
    "THREADS_VARIABLE",
    "n_threads",
    "needing_room",
    "one_thread",
    "place_for_pytensor",
    "within",
]

THREADS_VARIABLE = "BAYES_NQP_THREADS"
"""Environment variable that says how many threads a fit may take."""
_ASKED: ContextVar[int | None] = ContextVar("threads", default=None)


def n_threads(threads: int | None = None) -> int:
    """Return the number of threads for parallel work.

    Parameters
    ----------
    threads : int, optional
        Requested number; by default the environment variable ``BAYES_NQP_THREADS``, otherwise the
        processors available to this process.

    Returns
    -------
    int
        Number of threads, at least 1.

    Raises
    ------
    StudyError
        If the number is not a positive integer.
    """
    source, wanted = "'threads'", str(threads)
    if threads is None:
        if _ASKED.get() is not None:
            return _ASKED.get() or 1
        source, wanted = f"the environment variable {THREADS_VARIABLE}", ""
        wanted = os.environ.get(THREADS_VARIABLE, "").strip()
        if not wanted:
            return _lent()
    if isinstance(threads, bool) or not wanted.isascii() or not wanted.isdigit() or int(wanted) < 1:
        raise StudyError(f"{source} is {wanted!r}", hint="use an integer of at least 1")
    return int(wanted)


@contextmanager
def within(threads: int | None) -> Iterator[None]:
    """Set the default number of threads inside a ``with`` block.

    Parameters
    ----------
    threads : int, optional
        Number of threads; None keeps the current number.

    Raises
    ------
    StudyError
        If the number is not a positive integer.
    """
    if threads is None:
        yield
        return
    token = _ASKED.set(n_threads(threads))
    try:
        yield
    finally:
        _ASKED.reset(token)


def _lent() -> int:
    """Return the number of processors available to this process."""
    count = getattr(os, "process_cpu_count", os.cpu_count)()
    return max(int(count or 1), 1)


@contextmanager
def one_thread() -> Iterator[None]:
    """Restrict linear algebra to one thread inside a ``with`` block.

    Matrices are small, so that threads inside a product would wait for one another. Matrices are
    created and freed often, so freed memory stays with the process. Nested use is almost free.
    """
    _retain_freed_memory()
    with _SINGLE, _limited(_libraries(shared=False)):
        yield


@cache
def _libraries(*, shared: bool) -> tuple[Any, ...]:
    """Return linear-algebra libraries with a shared number of threads, or one per thread."""
    # They are those that are loaded by now, and looking for them takes milliseconds.
    import scipy.linalg  # noqa: F401
    from threadpoolctl import ThreadpoolController

    libraries = ThreadpoolController().lib_controllers
    owned = ["openmp" in (x.user_api, getattr(x, "threading_layer", "")) for x in libraries]
    return tuple(x for x, openmp in zip(libraries, owned, strict=True) if openmp != shared)


@contextmanager
def _limited(libraries: tuple[Any, ...]) -> Iterator[None]:
    before = [library.num_threads for library in libraries]
    _allow(libraries, [1] * len(libraries))
    try:
        yield
    finally:
        # More than before is what somebody else gave back meanwhile.
        _allow(libraries, [max(n, x.num_threads) for n, x in zip(before, libraries, strict=True)])


def _allow(libraries: tuple[Any, ...], threads: list[int]) -> None:
    """Set numbers of threads from any thread; threadpoolctl allows one thread only."""
    for library, number in zip(libraries, threads, strict=True):
        library.set_num_threads(number)
        getattr(library, "clear_controlling_thread", lambda: None)()


_SINGLE: Final = Setting(lambda: _limited(_libraries(shared=True)))


@cache
def _retain_freed_memory() -> None:
    """Make glibc keep up to 62 MiB of freed memory instead of returning it to the system.

    glibc keeps twice the size of the largest freed array below 32 MiB: here an array with untouched
    pages. Without it, page allocation takes a quarter of the time of a density.
    """
    import numpy as np

    np.empty(31 << 20, dtype=np.uint8)


def place_for_pytensor() -> None:
    """Set a temporary folder for PyTensor if HOME is not writable.

    If no temporary folder is available, an error is raised when PyTensor is needed.
    """
    flags = os.environ.get("PYTENSOR_FLAGS", "")
    home = Path(os.path.expanduser("~"))  # noqa: PTH111  (Path.home() may raise)
    if "compiledir" in flags or (home.is_absolute() and _takes_files(home / ".pytensor")):
        return
    with suppress(OSError):
        folder = tempfile.mkdtemp(prefix="bayes_nqp-pytensor-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        os.environ["PYTENSOR_FLAGS"] = f"{flags},base_compiledir={folder}".lstrip(",")


@contextmanager
def needing_room(package: str) -> Iterator[None]:
    """Convert another package's file errors (HOME, space, permissions) to an error.

    Raises
    ------
    StudyError
        If the package cannot use its folders.
    """
    try:
        yield
    except (OSError, RuntimeError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise StudyError(
            f"{package} has no folder for its files: {reason or brief(str(error), 300)}",
            where=str(getattr(error, "filename", None) or ""),
            hint="set a writable folder with free space: the environment variable HOME, for its "
            "caches, or TMPDIR, for temporary ones",
        ) from error


def _takes_files(place: Path) -> bool:
    """Return True if a folder can be written or created; False if it cannot be read."""
    nearest = next((p for p in (place, *place.parents) if os.path.exists(p)), place)  # noqa: PTH110
    return os.path.isdir(nearest) and os.access(nearest, os.W_OK)  # noqa: PTH112
