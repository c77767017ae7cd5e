"""Exhibits that referees expect, a theme a file, and the checklist of a fit.

`output.reports` and all higher packages may import it.
"""

from bayes_nqp.output.exhibits._referee import checklist as checklist
from bayes_nqp.output.exhibits._referee import referee
from bayes_nqp.output.exhibits._registry import EXHIBITS as EXHIBITS
from bayes_nqp.output.exhibits._registry import THEMES as THEMES
from bayes_nqp.output.exhibits._registry import Exhibit as Exhibit
from bayes_nqp.output.exhibits._registry import calls_of as calls_of
from bayes_nqp.output.exhibits._registry import exhibit as exhibit

__all__ = ["referee"]
