"""Direct and spillover effects of cells, draw by draw."""

from __future__ import annotations

import numpy as np

from bayes_nqp._core.arrays import Array
from bayes_nqp.inference.model_frame import Equation, ModelFrame
from bayes_nqp.model.predictors import EXPOSURE_TIME, NEIGHBOUR, RECEIVED, TREATED
from bayes_nqp.numerics.linear_gaussian import Coefficients


def own_and_received(
    model_frame: ModelFrame, equation: Equation, draws: Coefficients, effect: Array
) -> Array | None:
    """Decompose effects of cells into direct and spillover effects.

    Parameters
    ----------
    draws : Coefficients
        Draws of the equation's coefficients, in multiples of ``s``.
    effect : ndarray (draw, cell), outcome units
        Effects of cells, deviations included.

    Returns
    -------
    ndarray (draw, path, cell), outcome units, or None
        Total, direct and spillover effects, which add up. None if the model has no spillovers on
        treated cells, so that there is nothing to decompose.
    """
    none = np.full(model_frame.table.size, -1)
    exposed = model_frame.table.labels.get(EXPOSURE_TIME, none).astype(np.int64) >= 0
    if not (exposed & (model_frame.table.role == TREATED)).any():
        return None
    # C theta of the global coefficients of spillovers on cells; direct = effect - received.
    sizes = [part.columns.shape[1] for part in equation.globals]
    ends = np.cumsum(sizes)
    parts = [
        (part.columns, range(end - size, end))
        for part, size, end in zip(equation.globals, sizes, ends, strict=True)
        if part.place == "cells" and part.name.startswith(RECEIVED)
    ]
    columns = np.concatenate([columns for columns, _ in parts], axis=1) * equation.scale
    which = np.concatenate([np.array(places) for _, places in parts])
    out = np.empty((len(effect), 3, effect.shape[1]))
    out[:, 0] = effect
    np.matmul(draws.shared[:, which], columns.T, out=out[:, 2])
    np.copyto(out[:, 2], effect, where=model_frame.table.role == NEIGHBOUR)
    np.subtract(effect, out[:, 2], out=out[:, 1])
    return out
