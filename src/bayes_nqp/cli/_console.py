"""Terminal output: progress and errors."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bayes_nqp.cli._streams import plain_text

if TYPE_CHECKING:
    from rich.console import Console


_COUNT = re.compile(r" \d+/\d+$")


def console(*, stderr: bool = False) -> Console:
    """Return a console that breaks lines only on a terminal; elsewhere tables have 120 columns."""
    from rich.console import Console

    terminal = sys.stdout.isatty()
    width = None if terminal or "COLUMNS" in os.environ else 120
    return Console(stderr=stderr, soft_wrap=not terminal, emoji=False, width=width)


def safe(value: object) -> str:
    """Escape markup and control characters of a text."""
    from rich.markup import escape

    return escape(plain_text(str(value)))


def line(text: object) -> None:
    """Print text without interpretation of markup or control characters."""
    console().print(plain_text(str(text)), markup=False, highlight=False)


@contextmanager
def progress(quiet: bool, language: str) -> Iterator[Callable[[str], None] | None]:
    """Show each step with a spinner in a terminal, or as lines otherwise.

    Parameters
    ----------
    quiet : bool
        If True, show nothing.
    language : str
        Language of the steps.

    Yields
    ------
    callable or None
        Function that receives each step.
    """
    if quiet:
        yield None
        return
    from bayes_nqp._core.i18n import Translator

    shown, translate = console(stderr=True), Translator(language)
    if not shown.is_terminal:
        steps: list[str] = []

        def once(step: str) -> None:
            """Print each step once, not each of its counts."""
            name = _COUNT.sub("", translate.name(step))
            if steps[-1:] != [name]:
                steps.append(name)
                shown.print(f"{plain_text(name)} …", markup=False, highlight=False)

        yield once
        return
    spinner = "dots" if shown.encoding.startswith("utf") else "line"
    with shown.status(translate("starting …"), spinner=spinner) as status:
        yield lambda step: status.update(f"{safe(translate.name(step))} …")
