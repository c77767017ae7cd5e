"""Registration of layouts for tables of fits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from bayes_nqp._core.exceptions import StudyError, nearest
from bayes_nqp._core.plugins import Plugins
from bayes_nqp.output.tables._kinds import Ask, Subject, labelled
from bayes_nqp.output.tables._model import Table

type Lay = Callable[[Sequence[tuple[str, object]], Ask], Table]
"""From fits, or effects, by heading to a table of them, a column each."""

LAYOUTS: Final = Plugins[Lay]("bayes_nqp.output.tables", "_layout_")
"""Every layout by name."""


def layout(function: Lay) -> Lay:
    """Make a function a layout, named as the function is, and register it."""
    return LAYOUTS.add(function.__name__, function)


def laid(name: str, subject: Subject, source: Any, ask: Ask, kind: str | None) -> Table:
    """Build a table of fits in a layout.

    Raises
    ------
    StudyError
        If the layout is unknown, `values` are not fits, or a kind is given as well.
    """
    if name not in LAYOUTS:
        raise StudyError(f"layout={name!r} is no layout", hint=nearest(name, LAYOUTS))
    if subject not in ("fit", "fits") or kind is not None:
        problem = f"layout={name!r} sets fits side by side, and takes no kind"
        raise StudyError(problem, hint='nqp.table({"all": fit, "cities": other}, layout="journal")')
    table = LAYOUTS[name](source if subject == "fits" else [("", source)], ask)
    return labelled(table, ask.translate) if ask.labels else table
