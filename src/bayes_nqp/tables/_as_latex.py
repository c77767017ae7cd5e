r"""A table in LaTeX, by booktabs and threeparttable."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from bayes_nqp.tables._model import Row, Table
from bayes_nqp.tables._widths import size_of
from bayes_nqp.tables._words import words

__all__ = ["as_document", "as_latex", "escaped"]

_PAGE = 42.0
"""Width of a page's text in an article, in em."""
_PACKAGES = ("booktabs", "threeparttable", "array")
_SPECIAL = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"$<$",
    ">": r"$>$",
    "−": r"$-$",
    "×": r"$\times$",
    "±": r"$\pm$",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    "ρ": r"$\rho$",
    "σ": r"$\sigma$",
    "τ": r"$\tau$",
    "α": r"$\alpha$",
    "β": r"$\beta$",
    "λ": r"$\lambda$",
    "μ": r"$\mu$",
    "θ": r"$\theta$",
    "²": r"$^2$",
    "[": "{[}",
    "]": "{]}",
    "–": "--",
    "\u00a0": "~",
}
"""A bracket at the start of a row would be read as an option of the line break before it."""


def escaped(text: str) -> str:
    """Write a text so that LaTeX prints it as it is.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
    """
    return "".join(_SPECIAL.get(character, character) for character in text)


def as_latex(table: Table, label: str = "") -> str:
    """Render a floating table.

    Parameters
    ----------
    table : Table
    label : str, optional

    Returns
    -------
    str
    """
    spec = "@{}l" + "".join(
        r">{\raggedright\arraybackslash}p{.5\linewidth}" if column.words else "c"
        for column in table.columns
    )
    if any(column.words for column in table.columns):
        spec = spec.replace("@{}l", r"@{}>{\raggedright\arraybackslash}p{.32\linewidth}", 1)
    needs = "ctex (xelatex), " if table.language == "zh" else ""
    lines = [
        f"% needs {needs}{', '.join(_PACKAGES)}",
        r"\begin{table}[!htbp]",
        r"\centering",
        *_small(table),
        r"\begin{threeparttable}",
        rf"\caption{{{escaped(table.title)}}}",
        *([rf"\label{{{label}}}"] if label else []),
        rf"\begin{{tabular}}{{{spec}@{{}}}}",
        r"\toprule",
        *_head(table),
        r"\midrule",
        *_body(table),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    if table.notes:
        note = escaped(words(table.language)["notes"] + table.note)
        lines += [
            r"\begin{tablenotes}[flushleft]",
            r"\footnotesize",
            rf"\item[] {note}",
            r"\end{tablenotes}",
        ]
    return "\n".join([*lines, r"\end{threeparttable}", r"\end{table}", ""])


def as_document(tables: Iterable[Table]) -> str:
    """Render a document with some tables, for xelatex.

    Parameters
    ----------
    tables : iterable of Table

    Returns
    -------
    str
    """
    listed = list(tables)
    zh = any(table.language == "zh" for table in listed)
    head = [r"\documentclass{ctexart}" if zh else r"\documentclass{article}"]
    head += [r"\usepackage[margin=2.2cm]{geometry}"]
    head += [rf"\usepackage{{{package}}}" for package in _PACKAGES]
    body = "\n".join(as_latex(table) for table in listed)
    return "\n".join([*head, r"\begin{document}", body, r"\end{document}", ""])


def _head(table: Table) -> list[str]:
    lines = []
    if any(column.group for column in table.columns):
        cells, rules, at = [""], [], 2
        for group, columns in groupby(table.columns, key=lambda column: column.group):
            size = len(list(columns))
            cells.append(rf"\multicolumn{{{size}}}{{c}}{{{escaped(group)}}}")
            rules += [rf"\cmidrule(lr){{{at}-{at + size - 1}}}"] if group else []
            at += size
        lines += [" & ".join(cells) + r" \\", "".join(rules)]
    return [*lines, *_physical([table.stub, *(column.label for column in table.columns)])]


def _physical(cells: list[str], indent: str = "") -> list[str]:
    """Rows of the tabular that a row of cells with line breaks takes."""
    split = [cell.split("\n") for cell in cells]
    height = max(map(len, split))
    rows = []
    for k in range(height):
        parts = [escaped(one[k]) if k < len(one) else "" for one in split]
        if k == 0:
            parts[0] = indent + parts[0]
        rows.append(" & ".join(parts) + r" \\")
    return rows


def _body(table: Table) -> list[str]:
    width = len(table.columns) + 1
    # A stamp is broken into lines as wide as the table, so that it does not widen it.
    wide = ".9\\linewidth" if any(c.words for c in table.columns) else f"{_wide(table):.0f}em"
    lines = [
        rf"\multicolumn{{{width}}}{{@{{}}p{{{wide}}}@{{}}}}"
        rf"{{\raggedright\bfseries {escaped(stamp)}}} \\"
        for stamp in table.stamps
    ]
    beneath = False
    for row in table.rows:
        lines += [r"\addlinespace[2pt]\midrule"] if row.rule else []
        if row.heading:
            beneath = True
            lines.append(rf"\multicolumn{{{width}}}{{@{{}}l}}{{\itshape {escaped(row.label)}}} \\")
        else:
            lines += _row(row, r"\quad " if beneath else "")
    return lines


def _small(table: Table) -> list[str]:
    """Smaller letters for a table that would not fit a page of an article."""
    if any(column.words for column in table.columns) or _wide(table) <= _PAGE:
        return []
    over = _wide(table) / _PAGE
    size = r"\small" if over <= 1.1 else r"\footnotesize" if over <= 1.3 else r"\scriptsize"
    return [size, r"\setlength{\tabcolsep}{3pt}"]


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


def _row(row: Row, indent: str) -> list[str]:
    lines = _physical([row.label, *(cell.text for cell in row.cells)], indent)
    for k, cell in enumerate(row.cells):
        if cell.tone == "bad" and "\n" not in cell.text:
            parts = lines[0].removesuffix(r" \\").split(" & ")
            parts[k + 1] = rf"\textbf{{{parts[k + 1]}}}"
            lines[0] = " & ".join(parts) + r" \\"
    return lines
