"""Code of somebody else's: a reader of files, or an object's own methods, raise what they like."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["reply"]


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
    >>> from bayes_nqp.foreign import reply
    >>> reply(lambda: int("three"), lambda error: 0)
    0
    """
    try:
        return question()
    except MemoryError:
        raise
    except Exception as error:
        return otherwise(error)
