"""Signals that end a program, converted to an exception so that files are cleaned up."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

__all__ = ["Stopped", "Unbroken", "heed", "interruption", "stoppable"]

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
"""What ends a program, where the system knows it."""
_USUAL = (signal.SIG_DFL, signal.default_int_handler)
_seen: list[int] = []
"""The signals that came. Code of other packages may swallow an exception, and this stays."""


class Stopped(KeyboardInterrupt):
    """Exception for a termination signal other than Ctrl-C.

    Parameters
    ----------
    number : int
        Number of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number

    @property
    def code(self) -> int:
        """Return the customary exit code for the signal."""
        return 128 + self.number


@contextmanager
def stoppable() -> Iterator[None]:
    """Raise `Stopped` for termination signals inside a ``with`` block.

    `heed` and `interruption` detect these signals inside the block.

    For programs only: a library does not change the signals of its host. Nothing is changed outside
    the main thread, or for signals that are ignored (``nohup``) or have a handler.
    """
    former: dict[int, Any] = {}
    _seen.clear()
    if threading.current_thread() is threading.main_thread():
        for name in _NAMES:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) in _USUAL:
                former[number] = signal.signal(number, _raise)
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
        _seen.clear()


def interruption() -> KeyboardInterrupt:
    """Return the exception for interrupted work.

    Returns
    -------
    KeyboardInterrupt
        `Stopped` if the cause was a signal other than Ctrl-C.
    """
    return Stopped(_seen[-1]) if _seen and _seen[-1] != signal.SIGINT else KeyboardInterrupt()


def heed() -> None:
    """Raise the exception of a received signal, in case other code suppressed it.

    Raises
    ------
    KeyboardInterrupt
        If a signal was received since `stoppable` began.
    """
    if _seen:
        raise interruption()


class Unbroken:
    """Context manager that delays signals until a few steps are completed.

    Signals are received by the main thread; in other threads nothing is delayed.
    """

    depth = 0

    def __enter__(self) -> None:
        self.heard = threading.current_thread() is threading.main_thread()
        self.before = len(_seen)
        Unbroken.depth += self.heard

    def __exit__(self, *_: object) -> None:
        Unbroken.depth -= self.heard
        if self.heard and Unbroken.depth == 0 and len(_seen) > self.before:
            raise interruption()


def _raise(number: int, frame: FrameType | None) -> None:
    _seen.append(number)
    if Unbroken.depth == 0:
        raise interruption()
