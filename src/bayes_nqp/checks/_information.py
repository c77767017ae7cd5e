"""How much the data say about each cell's own effect, beside what it shares with others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bayes_nqp.compression._lapack import inverse_from_cholesky, solve_lower
from bayes_nqp.compression.kernel import cross_products, factorise
from bayes_nqp.pooling import Separate

if TYPE_CHECKING:
    from bayes_nqp.compression import Packed
    from bayes_nqp.designs._plan import Equation
    from bayes_nqp.fitting import Fit

__all__ = ["cell_information"]

Array = npt.NDArray[np.float64]


def cell_information(fit: Fit) -> Array:
    """Share of the prior variance of each cell's own departure that the data remove.

    Under ``Partial`` a cell's effect is what it shares with others (level, curve, strata,
    cohort) plus a departure of its own, with prior variance ``scale_cell ** 2``. The share is
    one minus its posterior over its prior variance, at the posterior mean of the parameters:
    near zero, the departure is the prior's, and the cell's effect rests on what it shares;
    near one, it is the data's. It depends on all the fit says: if cells hardly differ, the
    scale is small, and no cell tells much about itself.

    Parameters
    ----------
    fit : Fit

    Returns
    -------
    ndarray (cell)
        Of the plan's cells, leads included. One under ``Separate``, where no cell has a prior
        to rest on; NaN where cells have no departures of their own.
    """
    equation = fit.plan.equations[0]
    size = fit.plan.table.size
    if isinstance(fit.design.effect, Separate):
        return np.ones(size)
    out = np.full(size, np.nan)
    for part, index in zip(equation.locals, equation.local_index, strict=True):
        if part.name == "cell":
            out[part.index] = 1.0 - _variances(_centre(fit, equation), equation.packed)[index]
    return np.asarray(np.clip(out, 0.0, 1.0))


def _centre(fit: Fit, equation: Equation) -> Array:
    """Posterior means of the parameters on the unconstrained scale."""
    found = []
    for name in equation.problem.parameter_names:
        draws = fit.posterior[f"{equation.name}__{name}"].to_numpy()
        if name == "rho":
            found.append((2.0 * np.arctanh(draws)).mean())
        else:
            found.append(np.log(draws / (1.0 if name == "noise" else equation.scale)).mean())
    return np.array(found)


def _variances(x: Array, packed: Packed) -> Array:
    """Posterior variances of all blocks' standardised local coefficients."""
    ints = packed.ints
    vectors, treated = np.zeros((ints[10], ints[13])), np.zeros(ints[10])
    _, blocks = cross_products(x, ints, packed.floats, vectors, treated)
    _, _, _, lower, cross, _, schur, _, _ = factorise(x, ints, packed.floats, blocks)
    shared = inverse_from_cholesky(schur) if ints[8] else np.zeros((0, 0))
    found = []
    for one, half in zip(lower, cross, strict=True):
        if one.shape[0] == 0:
            continue
        back = half.copy()
        solve_lower(one, back, True)
        found.append(np.diag(inverse_from_cholesky(one)) + ((back @ shared) * back).sum(axis=1))
    return np.concatenate(found)
