"""Settings of the whole process, consistent when several threads change them."""

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
    """Setting shared by all threads: the first thread applies it, the last restores it.

    Without sharing, each thread would at its end restore the settings of other threads.

    Parameters
    ----------
    make : callable
        Function that returns the context manager of the setting.
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
    """Restrict code that changes shared settings to one thread at a time."""
    with _ALONE:
        yield


@contextmanager
def quiet(category: type[Warning] = Warning, message: str = "") -> Iterator[None]:
    """Suppress warnings inside a ``with`` block.

    Parameters
    ----------
    category : type, default Warning
        Category of the warnings.
    message : str, optional
        Beginning of the warnings.
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
    """Disable garbage collection while many small long-lived objects are created."""
    return _UNCOLLECTED


def swept() -> None:
    """Collect garbage since the last collection, if automatic collection is disabled."""
    if not gc.isenabled():
        gc.collect(0)
