"""What flat coefficients leave of one another: whether each is identified."""

from __future__ import annotations

import numpy as np

from bayes_nqp.gaussian.density import normal_equations
from bayes_nqp.gaussian.problem import GaussianProblem
from bayes_nqp.gaussian.types import Array
from bayes_nqp.parameters import FLAT

__all__ = ["flat_pivots"]

_PIVOT = 1e-12
"""Share of its variation below which a column leaves nothing to those after it."""
_DEVIATION = 1e-13
"""Standard deviation at which deviations of effects take nothing off."""


def flat_pivots(problem: GaussianProblem) -> tuple[Array, Array]:
    """Variation of each flat global column that the flat ones before it leave.

    Deviations are set to nothing and errors to their typical values, since neither changes what
    columns span.

    Parameters
    ----------
    problem : GaussianProblem

    Returns
    -------
    tuple of ndarray (flat global)
        What is left when flat local coefficients and the columns before it are taken out, and
        what there was.
    """
    head = problem.arrowhead
    values = problem.values(problem.space.unconstrain(problem.space.typical[None]))
    still = type(values)(
        values.tau, _DEVIATION**2 * np.eye(values.deviation.shape[1])[None], values.noise,
        np.ones(1),
    )  # fmt: skip
    lower = normal_equations(problem, still).matrix[0]
    at = head.n_local + np.flatnonzero(head.global_scale == FLAT)
    blocks = [np.tril(block) + np.tril(block, -1).T for block in lower]
    gram = np.asarray(sum(matrix[np.ix_(at, at)] for matrix in blocks))
    before = np.diag(gram).copy()
    for matrix, scale in zip(blocks, head.local_scale, strict=True):
        index = np.flatnonzero(scale == FLAT)
        if index.size:
            half = matrix[np.ix_(index, at)]
            gram -= half.T @ np.linalg.lstsq(matrix[np.ix_(index, index)], half, rcond=None)[0]
    pivots, left = np.zeros(at.size), gram.copy()
    for j in range(at.size):
        pivots[j] = left[j, j]
        if pivots[j] > _PIVOT * max(gram[j, j], 1e-300):
            left -= np.outer(left[:, j], left[j]) / pivots[j]
    return pivots, before
