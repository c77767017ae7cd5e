"""A table in Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from bayes_nqp._core.io import write_text
from bayes_nqp.output.tables._formats import table_format
from bayes_nqp.output.tables._model import Table

_MEANT = re.compile(r"[\\|*_`~$]|(?<=\])[(\[]|<(?=[A-Za-z/!?])|&(?=#?\w+;)")
"""Marks, what stands behind the text of a link, and the beginnings of tags and entities."""
_ENTITIES = {"<": "&lt;", "&": "&amp;"}
"""A backslash before these is one more letter to many readers."""


def _write(tables: Iterable[Table], path: Path) -> None:
    write_text(path, "\n\n".join(map(to_markdown, tables)) + "\n")


@table_format("md", file="tables.md", place=50, write=_write)
def to_markdown(self: Table, path: str | Path | None = None) -> str:
    """Render as a Markdown table with title and notes.

    Parameters
    ----------
    path : str or Path, optional
        A file to write as well.
    """
    heads = [_escaped(self.stub)]
    heads += [
        _escaped(" ".join(filter(None, [column.group, column.label.replace("\n", " ")])))
        for column in self.columns
    ]
    blank = [""] * len(self.columns)
    lines = [[f"**{_escaped(stamp)}**", *blank] for stamp in self.stamps]
    for row in self.rows:
        if row.heading:
            lines.append([f"*{_escaped(row.label)}*", *blank])
            continue
        lines.append([_escaped(row.label), *(_escaped(cell.text) for cell in row.cells)])
    rule = [":--", *(":--" if column.words else "--:" for column in self.columns)]
    body = "\n".join("| " + " | ".join(line) + " |" for line in [heads, rule, *lines])
    notes = f"\n\n{_escaped(self.footnote)}" if self.notes else ""
    text = f"**{_escaped(self.title)}**\n\n{body}{notes}\n"
    if path is not None:
        write_text(path, text)
    return text


def _escaped(text: str) -> str:
    """Write a text so that every reader of Markdown shows it as it is: no link, no tag, no sum."""
    return _MEANT.sub(_spelled, text).replace("\n", "<br>")


def _spelled(mark: re.Match[str]) -> str:
    return _ENTITIES.get(mark[0], f"\\{mark[0]}")
