"""Signals that end a program, as an exception that cleans up on its way."""

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
    """The program was asked to end by a signal other than Ctrl-C.

    Parameters
    ----------
    number : int
        Of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number

    @property
    def code(self) -> int:
        """With which a program that it ended exits, by custom."""
        return 128 + self.number


@contextmanager
def stoppable() -> Iterator[None]:
    """Let the signals that end a program raise `Stopped` here, as Ctrl-C raises its exception.

    `heed` and `interruption` know them in here.

    For programs alone: a library leaves the signals of its host as they are. Nothing is changed
    outside the main thread, nor for a signal that is ignored (``nohup``) or has a handler.
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
    """Give the exception for work that was cut short.

    Returns
    -------
    KeyboardInterrupt
        `Stopped`, where a signal other than Ctrl-C was the cause.
    """
    return Stopped(_seen[-1]) if _seen and _seen[-1] != signal.SIGINT else KeyboardInterrupt()


def heed() -> None:
    """Raise the exception of a signal that came, in case that code of others swallowed it.

    Raises
    ------
    KeyboardInterrupt
        If there was one since `stoppable` began.
    """
    if _seen:
        raise interruption()


class Unbroken:
    """A few steps that belong together: a signal that comes meanwhile is heeded after them.

    Signals come to the main thread; in others nothing is held back.
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
