"""Matching of treated with never-treated units, and weights that balance covariates.

`data.simulation` and all higher packages may import it.
"""

from bayes_nqp._core.lazy import attached

__getattr__, __dir__, _ = attached(__name__, __file__)

__all__ = ["Matched", "match"]
