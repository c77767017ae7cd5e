"""Terms that extend a design, one a file, such as differential trends and latent factors.

`model.designs` and all higher packages may import it.
"""

from bayes_nqp._core.lazy import discovered

globals().update(discovered(__name__))
