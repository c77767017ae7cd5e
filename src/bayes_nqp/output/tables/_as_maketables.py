"""Conversion to maketables, which renders Typst, Great Tables, Word and LaTeX."""

from __future__ import annotations

from typing import Any

import pandas as pd

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp.output.tables._formats import table_format
from bayes_nqp.output.tables._model import Table


@table_format("maketables")
def to_maketables(self: Table) -> Any:
    """Give the table to maketables, which also renders Typst and Great Tables.

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
    for stamp in self.stamps:
        keys.append(("", stamp))
        lines.append([""] * len(self.columns))
    for row in self.rows:
        if row.heading:
            section = row.label
            continue
        keys.append((section, row.label))
        lines.append([cell.text for cell in row.cells])
    grouped = any(section for section, _ in keys)
    index: Any = pd.MultiIndex.from_tuples(keys) if grouped else [label for _, label in keys]
    spanned = any(column.group for column in self.columns)
    columns: Any = (
        pd.MultiIndex.from_tuples([(c.group, c.label) for c in self.columns])
        if spanned
        else [column.label for column in self.columns]
    )
    notes = self.footnote
    return MTable(
        pd.DataFrame(lines, index=index, columns=columns), notes=notes, caption=self.title
    )
