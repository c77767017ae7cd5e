"""What the machine has: threads, how many linear algebra may take, and a place for caches."""

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
    """Count the threads that work in pieces may take.

    Parameters
    ----------
    threads : int, optional
        What the user asks for; by default the environment variable ``BAYES_NQP_THREADS``, and
        without it as many as the machine lends this process.

    Returns
    -------
    int
        At least 1.

    Raises
    ------
    StudyError
        If the number is not a positive whole one.
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
        raise StudyError(f"{source} is {wanted!r}", hint="a whole number from 1 up")
    return int(wanted)


@contextmanager
def within(threads: int | None) -> Iterator[None]:
    """Let work inside a ``with`` block take so many threads, unless it is told otherwise.

    Parameters
    ----------
    threads : int, optional
        None leaves it as it is.

    Raises
    ------
    StudyError
        If the number is not a positive whole one.
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
    """Processors that this process may run on."""
    count = getattr(os, "process_cpu_count", os.cpu_count)()
    return max(int(count or 1), 1)


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep linear algebra to one thread inside a ``with`` block.

    Matrices here are small: threads inside a product would only wait for one another. They are
    also made and freed all the time, so that what is freed stays with the process. Entering it
    again inside costs next to nothing.
    """
    _retain_freed_memory()
    with _SINGLE, _limited(_libraries(shared=False)):
        yield


@cache
def _libraries(*, shared: bool) -> tuple[Any, ...]:
    """Libraries whose number of threads all threads share, or those where each has its own."""
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
    """Set numbers of threads, for any thread to set anew: threadpoolctl reserves that to one."""
    for library, number in zip(libraries, threads, strict=True):
        library.set_num_threads(number)
        getattr(library, "clear_controlling_thread", lambda: None)()


_SINGLE: Final = Setting(lambda: _limited(_libraries(shared=True)))


@cache
def _retain_freed_memory() -> None:
    """Let glibc keep up to 62 MiB of freed memory instead of returning it to the system.

    It keeps twice the size of the largest array below 32 MiB that was freed: here one whose pages
    are never touched. Without it a quarter of a density's time goes into pages asked for again.
    """
    import numpy as np

    np.empty(31 << 20, dtype=np.uint8)


def place_for_pytensor() -> None:
    """Give PyTensor a folder of this process where HOME takes no files, and it could not start.

    Where there is no place for one either, who needs PyTensor is told so.
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
    """Word what keeps another package from its own files: no HOME, no room, no permission.

    Raises
    ------
    StudyError
        For what it says of its folders, in errors of the system and of its own.
    """
    try:
        yield
    except (OSError, RuntimeError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise StudyError(
            f"{package} finds no folder for its files: {reason or brief(str(error), 300)}",
            where=str(getattr(error, "filename", None) or ""),
            hint="name one that takes files and has room: the environment variable HOME, for its "
            "caches, or TMPDIR, for temporary ones",
        ) from error


def _takes_files(place: Path) -> bool:
    """Whether a folder may be written, or made; one that may not be looked into may not."""
    nearest = next((p for p in (place, *place.parents) if os.path.exists(p)), place)  # noqa: PTH110
    return os.path.isdir(nearest) and os.access(nearest, os.W_OK)  # noqa: PTH112
