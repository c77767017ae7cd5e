"""Error structures of a unit's observations, one a file.

`model.predictors`, `model.designs` and all higher packages may import it.
"""

from bayes_nqp._core.lazy import discovered

globals().update(discovered(__name__))
