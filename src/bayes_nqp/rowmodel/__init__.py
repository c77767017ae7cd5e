"""The model row by row: draws of its rows, and the PyMC model."""

from bayes_nqp.rowmodel._build import build, equation_model
from bayes_nqp.rowmodel._names import Variables
from bayes_nqp.rowmodel._path_draws import path_draws
from bayes_nqp.rowmodel._row_draws import chunks, errors_of, padded, row_slopes

__all__ = [
    "Variables",
    "build",
    "chunks",
    "equation_model",
    "errors_of",
    "padded",
    "path_draws",
    "row_slopes",
]
