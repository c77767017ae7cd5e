"""Markup: Jinja templates for HTML and LaTeX, in which every value is escaped by itself."""

from bayes_nqp.markup._notebook import facts_html, facts_text
from bayes_nqp.markup._render import html, latex
from bayes_nqp.markup._tex import Tex, escaped

__all__ = ["Tex", "escaped", "facts_html", "facts_text", "html", "latex"]
