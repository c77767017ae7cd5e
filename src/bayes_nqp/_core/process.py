"""Settings of the whole process: kept whole while several threads change them."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ContextDecorator, contextmanager
from threading import Lock, RLock
from typing import Any

__all__ = ["Setting", "alone", "quiet", "swept", "uncollected"]

_ALONE = RLock()


class Setting(ContextDecorator):
    """A setting that is the same for everybody: the first to enter makes it, the last undoes it.

    Threads that each made it for themselves would put back, at their ends, what others had set.

    Parameters
    ----------
    make : callable
        Gives the context manager that makes and undoes it.
    """

    def __init__(self, make: Callable[[], AbstractContextManager[Any]]) -> None:
        self._make, self._lock, self._inside = make, Lock(), 0

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._made = self._make()
                self._made.__enter__()
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._made.__exit__(None, None, None)


@contextmanager
def alone() -> Iterator[None]:
    """Keep to one thread at a time what differs from one use to the next."""
    with _ALONE:
        yield


@contextmanager
def quiet(category: type[Warning] = Warning, message: str = "") -> Iterator[None]:
    """Let no warning out of a ``with`` block.

    Parameters
    ----------
    category : type, default Warning
        Which ones.
    message : str, optional
        How they begin.
    """
    with _ALONE, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message, category)
        yield


def _paused() -> Iterator[None]:
    working = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if working:
            gc.enable()


_UNCOLLECTED = Setting(contextmanager(_paused))


def uncollected() -> Setting:
    """Look for no garbage while many small things are made that live on for a while."""
    return _UNCOLLECTED


def swept() -> None:
    """Let go of what was made and dropped since the last look, where nobody looks meanwhile."""
    if not gc.isenabled():
        gc.collect(0)
