"""Study files in TOML that state a whole analysis, and the runs of these files.

`space`, `studio` and `cli` may import it.
"""

from bayes_nqp._core.lazy import attached

__getattr__, __dir__, __all__ = attached(__name__, __file__)
