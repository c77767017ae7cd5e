"""Distributions of observations around a linear predictor, one a file.

`model.predictors`, `model.designs` and all higher packages may import it.
"""

from bayes_nqp._core.lazy import discovered

globals().update(discovered(__name__))
