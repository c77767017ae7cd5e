"""The model of single observations as a PyMC model, and draws of its observations.

`inference.fitting` and all higher packages may import it.
"""

from bayes_nqp.inference.pymc_model._build import equation_model, to_pymc
from bayes_nqp.inference.pymc_model._names import Variables
from bayes_nqp.inference.pymc_model._path_draws import path_draws
from bayes_nqp.inference.pymc_model._row_draws import chunks, errors_of, padded, row_slopes

__all__ = [
    "Variables",
    "chunks",
    "equation_model",
    "errors_of",
    "padded",
    "path_draws",
    "row_slopes",
    "to_pymc",
]
