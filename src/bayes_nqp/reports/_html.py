"""The report as one HTML file that needs nothing from elsewhere."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace
from html import escape
from importlib.resources import files
from pathlib import Path

import numpy as np
from PIL import Image

from bayes_nqp.files import write_text
from bayes_nqp.reports._content import (
    Alarm,
    Block,
    Bullets,
    Document,
    Heading,
    Paragraph,
    Picture,
    Tabulated,
)
from bayes_nqp.reports._words import words
from bayes_nqp.tables._as_html import POLICY, as_html

__all__ = ["write_html"]


def write_html(document: Document, path: Path) -> Path:
    """Write a report as a page, with its pictures inside.

    Parameters
    ----------
    document : Document
    path : Path

    Returns
    -------
    Path
    """
    return write_text(path, as_html_page(document))


def as_html_page(document: Document) -> str:
    """Render a report as a page.

    Parameters
    ----------
    document : Document

    Returns
    -------
    str
    """
    body = "\n".join(_block(block, document.language) for block in document.blocks)
    language = "zh-CN" if document.language == "zh" else "en"
    return (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        f'{POLICY}\n<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(document.title)}</title>\n<style>\n{_style()}</style>\n"
        f'</head>\n<body>\n<main>\n<h1>{escape(document.title)}</h1>\n<p class="subtitle">'
        f"{escape(document.subtitle)}</p>\n{_contents(document)}\n{body}\n</main>\n</body>\n</html>\n"
    )


def _style() -> str:
    return files("bayes_nqp.reports").joinpath("report.css").read_text(encoding="utf-8")


def _contents(document: Document) -> str:
    heads = [b.text for b in document.blocks if isinstance(b, Heading) and b.level == 1]
    items = "".join(f'<li><a href="#{_anchor(text)}">{escape(text)}</a></li>' for text in heads)
    label = escape(words(document.language)["contents"])
    return f'<nav aria-label="{label}"><ul>{items}</ul></nav>'


def _anchor(text: str) -> str:
    return re.sub(r"\W+", "-", text.lower()).strip("-")


def _block(block: Block, language: str) -> str:
    say = words(language)
    match block:
        case Heading(text, level):
            tag = f"h{level + 1}"
            name = f' id="{_anchor(text)}"' if level == 1 else ""
            return f"<{tag}{name}>{escape(text)}</{tag}>"
        case Paragraph(text, tone):
            return f'<p class="{tone}">{escape(text)}</p>' if tone else f"<p>{escape(text)}</p>"
        case Bullets(items):
            return f"<ul>{_items(items)}</ul>"
        case Alarm(title, items, tone):
            return (
                f'<div class="alarm {tone}" role="note"><strong>{escape(title)}</strong>'
                f"<ul>{_items(items)}</ul></div>"
            )
        case Picture():
            data = base64.b64encode(_lighter(block.png)).decode("ascii")
            caption = escape(say["figure_n"].format(block.number) + block.caption)
            return (
                f'<figure><div class="scroll"><img alt="{escape(block.caption)}" '
                f'src="data:image/png;base64,{data}"></div>'
                f"<figcaption>{caption}</figcaption></figure>"
            )
        case Tabulated(table, number):
            made = as_html(replace(table, title=say["table_n"].format(number) + table.title))
            return f'<div class="scroll">{made}</div>'


def _lighter(path: Path) -> bytes:
    """Give a picture with 256 colours: a third of the size, and no difference to the eye."""
    whole = Image.open(path).convert("RGB")
    few = whole.quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    colours, corner = list(few.getpalette() or []), int(np.asarray(few)[0, 0])
    if whole.getpixel((0, 0)) == (255, 255, 255):  # else white would be almost white
        colours[3 * corner : 3 * corner + 3] = (255, 255, 255)
        few.putpalette(colours)
    kept = io.BytesIO()
    few.save(kept, "PNG", optimize=True)
    return kept.getvalue()


def _items(items: tuple[str, ...]) -> str:
    return "".join(f"<li>{escape(item)}</li>" for item in items)
