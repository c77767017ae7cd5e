"""A table in HTML: one element, styled where it stands, with nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from itertools import groupby

from bayes_nqp.files import guarded
from bayes_nqp.tables._model import Cell, Column, Table
from bayes_nqp.tables._widths import size_of, slanted
from bayes_nqp.tables._words import words

__all__ = ["POLICY", "as_html", "as_page"]

POLICY = (
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
    "style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'\">"
)
"""What a page may load: its own styles and the pictures inside it; no script, nothing from
elsewhere."""

_HEAVY, _LIGHT, _THIN = (f"{width} solid currentColor" for width in ("1.5pt", ".75pt", ".5pt"))
_TABLE = (
    "border-collapse:collapse;margin:0;font-size:.92em;line-height:1.35;"
    f"border-top:{_HEAVY};border-bottom:{_HEAVY};font-variant-numeric:tabular-nums"
)
# No width of its own, so that title and notes are as wide as the table and not the reverse.
_OWN = "width:0;min-width:100%"
_PAD = "padding:.22em .8em"
_TONES = {
    "": "",
    "good": "color:#1a7f37",
    "doubt": "color:#9a6700",
    "bad": "color:#b42318;font-weight:600",
    "faint": "opacity:.65",
}
_SHORT = 26
"""Characters that a label may have to be kept on one line."""
_BAD = "color:#b42318;font-weight:600"


def as_html(table: Table) -> str:
    """Render a table that scrolls by itself where it is too wide, and its notes below.

    Parameters
    ----------
    table : Table

    Returns
    -------
    str
    """
    width = len(table.columns) + 1
    language = "zh-CN" if table.language == "zh" else "en"
    note = ""
    if table.notes:
        said = escape(words(table.language)["notes"] + table.note)
        note = f'<p style="{_OWN};margin:.3em 0 0;font-size:.82em;line-height:1.4">{said}</p>'
    return "\n".join(
        (
            f'<div lang="{language}" style="display:inline-block;max-width:100%;margin:.6em 0">',
            f'<p style="{_OWN};margin:0 0 .4em;font-weight:600">{escape(table.title)}</p>',
            '<div style="overflow-x:auto">',
            f'<table style="{_TABLE}" aria-label="{escape(table.title)}">',
            f"<thead>{_head(table)}</thead>",
            f"<tbody>{_body(table, width)}</tbody>",
            f"</table></div>{note}</div>",
        )
    )


def as_page(tables: Iterable[Table]) -> str:
    """Render tables as a page of their own.

    Parameters
    ----------
    tables : iterable of Table

    Returns
    -------
    str
    """
    listed = list(tables)
    zh = any(table.language == "zh" for table in listed)
    fonts = (
        '"Times New Roman","Noto Serif CJK SC","Songti SC",SimSun,serif'
        if zh
        else '"Times New Roman",Georgia,serif'
    )
    title = escape(listed[0].title if listed else "")
    body = "\n".join(f"<div>{as_html(table)}</div>" for table in listed)
    return (
        f'<!DOCTYPE html>\n<html lang="{"zh-CN" if zh else "en"}"><head><meta charset="utf-8">'
        f'{POLICY}<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>:root{{color-scheme:light dark}}"
        f"body{{font-family:{fonts};margin:1.5em auto;padding:0 1em;max-width:62em}}</style>"
        f"</head><body>\n{body}\n</body></html>\n"
    )


def _head(table: Table) -> str:
    spanned = any(column.group for column in table.columns)
    rows = []
    if spanned:
        cells = ["<td></td>"]
        for group, columns in groupby(table.columns, key=lambda column: column.group):
            size = len(list(columns))
            line = f"border-bottom:{_THIN}" if group else ""
            cells.append(
                f'<th colspan="{size}" scope="colgroup" style="{_PAD};text-align:center;'
                f'font-weight:600;{line}">{_lines(group)}</th>'
            )
        rows.append("<tr>" + "".join(cells) + "</tr>")
    cells = [
        f'<th scope="col" style="{_PAD};padding-left:0;text-align:left;font-weight:600;'
        f'{_kept(table.stub)}border-bottom:{_LIGHT};vertical-align:bottom">{_lines(table.stub)}</th>'
    ]
    cells += [
        f'<th scope="col" style="{_PAD};text-align:{_align(column)};font-weight:600;'
        f'{_kept(column.label)}border-bottom:{_LIGHT};vertical-align:bottom">'
        f"{_lines(column.label)}</th>"
        for column in table.columns
    ]
    return "".join([*rows, "<tr>", *cells, "</tr>"])


def _kept(text: str) -> str:
    """Keep a short text on its line, and a long one from a word a line."""
    return "white-space:nowrap;" if size_of(text) <= _SHORT else "min-width:11em;"


def _slant(text: str) -> str:
    return "font-style:italic" if slanted(text) else ""


def _align(column: Column) -> str:
    return "left" if column.words else "center"


def _body(table: Table, width: int) -> str:
    rows = [
        f'<tr><th colspan="{width}" scope="rowgroup" style="{_PAD};padding-left:0;text-align:left;'
        f'white-space:normal;{_BAD}">{_lines(stamp)}</th></tr>'
        for stamp in table.stamps
    ]
    indented = any(row.heading for row in table.rows)
    beneath = False
    for row in table.rows:
        line = f"border-top:{_THIN};" if row.rule else ""
        if row.heading:
            beneath = True
            rows.append(
                f'<tr><th colspan="{width}" scope="rowgroup" style="{_PAD};padding-left:0;{line}'
                f'text-align:left;font-weight:normal;{_slant(row.label)}">{_lines(row.label)}</th></tr>'
            )
            continue
        left = "1.2em" if indented and beneath else "0"
        cells = [
            f'<th scope="row" style="{_PAD};padding-left:{left};{line}text-align:left;'
            f'{_kept(row.label)}{_plain(row.label)}vertical-align:top;font-weight:normal">'
            f"{_lines(row.label)}</th>"
        ]
        cells += [
            _cell(cell, column, line) for cell, column in zip(row.cells, table.columns, strict=True)
        ]
        rows.append("<tr>" + "".join(cells) + "</tr>")
    return "".join(rows)


def _cell(cell: Cell, column: Column, line: str) -> str:
    wrap = "normal;min-width:14em" if column.words else "nowrap"
    style = f"{_PAD};{line}text-align:{_align(column)};white-space:{wrap};vertical-align:top"
    style += _plain(cell.text) and f";{_plain(cell.text)}"
    tone = _TONES[cell.tone]
    return f'<td style="{style}{";" + tone if tone else ""}">{_lines(cell.text)}</td>'


def _plain(text: str) -> str:
    """Tell a spreadsheet that opens the page that a text is no formula."""
    return "" if guarded(text) == text else r"mso-number-format:'\@';"


def _lines(text: str) -> str:
    return escape(text).replace("\n", "<br>")
