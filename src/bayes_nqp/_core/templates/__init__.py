"""Render Jinja templates for HTML and LaTeX, in which every value is escaped.

Every package may import it; the templates are in the package that renders them.
"""

from bayes_nqp._core.templates._notebook import FactSheet, facts_html, facts_text
from bayes_nqp._core.templates._render import Tex, escaped, html, latex

__all__ = ["FactSheet", "Tex", "escaped", "facts_html", "facts_text", "html", "latex"]
