"""The model frame: cells, coefficients and one Gaussian problem for each equation.

It is built from a design and a panel. `inference.pymc_model`, `inference.fitting` and all higher
packages may import it.
"""

from bayes_nqp._core.lazy import attached

__getattr__, __dir__, _ = attached(__name__, __file__)

__all__ = ["identification", "model_frame_of"]
