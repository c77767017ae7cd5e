"""The panel: who, when, treated since when, and the outcome; validated once, frozen after."""

from bayes_nqp._core.lazy import attached

__getattr__, __dir__, _ = attached(__name__, __file__)

__all__ = ["Panel", "Roles"]
