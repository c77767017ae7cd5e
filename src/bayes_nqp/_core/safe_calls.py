"""Code of somebody else's: a reader of files, or an object's own methods, raise what they like."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["no_exit", "reply"]


@contextmanager
def no_exit() -> Iterator[None]:
    """Turn an exit of the program, which code that is not ours asks for, into an error.

    Raises
    ------
    RuntimeError
        If ``sys.exit`` was called within the ``with`` block.
    """
    try:
        yield
    except SystemExit as stop:
        raise RuntimeError(f"it called sys.exit({stop.code!r})") from stop


def reply[T](question: Callable[[], T], otherwise: Callable[[Exception], T]) -> T:
    """Ask code that is not ours; what stands in for its answer where it raises an error.

    The question is one look or one call, so that no fault of our own hides in it.

    Parameters
    ----------
    question : callable
        Takes nothing.
    otherwise : callable
        Takes the error: gives a value, or raises an error of the library.

    Returns
    -------
    object
        What either gave.

    Raises
    ------
    MemoryError
        As it comes: it is nobody's fault.

    Examples
    --------
    >>> from bayes_nqp._core.safe_calls import reply
    >>> reply(lambda: int("three"), lambda error: 0)
    0
    """
    try:
        with no_exit():
            return question()
    except MemoryError:
        raise
    except Exception as error:
        return otherwise(error)
