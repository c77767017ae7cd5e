"""Safe calls of other code, such as readers of files or methods of user objects."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["no_exit", "reply"]


@contextmanager
def no_exit() -> Iterator[None]:
    """Convert an exit of the program in other code to an error.

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
    """Call other code, and return an alternative value if it raises an error.

    The call is a single lookup or call, so that errors of the library are not hidden.

    Parameters
    ----------
    question : callable
        Function without arguments.
    otherwise : callable
        Function of the error that returns a value or raises an error of the library.

    Returns
    -------
    object
        Result of either function.

    Raises
    ------
    MemoryError
        Not converted.

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
