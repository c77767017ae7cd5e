"""How much the data say about each cell's own effect, beside what it shares with others."""

from __future__ import annotations

import numpy as np

from bayes_nqp.arrays import Array
from bayes_nqp.fitting import Fit, unconstrained
from bayes_nqp.gaussian import local_variances


def cell_information(fit: Fit) -> Array:
    """Share of the prior variance of each cell's own departure that the data remove.

    Under ``Partial`` a cell's effect is what it shares with others (level, curve, strata,
    cohort) plus a departure of its own, with prior variance ``scale_cell ** 2``. The share is
    one minus its posterior over its prior variance, at the posterior mean of the parameters:
    near zero, the departure is the prior's, and the cell's effect rests on what it shares;
    near one, it is the data's. It depends on all the fit says: if cells hardly differ, the
    scale is small, and no cell tells much about itself.

    Returns
    -------
    ndarray (cell)
        Of the plan's cells, leads included. One under ``Separate``, where no cell has a prior
        to rest on; NaN where cells have no departures of their own.
    """
    equation = fit.plan.equations[0]
    size = fit.plan.table.size
    if fit.facts.pooling.flat:
        return np.ones(size)
    out = np.full(size, np.nan)
    points = unconstrained(equation, fit.posterior)
    centre = points.reshape(-1, points.shape[-1]).mean(axis=0)
    for part, index in zip(equation.locals, equation.local_index, strict=True):
        if part.name == "cell":
            left = local_variances(equation.gaussian, centre)
            out[part.index] = 1.0 - left[equation.local_places][index]
    return np.asarray(np.clip(out, 0.0, 1.0))
