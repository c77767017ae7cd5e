"""Slopes of covariates: flat, common to all strata."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bayes_nqp.parameters import FIXED, FLAT
from bayes_nqp.terms.parts import GlobalPart

__all__ = ["LAG", "SLOPE", "lag_parts", "slope_parts"]

LAG = "lag"
"""Name of the part whose coefficient is given, not drawn."""
SLOPE = "slope"
"""Name of the part of covariates."""


def slope_parts(
    names: Sequence[str], scales: Sequence[float], n_strata: int, n_columns: int | None = None
) -> list[GlobalPart]:
    """Parts of the linear predictor for covariates with one slope each.

    Parameters
    ----------
    names : sequence of str (column)
        Labels of the varying columns.
    scales : sequence of float (column)
        What each column was divided by, to report slopes in its own units.
    n_strata : int
        Number of strata.
    n_columns : int, optional
        All varying columns, these first; no others by default.

    Returns
    -------
    list of GlobalPart
        Empty without columns.
    """
    if not names:
        return []
    eye = np.eye(len(names) if n_columns is None else n_columns)[:, : len(names)]
    display = np.diag(1.0 / np.asarray(scales, dtype=float))
    columns = np.tile(eye, (n_strata, 1))
    return [GlobalPart(SLOPE, "slopes", columns, FLAT, list(names), display)]


def lag_parts(column: int, n_strata: int, n_columns: int) -> list[GlobalPart]:
    """The part of outcomes of other units, one varying column with the same slope in all strata.

    Parameters
    ----------
    column : int
        Which of the varying columns.
    n_strata, n_columns : int
        Numbers of strata and of varying columns.
    """
    columns = np.tile(np.eye(n_columns)[:, [column]], (n_strata, 1))
    return [GlobalPart(LAG, "slopes", columns, FIXED, [LAG], reported=False)]
