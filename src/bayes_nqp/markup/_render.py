"""Templates of all rooms, and what fills them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from bayes_nqp.markup._tex import Tex, escaped

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup


def html(template: str, /, **values: object) -> Markup:
    """Fill a template of HTML; what is no markup is escaped.

    Parameters
    ----------
    template : str
        Path in the package: "tables/templates/table.html".
    **values
        What the template names.
    """
    from markupsafe import Markup

    return Markup(_of_html().get_template(template).render(values))


def latex(template: str, /, **values: object) -> Tex:
    r"""Fill a template of LaTeX, with ``<% %>`` and ``<< >>``; what is no `Tex` is escaped.

    Parameters
    ----------
    template : str
        Path in the package: "tables/templates/table.tex".
    **values
        What the template names.
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
    """Break lines where the text has them."""
    from markupsafe import Markup, escape

    return Markup("<br>").join(escape(line) for line in text.split("\n"))
