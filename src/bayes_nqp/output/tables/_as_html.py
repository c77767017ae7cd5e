"""Tables as elements and pages of HTML."""

from __future__ import annotations

from pathlib import Path

from bayes_nqp._core.io import write_text
from bayes_nqp.output.tables._formats import table_format
from bayes_nqp.output.tables._model import Table
from bayes_nqp.output.tables._page import as_html, as_page


@table_format("page")
def to_html(self: Table, path: str | Path | None = None) -> str:
    """Render as a self-contained HTML table.

    Parameters
    ----------
    path : str or Path, optional
        File to write in addition, as a complete page.

    Returns
    -------
    str
        The ``<table>`` element.
    """
    if path is not None:
        write_text(path, as_page(self))
    return as_html(self)
