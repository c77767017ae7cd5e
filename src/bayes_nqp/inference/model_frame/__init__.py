"""Planning: the model of a panel becomes cells, coefficients and Gaussian problems."""

from bayes_nqp._core.lazy import attached

__getattr__, __dir__, _ = attached(__name__, __file__)

__all__ = ["identification", "model_frame_of"]
