"""Progress of long work: said in one place, shown by whoever listens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["bar", "listening", "say"]

type Listener = Callable[[str, int, int], None]

_LISTENER: ContextVar[Listener | None] = ContextVar("listener", default=None)


def say(what: str, done: int, total: int) -> None:
    """Tell whoever listens how far some work is.

    Parameters
    ----------
    what : str
        The work, in a few words.
    done, total : int
        Steps.
    """
    listener = _LISTENER.get()
    if listener is not None:
        listener(what, done, total)


@contextmanager
def listening(listener: Listener | None) -> Iterator[None]:
    """Listen to the work inside a ``with`` block; None leaves whoever listens already.

    Parameters
    ----------
    listener : callable or None
        Called with the work, steps done and steps in all.

    Yields
    ------
    None
    """
    if listener is None:
        yield
        return
    token = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(token)


@contextmanager
def bar(wanted: bool = True) -> Iterator[None]:
    """Show a progress bar, in a terminal or a notebook, for the work inside a ``with`` block.

    Parameters
    ----------
    wanted : bool, default True
        False, or a listener that is there already, shows none.

    Yields
    ------
    None
    """
    if not wanted or _LISTENER.get() is not None:
        yield
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, transient=True) as shown:
        task = shown.add_task("", total=None)
        with listening(
            lambda what, done, total: shown.update(
                task, description=what, completed=done, total=total
            )
        ):
            yield
