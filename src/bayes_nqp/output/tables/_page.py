"""A table in HTML: one self-contained element with inline styles."""

from __future__ import annotations

from collections.abc import Collection
from itertools import groupby

from bayes_nqp._core.i18n import typography
from bayes_nqp._core.io import guarded
from bayes_nqp._core.templates import html
from bayes_nqp._core.texts import size_of
from bayes_nqp.output.tables._model import Table
from bayes_nqp.output.tables._widths import slanted

_SHORT = 26
"""Characters that a label may have to be kept on one line."""


def as_html(table: Table, anchors: Collection[str] = ()) -> str:
    """Render a table, scrollable if too wide, with its notes below.

    Parameters
    ----------
    anchors : collection of str, default ()
        Anchors of the page; cells link to these only.
    """
    groups = [column.group for column in table.columns]
    spans = [(group, len(list(columns))) for group, columns in groupby(groups)]
    return html(
        "output/tables/templates/table.html",
        table=table,
        anchors=anchors,
        tongue=typography(table.language).tag,
        note=table.footnote,
        spans=spans if any(groups) else [],
        short=lambda text: size_of(text) <= _SHORT,
        formula=lambda text: guarded(text) != text,
        slanted=slanted,
    )


def as_page(table: Table) -> str:
    """Render a table as a complete page."""
    setting = typography(table.language)
    return html(
        "output/tables/templates/page.html",
        tongue=setting.tag,
        fonts=setting.fonts,
        title=table.title,
        tables=[as_html(table)],
    )
