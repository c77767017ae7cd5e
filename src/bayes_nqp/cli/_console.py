"""What is said on a terminal: progress, errors, and where they go."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["FAILED", "console", "error", "plain_errors", "progress", "safe"]

BAD_INPUT, FAILED, INTERRUPTED = 2, 1, 130
_COUNT = re.compile(r" \d+/\d+$")


def console(*, stderr: bool = False) -> Console:
    """A console that breaks lines only on a terminal.

    Parameters
    ----------
    stderr : bool, default False

    Returns
    -------
    Console
    """
    from rich.console import Console

    return Console(stderr=stderr, soft_wrap=not sys.stdout.isatty())


def safe(value: object) -> str:
    """Text in which no bracket is markup.

    Parameters
    ----------
    value : object

    Returns
    -------
    str
    """
    from rich.markup import escape

    return escape(str(value))


def error(message: str) -> None:
    """Print an error.

    Parameters
    ----------
    message : str
    """
    console(stderr=True).print(f"[red]{safe(message)}[/red]", highlight=False)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn what the library refuses into words and an exit code.

    Yields
    ------
    None
    """
    from bayes_nqp.errors import NQPError

    try:
        yield
    except NQPError as refused:
        error(str(refused))
        raise typer.Exit(BAD_INPUT) from None
    except KeyboardInterrupt as stop:
        error("Interrupted; nothing was written.")
        raise typer.Exit(getattr(stop, "code", INTERRUPTED)) from None


@contextmanager
def progress(quiet: bool) -> Iterator[Callable[[str], None] | None]:
    """Show each step with a spinner in a terminal, as lines elsewhere.

    Parameters
    ----------
    quiet : bool
        Whether to show nothing.

    Yields
    ------
    callable or None
        To be told each step.
    """
    if quiet:
        yield None
        return
    shown = console(stderr=True)
    if not shown.is_terminal:
        said: list[str] = []

        def once(step: str) -> None:
            """Print each step once, not each of its counts."""
            name = _COUNT.sub("", step)
            if said[-1:] != [name]:
                said.append(name)
                shown.print(f"{name} …", markup=False, highlight=False)

        yield once
        return
    with shown.status("starting …") as status:
        yield lambda step: status.update(f"{safe(step)} …")
