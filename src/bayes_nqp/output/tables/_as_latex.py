r"""A table in LaTeX, by booktabs and threeparttable."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from bayes_nqp._core.i18n import leading, typography
from bayes_nqp._core.io import write_text
from bayes_nqp._core.templates import Tex, escaped, latex
from bayes_nqp._core.texts import size_of
from bayes_nqp.output.tables._formats import table_format
from bayes_nqp.output.tables._model import Row, Table

_PAGE = 42.0
"""Width of a page's text in an article, in em."""
_PACKAGES = ("booktabs", "threeparttable", "array", "longtable")
_LONG = 45
"""Lines of numbers that a page holds; a table of more, or of sentences, goes on over pages."""
_UNBROKEN = 30
"""Characters of a word, such as a checksum, that may stand in one line."""
_WORDS = r">{\raggedright\arraybackslash}p{%s\linewidth}"


def _rendered(table: Table, label: str = "") -> str:
    """Render a floating table, or a table over several pages if one page is too short."""
    worded = any(column.words for column in table.columns)
    spec = "@{}" + (_WORDS % ".32" if worded else "l")
    spec += "".join(_WORDS % ".5" if column.words else "c" for column in table.columns)
    spans, rules = _spans(table)
    return latex(
        "output/tables/templates/table.tex",
        needs=", ".join((*typography(table.language).packages, *_PACKAGES)),
        title=table.title,
        label=Tex(label),
        note=table.footnote,
        spec=Tex(spec),
        long=_long(table),
        size=Tex(_size(table)),
        spans=spans,
        rules=rules,
        heads=_physical([table.stub, *(column.label for column in table.columns)]),
        width=len(table.columns) + 1,
        # A stamp is broken into lines as wide as the table, so that it does not widen it.
        stamp_width=Tex(r".9\linewidth" if worded else f"{_wide(table):.0f}em"),
        stamps=table.stamps,
        items=_items(table),
    )


def _document(tables: Iterable[Table]) -> str:
    """Render a document with some tables, for xelatex."""
    listed = list(tables)
    return latex(
        "output/tables/templates/document.tex",
        document=typography(leading(table.language for table in listed)).document,
        packages=_PACKAGES,
        tables=[(Tex(_rendered(table)), _long(table)) for table in listed],
    )


def _write(tables: Iterable[Table], path: Path) -> None:
    write_text(path, _document(tables))


@table_format("tex", file="tables.tex", place=40, write=_write)
def to_latex(
    self: Table, path: str | Path | None = None, *, label: str = "", standalone: bool = False
) -> str:
    r"""Render as LaTeX, for the packages booktabs, threeparttable, array and, in Chinese, ctex.

    Parameters
    ----------
    path : str or Path, optional
        A file to write as well.
    label : str, optional
        For ``\ref``.
    standalone : bool, default False
        A whole document, for xelatex.
    """
    text = _document([self]) if standalone else _rendered(self, label)
    if path is not None:
        write_text(path, text)
    return text


def _long(table: Table) -> bool:
    return any(column.words for column in table.columns) or len(table.rows) > _LONG


def _spans(table: Table) -> tuple[list[tuple[str, int]], list[tuple[int, int]]]:
    """Return the groups of columns with their sizes, and the columns with a rule below."""
    groups = [column.group for column in table.columns]
    if not any(groups):
        return [], []
    spans = [(group, len(list(columns))) for group, columns in groupby(groups)]
    rules, first = [], 2
    for group, size in spans:
        rules += [(first, first + size - 1)] if group else []
        first += size
    return spans, rules


def _items(table: Table) -> list[dict[str, object]]:
    """Rows with the lines that they take; those beneath a heading are indented."""
    items: list[dict[str, object]] = []
    indent = ""
    for row in table.rows:
        if row.heading or row.rule:  # a line ends what stands beneath a heading
            indent = r"\quad " if row.heading else ""
        lines = [] if row.heading else _row(row, indent)
        items.append({"rule": row.rule, "heading": row.heading, "label": row.label, "lines": lines})
    return items


def _row(row: Row, indent: str) -> list[list[Tex]]:
    lines = _physical([row.label, *(cell.text for cell in row.cells)], indent)
    for k, cell in enumerate(row.cells):
        if cell.tone == "bad" and "\n" not in cell.text:
            lines[0][k + 1] = Tex(rf"\textbf{{{lines[0][k + 1]}}}")
    return lines


def _physical(cells: list[str], indent: str = "") -> list[list[Tex]]:
    """Rows of the tabular that a row of cells with line breaks takes."""
    split = [cell.split("\n") for cell in cells]
    rows = [
        [_breakable(lines[k]) if k < len(lines) else Tex() for lines in split]
        for k in range(max(map(len, split)))
    ]
    rows[0][0] = Tex(indent + rows[0][0])
    return rows


def _breakable(text: str) -> Tex:
    """Let a word that is longer than a column be broken."""
    half = _UNBROKEN // 2
    pieces = [
        r"\allowbreak{}".join(escaped(word[k : k + half]) for k in range(0, len(word), half))
        if len(word) > _UNBROKEN and size_of(word) == len(word)
        else escaped(word)
        for word in text.split(" ")
    ]
    return Tex(" ".join(pieces))


def _size(table: Table) -> str:
    """Smaller letters for a table that would not fit a page of an article."""
    if any(column.words for column in table.columns) or _wide(table) <= _PAGE:
        return ""
    over = _wide(table) / _PAGE
    return r"\small" if over <= 1.1 else r"\footnotesize" if over <= 1.3 else r"\scriptsize"


def _wide(table: Table) -> float:
    """Width of the columns together, in em."""
    columns = [[table.stub, *(row.label for row in table.rows if not row.heading)]]
    columns += [
        [column.label, *(row.cells[k].text for row in table.rows if not row.heading)]
        for k, column in enumerate(table.columns)
    ]
    widths = [
        max(size_of(line) for text in texts for line in text.split("\n")) for texts in columns
    ]
    return 0.45 * sum(widths) + 0.9 * len(table.columns)
