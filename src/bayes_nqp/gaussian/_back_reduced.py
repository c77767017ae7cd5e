"""From a factor without own cells back to all coefficients (9)."""

from __future__ import annotations

import numpy as np

from bayes_nqp.arrays import Array
from bayes_nqp.gaussian._back import in_blocks
from bayes_nqp.gaussian._small import back_solve
from bayes_nqp.gaussian._sparse import product
from bayes_nqp.gaussian.linear_part import LinearPart
from bayes_nqp.gaussian.reduced import ReducedFactor


def back_through_own_cells(
    problem: LinearPart, factor: ReducedFactor, z_shared: Array, z_local: Array
) -> tuple[Array, Array]:
    """Coefficients whose standardised errors are given: global, other local ones, own cells.

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
    # beta_g = L^-T (L_y + sigma z), with [L 0; L_y' e] the border's factor.
    lower = factor.border[:, :-1, :-1]
    shared = back_solve(lower, factor.border[:, -1, :-1, None] + z_shared)
    out = np.zeros(z_local.shape)
    surface = layout.kind_loads[:-1, :-1] @ shared  # R beta_g: the value of every dummy.
    # beta_b = L_b^-T (L_by - H_b R beta_g + sigma z), b the other locals of a block.
    right = factor.cross_root[..., -1:] - factor.cross_root[..., :-1] @ surface[:, None]
    # From their places among others to their places among all locals, and back.
    block, place = np.nonzero(layout.local >= 0)
    noise = np.zeros((*right.shape[:-1], times))
    noise[:, block, place] = z_local[:, block, layout.local[block, place]]
    others = back_solve(factor.lower, right + noise)
    out[:, block, layout.local[block, place]] = others[:, block, place]
    # X_g beta without own cells, in every group: what these are drawn given.
    flat, z_own = (a.reshape(n_points, -1, times) for a in (out, z_local))
    every = product(head.group_loads, in_blocks(head, shared, out))
    fits = every.reshape(n_points, -1, layout.buckets[0].order.shape[1], times)
    for bucket, elimination in zip(layout.buckets, factor.eliminations, strict=True):
        if elimination is not None:
            fit = fits[:, bucket.groups[:, None], bucket.order]
            flat[:, bucket.place] = elimination.draw(fit, z_own[:, bucket.place])
    return shared, out
