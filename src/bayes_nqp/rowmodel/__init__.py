"""The model row by row: where each row finds its coefficients, its draws, and the PyMC model."""

from bayes_nqp.rowmodel._build import build, equation_model
from bayes_nqp.rowmodel._layout import RowLayout, cell_slopes, node_names, row_layout
from bayes_nqp.rowmodel._names import SLOPE_NAMES, Names
from bayes_nqp.rowmodel._path_draws import path_draws
from bayes_nqp.rowmodel._row_draws import (
    chunks,
    errors_of,
    padded,
    row_slopes,
)

__all__ = [
    "SLOPE_NAMES",
    "Names",
    "RowLayout",
    "build",
    "cell_slopes",
    "chunks",
    "equation_model",
    "errors_of",
    "node_names",
    "padded",
    "path_draws",
    "row_layout",
    "row_slopes",
]
