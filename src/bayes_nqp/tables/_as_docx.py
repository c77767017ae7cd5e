"""Tables as a Word document."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bayes_nqp.doors import door
from bayes_nqp.files import write
from bayes_nqp.tables._formats import table_format
from bayes_nqp.tables._model import Table
from bayes_nqp.tables._widths import fits
from bayes_nqp.tables._word import POINT, add_docx, docx_module, page_room, set_fonts
from bayes_nqp.texts import shortened

_MARGIN = 64
"""At the sides of a page, points."""
_LONGEST = {"property": 255}
"""Characters that it holds."""


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
    """
    docx = docx_module()
    document = docx.Document()
    set_fonts(document.styles["Normal"])
    listed, section = list(tables), document.sections[0]
    section.left_margin = section.right_margin = _MARGIN * POINT
    if any(not fits(table, page_room(section)) for table in listed):
        section.orientation = 1
        section.page_width, section.page_height = section.page_height, section.page_width
    for table in listed:
        add_docx(document, table)
    title = listed[0].title if listed else ""
    document.core_properties.title = shortened(title, _LONGEST["property"])
    document.core_properties.author = ""
    document.core_properties.comments = ""
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
