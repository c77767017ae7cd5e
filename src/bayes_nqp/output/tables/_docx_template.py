"""Template of Word documents: A4, with the library's fonts and properties."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bayes_nqp._core.i18n import typography
from bayes_nqp._core.texts import shortened
from bayes_nqp.output.tables._fields import add_field
from bayes_nqp.output.tables._word_format import docx_module, set_fonts

LONGEST_PROPERTY = 255
"""Characters that a property of a file holds."""
_A4, _SIDE, _END = (21.0, 29.7), 2.3, 2.0
"""Size of the page, and its margins at the sides and at both ends, in cm."""


def opened_docx(title: str, language: str, author: str = "", day: datetime | None = None) -> Any:
    """Open an empty document of python-docx.

    Parameters
    ----------
    day : datetime, optional
        Date of creation in the properties of the document.

    Raises
    ------
    StudyError
        If python-docx is not installed.
    """
    from docx.shared import Cm

    word = docx_module().Document()
    page = word.sections[0]
    page.page_width, page.page_height = map(Cm, _A4)
    page.left_margin = page.right_margin = Cm(_SIDE)
    page.top_margin = page.bottom_margin = Cm(_END)
    set_fonts(word.styles["Normal"])
    properties = word.core_properties
    properties.title, properties.author = (
        shortened(title, LONGEST_PROPERTY),
        shortened(author, LONGEST_PROPERTY),
    )
    properties.last_modified_by, properties.comments, properties.language = (
        properties.author,
        "",
        typography(language).tag,
    )
    if day is not None:
        properties.created = properties.modified = day
    _unpictured(word)
    return word


def _unpictured(word: Any) -> None:
    """Remove the thumbnail of another document from the template."""
    related = word.part.package.rels
    for key in [key for key, x in related.items() if x.reltype.endswith("/thumbnail")]:
        del related[key]


def headed(page: Any, title: str) -> None:
    """Put a title above every page of a section, and the page's number below."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt, RGBColor

    above, below = page.header.paragraphs[0], page.footer.paragraphs[0]
    run = above.add_run(shortened(title, 80))
    run.font.size, run.font.color.rgb = Pt(9), RGBColor.from_string("57606A")
    below.alignment = WD_ALIGN_PARAGRAPH.CENTER
    add_field(below, "PAGE", "1")
