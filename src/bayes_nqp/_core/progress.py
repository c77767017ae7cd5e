"""Progress of long work: reported in one place, displayed by listeners."""

from __future__ import annotations

import html
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

__all__ = ["bar", "listening", "say"]

type Listener = Callable[[str, int, int], None]

_PAUSE = 0.2
"""Seconds between two pictures of a bar in a notebook."""
_LISTENER: ContextVar[Listener | None] = ContextVar("listener", default=None)


def say(work: str, done: int, total: int) -> None:
    """Report the progress of work to the listener.

    Parameters
    ----------
    what : str
        Short description of the work.
    done, total : int
        Numbers of completed and of all steps.
    """
    listener = _LISTENER.get()
    if listener is not None:
        listener(work, done, total)


@contextmanager
def listening(listener: Listener | None) -> Iterator[None]:
    """Set the listener inside a ``with`` block; None keeps the current listener.

    Parameters
    ----------
    listener : callable or None
        Called with the work, steps done and steps in all.
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
        If False, or if there is a listener already, show no bar.
    """
    if not wanted or _LISTENER.get() is not None:
        yield
        return
    if _in_notebook():
        with _notebook_bar():
            yield
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}", markup=False),
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


def _in_notebook() -> bool:
    """Return True in a Jupyter kernel, where HTML can be displayed."""
    ipython: Any = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and getattr(shell, "kernel", None) is not None


@contextmanager
def _notebook_bar() -> Iterator[None]:
    """Show a bar below a cell and remove it at the end; rich's own bar requires ipywidgets."""
    from IPython.display import display

    handle: Any = display(_page(""), raw=True, display_id=True)  # type: ignore[no-untyped-call]
    began = last = time.monotonic()

    def show(work: str, done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _PAUSE:
            last = now
            handle.update(_page(_drawn(work, done, total, now - began)), raw=True)

    try:
        with listening(show):
            yield
    finally:
        handle.update(_page(""), raw=True)


def _page(text: str) -> dict[str, str]:
    return {"text/html": text, "text/plain": ""}


def _drawn(work: str, done: int, total: int, seconds: float) -> str:
    return (
        f"<small>{html.escape(work)} <progress value='{done}' max='{max(total, 1)}'></progress> "
        f"{done}/{total}, {seconds:.0f} s</small>"
    )
