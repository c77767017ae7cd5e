"""Pooling of effects across groups, one kind a file: complete, partial or none.

`model.predictors`, `model.designs` and all higher packages may import it.
"""

from bayes_nqp._core.lazy import discovered

globals().update(discovered(__name__))
