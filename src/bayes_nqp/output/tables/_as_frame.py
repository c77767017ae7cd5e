"""A table as a data frame."""

from __future__ import annotations

import pandas as pd

from bayes_nqp._core import vocabulary as v
from bayes_nqp.output.tables._formats import table_format
from bayes_nqp.output.tables._model import Cell, Column, Table


@table_format("frame")
def to_frame(self: Table, *, text: bool = False) -> pd.DataFrame:
    """Return the body as a data frame.

    Parameters
    ----------
    text : bool, default False
        If True, return text as printed instead of unrounded numbers in separate columns.

    Returns
    -------
    DataFrame
        Columns ``section``, the labels, one column per number and, if available, the verdict of the
        convergence diagnostics. ``attrs`` contains title, notes and stamps.
    """
    frame = _printed(self) if text else _numbers(self)
    frame.attrs = {"title": self.title, "notes": list(self.notes), "stamps": list(self.stamps)}
    frame.attrs.update(self.facts)
    return frame


def _heading(column: Column) -> str:
    return " ".join(filter(None, [column.group, column.label.replace("\n", " ")]))


def _printed(table: Table) -> pd.DataFrame:
    blank = [""] * len(table.columns)
    lines = [[stamp, *blank] for stamp in table.stamps]
    for row in table.rows:
        cells = blank if row.heading else [cell.text.replace("\n", " ") for cell in row.cells]
        lines.append([row.label, *cells])
    heads = [table.stub, *(_heading(column) for column in table.columns)]
    return pd.DataFrame(lines, columns=pd.Index(heads, dtype=object), dtype=object)


def _numbers(table: Table) -> pd.DataFrame:
    heads = ["section", "label"]
    widths = []
    for k, column in enumerate(table.columns):
        form = table.form(k)
        widths.append(len(form.names))
        head = _heading(column)
        heads += [" ".join(filter(None, [head, name])) for name in form.names]
    lines, section = [], ""
    for row in table.rows:
        if row.heading:
            section = row.label
            continue
        line: list[object] = [section, row.label]
        for cell, width in zip(row.cells, widths, strict=True):
            line += _spread(cell, width)
        lines.append(line)
    frame = pd.DataFrame(lines, columns=pd.Index(heads, dtype=object)).infer_objects()
    if v.GATE in table.facts:
        frame[v.GATE] = table.facts[v.GATE]
    return frame


def _spread(cell: Cell, width: int) -> list[object]:
    values: list[object] = list(cell.values)
    return [*values, *[None] * (width - len(values))]
