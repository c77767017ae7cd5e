"""Priors of a design, and families of priors for scales and unit-level effects, one a file.

`model.predictors`, `model.designs` and all higher packages may import it.
"""

from bayes_nqp._core.lazy import discovered

globals().update(discovered(__name__))
