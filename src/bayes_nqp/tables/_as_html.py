"""A table in HTML: one element, styled where it stands, with nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from bayes_nqp.files import guarded
from bayes_nqp.markup import html
from bayes_nqp.tables._model import Table
from bayes_nqp.tables._widths import size_of, slanted
from bayes_nqp.tables._words import words

__all__ = ["TONGUES", "as_html", "as_page"]

_SHORT = 26
"""Characters that a label may have to be kept on one line."""
TONGUES = {"en": "en", "zh": "zh-CN"}
_FONTS = {
    "en": '"Times New Roman",Georgia,serif',
    "zh": '"Times New Roman","Noto Serif CJK SC","Songti SC",SimSun,serif',
}


def as_html(table: Table) -> str:
    """Render a table that scrolls by itself where it is too wide, and its notes below.

    Parameters
    ----------
    table : Table

    Returns
    -------
    str
    """
    groups = [column.group for column in table.columns]
    spans = [(group, len(list(columns))) for group, columns in groupby(groups)]
    return html(
        "tables/templates/table.html",
        table=table,
        tongue=TONGUES[table.language],
        note=words(table.language)["notes"] + table.note if table.notes else "",
        spans=spans if any(groups) else [],
        short=lambda text: size_of(text) <= _SHORT,
        formula=lambda text: guarded(text) != text,
        slanted=slanted,
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
    language = "zh" if any(table.language == "zh" for table in listed) else "en"
    return html(
        "tables/templates/page.html",
        tongue=TONGUES[language],
        fonts=_FONTS[language],
        title=listed[0].title if listed else "",
        tables=[as_html(table) for table in listed],
    )
