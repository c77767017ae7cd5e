"""Coarsened exact matching: the same bins of all covariates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import StudyError, nearest
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.matching._methods import matching
from bayes_nqp.data.matching._pool import Pool


@matching(Message("coarsened exact matching"), place=30)
def exact(pool: Pool, *, cuts: Mapping[str, int | Sequence[float]] | None = None) -> Array:
    """Match treated units with the controls in the same bins of all covariates.

    In a cell of bins with n treated units and m controls, each control has the weight n / m.

    Parameters
    ----------
    cuts : mapping of str to int or sequence of float, optional
        By covariate, the number of bins of equal width, or increasing cut points. A value equal to
        a cut point belongs to the upper bin. By default Sturges' rule.

    References
    ----------
    Iacus, S. M., King, G. and Porro, G. (2012). Causal inference without balance checking:
    coarsened exact matching. Political Analysis 20(1).
    """
    chosen = dict(cuts or {})
    for name in chosen:
        if name not in pool.names:
            raise StudyError(
                Message("cuts: {!r} is not among the covariates", name),
                hint=nearest(name, pool.names),
            )
    bins = [
        np.digitize(values, _edges(name, values, chosen.get(name, "sturges")))
        for name, values in zip(pool.names, pool.x.T, strict=True)
    ]
    cell = np.unique(np.column_stack(bins), axis=0, return_inverse=True)[1].ravel()
    treated, controls = np.bincount(cell, pool.treated), np.bincount(cell, ~pool.treated)
    share = np.where(controls > 0, treated / np.maximum(controls, 1.0), 0.0)
    return np.where(pool.treated, controls[cell] > 0, share[cell]).astype(np.float64)


def _edges(name: str, values: Array, cut: int | str | Sequence[float]) -> Array:
    """Return the inner edges of bins."""
    if isinstance(cut, int | str):
        if isinstance(cut, int) and cut < 1:
            raise StudyError(Message("cuts: {!r} has {} bins", name, cut), hint="at least one bin")
        return np.histogram_bin_edges(values, cut)[1:-1]
    edges = np.asarray(cut, dtype=np.float64)
    if edges.ndim != 1 or not (np.diff(edges) > 0).all():
        raise StudyError(
            Message("cuts: the cut points of {!r} must be increasing numbers", name),
            hint=Message(
                "cuts={{{!r}: [{:.3g}, {:.3g}]}}", name, *np.quantile(values, [0.33, 0.67])
            ),
        )
    return edges
