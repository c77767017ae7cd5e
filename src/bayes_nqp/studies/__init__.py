"""Studies: a .toml file that says everything, and running it."""

from bayes_nqp._core.lazy import attached

__getattr__, __dir__, __all__ = attached(__name__, __file__)
