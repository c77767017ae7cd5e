"""The report as one self-contained HTML file."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from pathlib import Path

from PIL import Image

from bayes_nqp._core.i18n import typography
from bayes_nqp._core.io import write_text
from bayes_nqp._core.templates import html
from bayes_nqp.output.reports._content import (
    Block,
    DisplayedEquation,
    Document,
    NumberedTable,
    Picture,
)
from bayes_nqp.output.reports._registry import report_format
from bayes_nqp.output.tables import as_html, words

_SCREEN = 120 / 300
"""Pixels of a screen to one of a picture: 120 to an inch."""


@report_format("html", place=10)
def _write(document: Document, folder: Path) -> Path:
    """Write a report as an HTML page with embedded pictures."""
    return write_text(folder / "report.html", as_html_page(document))


def as_html_page(document: Document) -> str:
    """Render a report as an HTML page."""
    translate = words(document.language)

    def caption(block: Picture) -> str:
        return str(translate("Figure {}. ", block.number) + block.caption)

    def table(block: NumberedTable) -> str:
        title = translate("Table {}. ", block.number) + block.table.title
        return as_html(block.titled(title), document.anchors)

    return html(
        "output/reports/templates/report.html",
        document=document,
        tongue=typography(document.language).tag,
        main=_kinds(document.main),
        appendix=_kinds(document.appendix),
        contents=translate("Contents"),
        anchor=_anchor,
        anchors=document.anchors,
        caption=caption,
        runs=DisplayedEquation.runs,
        data=lambda path: base64.b64encode(path.read_bytes()).decode("ascii"),
        wide=_wide,
        table=table,
    )


def _kinds(blocks: Iterable[Block]) -> list[tuple[str, Block]]:
    return [(type(block).__name__, block) for block in blocks]


def _wide(picture: Path) -> int:
    """Return the width of a picture in pixels that gives equal text sizes in all pictures."""
    with Image.open(picture) as opened:
        return round(_SCREEN * opened.width)


def _anchor(text: str) -> str:
    return re.sub(r"\W+", "-", text.lower()).strip("-")
