"""A table in Markdown."""

from __future__ import annotations

from bayes_nqp.tables._model import Table

__all__ = ["as_markdown"]


def as_markdown(table: Table) -> str:
    """Render a pipe table with its title above and its notes below."""
    heads = [_escaped(table.stub)]
    heads += [
        _escaped(" ".join(filter(None, [column.group, column.label.replace("\n", " ")])))
        for column in table.columns
    ]
    blank = [""] * len(table.columns)
    lines = [[f"**{_escaped(stamp)}**", *blank] for stamp in table.stamps]
    for row in table.rows:
        if row.heading:
            lines.append([f"*{_escaped(row.label)}*", *blank])
            continue
        lines.append([_escaped(row.label), *(_escaped(cell.text) for cell in row.cells)])
    rule = [":--", *(":--" if column.words else "--:" for column in table.columns)]
    body = "\n".join("| " + " | ".join(line) + " |" for line in [heads, rule, *lines])
    notes = f"\n\n{_escaped(table.footnote)}" if table.notes else ""
    return f"**{_escaped(table.title)}**\n\n{body}{notes}\n"


def _escaped(text: str) -> str:
    for mark in ("\\", "|", "*", "_", "<", "`"):
        text = text.replace(mark, f"\\{mark}")
    return text.replace("\n", "<br>")
