"""From a factor without own cells back to all coefficients (9)."""

from __future__ import annotations

import numpy as np

from bayes_nqp.gaussian._back import in_blocks
from bayes_nqp.gaussian._small import back_solve
from bayes_nqp.gaussian._sparse import product
from bayes_nqp.gaussian.linear_part import LinearPart
from bayes_nqp.gaussian.reduced import ReducedFactor
from bayes_nqp.gaussian.types import Array

__all__ = ["back_through_own_cells"]


def back_through_own_cells(
    problem: LinearPart, factor: ReducedFactor, z_shared: Array, z_local: Array
) -> tuple[Array, Array]:
    """Coefficients whose standardised errors are given: global, staying local ones, own cells.

    Parameters
    ----------
    problem : LinearPart
        With `reduced`.
    z_shared : ndarray (B, global, times)
        ``sigma z`` of global coefficients.
    z_local : ndarray (B, block, local, times)
        The same of local ones, own cells included.

    Returns
    -------
    tuple of ndarray (B, global, times) and ndarray (B, block, local, times)
        Padding is zero.
    """
    layout, head = problem.reduced, problem.arrowhead
    assert layout is not None
    n_points, times = len(z_local), z_local.shape[-1]
    lower = factor.border[:, :-1, :-1]
    shared = back_solve(lower, factor.border[:, -1, :-1, None] + z_shared)
    out = np.zeros(z_local.shape)
    surface = layout.turn[:-1, :-1] @ shared
    right = factor.half[..., -1:] - factor.half[..., :-1] @ surface[:, None]
    block, at = np.nonzero(layout.local >= 0)
    full = np.zeros((*right.shape[:-1], times))
    full[:, block, at] = z_local[:, block, layout.local[block, at]]
    drawn = back_solve(factor.lower, right + full)
    out[:, block, layout.local[block, at]] = drawn[:, block, at]
    flat, z_own = (a.reshape(n_points, -1, times) for a in (out, z_local))
    every = product(head.group_loads, in_blocks(head, shared, out))
    fits = every.reshape(n_points, -1, layout.buckets[0].order.shape[1], times)
    for bucket, done in zip(layout.buckets, factor.eliminations, strict=True):
        if done is not None:
            fit = fits[:, bucket.groups[:, None], bucket.order]
            flat[:, bucket.place] = done.draw(fit, z_own[:, bucket.place])
    return shared, out
