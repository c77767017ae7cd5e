"""Signals that end a program, as an exception that cleans up on its way."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["Stopped", "interruption", "stoppable"]

_NAMES = ("SIGTERM", "SIGHUP", "SIGBREAK")
"""What ends a program besides Ctrl-C, where the system knows it."""
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

    For programs alone: a library leaves the signals of its host as they are. Nothing is changed
    outside the main thread, nor for a signal that is ignored (``nohup``) or has a handler.

    Yields
    ------
    None
    """
    former = {}
    _seen.clear()
    if threading.current_thread() is threading.main_thread():
        for name in _NAMES:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) == signal.SIG_DFL:
                former[number] = signal.signal(number, _raise)
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def interruption() -> KeyboardInterrupt:
    """Give the exception for work that was cut short.

    Returns
    -------
    KeyboardInterrupt
        `Stopped`, where a signal was the cause.
    """
    return Stopped(_seen[-1]) if _seen else KeyboardInterrupt()


def _raise(number: int, frame: FrameType | None) -> None:
    _seen.append(number)
    raise Stopped(number)
