"""Rendering of Jinja templates, and escaping of text for LaTeX."""

from __future__ import annotations

import re
from functools import cache
from itertools import chain, zip_longest
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup


class Tex(str):
    """LaTeX code that is not escaped."""

    __slots__ = ()


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
"""Brackets too: at the start of a row they would be an option of the line break before it."""
_RAISED = re.compile("([⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)")
_LOWERED = str.maketrans("⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "+-0123456789")


def escaped(text: str) -> Tex:
    """Escape text for LaTeX."""
    pieces = _RAISED.split(text)
    plain = ("".join(_SPECIAL.get(c, c) for c in piece) for piece in pieces[::2])
    raised = (f"$^{{{piece.translate(_LOWERED)}}}$" for piece in pieces[1::2])
    return Tex("".join(chain.from_iterable(zip_longest(plain, raised, fillvalue=""))))


def html(template: str, /, **values: object) -> Markup:
    """Render an HTML template; values that are not markup are escaped.

    Parameters
    ----------
    template : str
        Path in the package: "output/tables/templates/table.html".
    **values
        Variables of the template.
    """
    from markupsafe import Markup

    return Markup(_of_html().get_template(template).render(values))


def latex(template: str, /, **values: object) -> Tex:
    r"""Render a LaTeX template, with ``<% %>`` and ``<< >>``; values except `Tex` are escaped.

    Parameters
    ----------
    template : str
        Path in the package: "output/tables/templates/table.tex".
    **values
        Variables of the template.
    """
    return Tex(_of_latex().get_template(template).render(values))


def _environment(**options: Any) -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("bayes_nqp", "."),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        **options,
    )


@cache
def _of_html() -> Environment:
    environment = _environment(autoescape=True)
    environment.filters["lines"] = _lines
    return environment


@cache
def _of_latex() -> Environment:
    environment = _environment(
        finalize=_finalized,
        block_start_string="<%", block_end_string="%>",
        variable_start_string="<<", variable_end_string=">>",
        comment_start_string="<#", comment_end_string="#>",
    )  # fmt: skip
    environment.filters["tex"] = Tex
    return environment


def _finalized(value: object) -> str:
    return str(value) if isinstance(value, Tex) else escaped(str(value))


def _lines(text: str) -> Markup:
    """Break lines where the text breaks them."""
    from markupsafe import Markup, escape

    return Markup("<br>").join(escape(line) for line in text.split("\n"))
