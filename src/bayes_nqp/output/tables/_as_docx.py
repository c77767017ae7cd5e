"""Tables as a Word document."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bayes_nqp._core.i18n import ENGLISH
from bayes_nqp._core.io import write
from bayes_nqp._core.validation import door
from bayes_nqp.output.tables._docx_template import LONGEST_PROPERTY, opened_docx
from bayes_nqp.output.tables._formats import table_format
from bayes_nqp.output.tables._model import Table
from bayes_nqp.output.tables._widths import fits
from bayes_nqp.output.tables._word import add_docx
from bayes_nqp.output.tables._word_format import page_room

_LONGEST = {"property": LONGEST_PROPERTY}


@door
def write_docx(tables: Iterable[Table], path: str | Path) -> Path:
    """Write tables into one Word document.

    Parameters
    ----------
    path : str or Path
        An existing file is replaced.

    Raises
    ------
    StudyError
        If python-docx is not installed.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> from tempfile import mkdtemp
    >>> folder = mkdtemp()
    >>> panel = nqp.datasets.castle_doctrine()
    >>> fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=1), progress=False)
    >>> nqp.write_docx([nqp.table(fit), nqp.table(panel)], f"{folder}/tables.docx").name
    'tables.docx'
    """
    listed = list(tables)
    title, language = (listed[0].title, listed[0].language) if listed else ("", ENGLISH)
    document = opened_docx(title, language)
    section = document.sections[0]
    if any(not fits(table, page_room(section)) for table in listed):
        section.orientation = 1
        section.page_width, section.page_height = section.page_height, section.page_width
    for table in listed:
        add_docx(document, table)
    return write(path, document.save)


@table_format("word", write=write_docx, longest=_LONGEST)
def to_docx(self: Table, path: str | Path) -> Path:
    """Write a Word document with the table, editable, and its notes.

    Parameters
    ----------
    path : str or Path
        An existing file is replaced.

    Raises
    ------
    StudyError
        If python-docx is not installed.
    """
    return write_docx([self], path)
