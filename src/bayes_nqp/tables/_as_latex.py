r"""A table in LaTeX, by booktabs and threeparttable."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import chain, groupby, zip_longest

from bayes_nqp.tables._model import Row, Table
from bayes_nqp.tables._widths import size_of
from bayes_nqp.tables._words import words

__all__ = ["as_document", "as_latex", "escaped"]

_PAGE = 42.0
"""Width of a page's text in an article, in em."""
_PACKAGES = ("booktabs", "threeparttable", "array", "longtable")
_LONG = 45
"""Lines of numbers that a page holds; a table of more, or of sentences, goes on over pages."""
_UNBROKEN = 30
"""Characters of a word, such as a checksum, that may stand in one line."""
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
    "[": "{[}",
    "]": "{]}",
    "–": "--",
    "\u00a0": "~",
}
_RAISED = re.compile("([⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)")
_LOWERED = str.maketrans("⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "+-0123456789")
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
    pieces = _RAISED.split(text)
    plain = ("".join(_SPECIAL.get(c, c) for c in piece) for piece in pieces[::2])
    raised = (f"$^{{{one.translate(_LOWERED)}}}$" for one in pieces[1::2])
    return "".join(chain.from_iterable(zip_longest(plain, raised, fillvalue="")))


def as_latex(table: Table, label: str = "") -> str:
    """Render a floating table, or one that goes on over pages where one page cannot hold it.

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
    note = escaped(words(table.language)["notes"] + table.note) if table.notes else ""
    title = escaped(table.title) + (rf"\label{{{label}}}" if label else "")
    needs = "ctex (xelatex), " if table.language == "zh" else ""
    needed = f"% needs {needs}{', '.join(_PACKAGES)}"
    if _long(table):
        return "\n".join([needed, *_longtable(table, spec, title, note), ""])
    lines = [
        needed,
        r"\begin{table}[!htbp]",
        r"\centering",
        *_small(table),
        r"\begin{threeparttable}",
        rf"\caption{{{title}}}",
        rf"\begin{{tabular}}{{{spec}@{{}}}}",
        r"\toprule",
        *_head(table),
        r"\midrule",
        *_body(table),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    if note:
        lines += [
            r"\begin{tablenotes}[flushleft]",
            r"\footnotesize",
            rf"\item[] {note}",
            r"\end{tablenotes}",
        ]
    return "\n".join([*lines, r"\end{threeparttable}", r"\end{table}", ""])


def _long(table: Table) -> bool:
    return any(column.words for column in table.columns) or len(table.rows) > _LONG


def _longtable(table: Table, spec: str, title: str, note: str) -> list[str]:
    head = [r"\toprule", *_head(table), r"\midrule"]
    lines = [
        r"\begingroup",
        *_small(table),
        rf"\begin{{longtable}}{{{spec}@{{}}}}",
        rf"\caption{{{title}}}\\",
        *head,
        r"\endfirsthead",
        *head,
        r"\endhead",
        r"\bottomrule",
        r"\endfoot",
        *_body(table),
        r"\end{longtable}",
        r"\endgroup",
    ]
    if note:
        lines += [r"\vspace{-\bigskipamount}", rf"{{\footnotesize\noindent {note}\par}}"]
    return lines


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
    # Floats before a table that does not float are printed before it.
    body = "\n".join((r"\clearpage" + "\n") * _long(one) + as_latex(one) for one in listed)
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
        parts = [_breakable(one[k]) if k < len(one) else "" for one in split]
        if k == 0:
            parts[0] = indent + parts[0]
        rows.append(" & ".join(parts) + r" \\")
    return rows


def _breakable(text: str) -> str:
    """Let a word that is longer than a column be broken."""
    return " ".join(
        r"\allowbreak{}".join(
            escaped(word[k : k + _UNBROKEN // 2]) for k in range(0, len(word), _UNBROKEN // 2)
        )
        if len(word) > _UNBROKEN and size_of(word) == len(word)
        else escaped(word)
        for word in text.split(" ")
    )


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
