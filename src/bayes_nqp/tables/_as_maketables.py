"""A table for maketables, which renders Typst and Great Tables beside Word and LaTeX."""

from __future__ import annotations

from typing import Any

import pandas as pd

from bayes_nqp.errors import StudyError
from bayes_nqp.tables._model import Table

__all__ = ["as_maketables"]


def as_maketables(table: Table) -> Any:
    """Make a table of maketables from the printed cells.

    Raises
    ------
    StudyError
        If maketables is not installed.
    """
    try:
        from maketables import MTable
    except ImportError as error:
        raise StudyError(
            "maketables is not installed", hint="pip install 'bayes-nqp[report]'"
        ) from error
    section, keys, lines = "", [], []
    for stamp in table.stamps:
        keys.append(("", stamp))
        lines.append([""] * len(table.columns))
    for row in table.rows:
        if row.heading:
            section = row.label
            continue
        keys.append((section, row.label))
        lines.append([cell.text for cell in row.cells])
    grouped = any(section for section, _ in keys)
    index: Any = pd.MultiIndex.from_tuples(keys) if grouped else [label for _, label in keys]
    spanned = any(column.group for column in table.columns)
    columns: Any = (
        pd.MultiIndex.from_tuples([(c.group, c.label) for c in table.columns])
        if spanned
        else [column.label for column in table.columns]
    )
    notes = table.footnote
    return MTable(
        pd.DataFrame(lines, index=index, columns=columns), notes=notes, caption=table.title
    )
