"""From an arrowhead factor back to coefficients, and from them to rows (9)."""

from __future__ import annotations

import numpy as np

from bayes_nqp.arrays import Array
from bayes_nqp.gaussian._small import back_solve
from bayes_nqp.gaussian.density import Factor
from bayes_nqp.gaussian.types import PADDING, Arrowhead


def back_substituted(
    head: Arrowhead, factor: Factor, z_shared: Array, z_local: Array
) -> tuple[Array, Array]:
    """Coefficients whose standardised errors are given.

    ``beta_g = L^-T (L_y + sigma z)``, then ``beta_b = L_b^-T (L_by - L_bg' beta_g + sigma z)``.

    Parameters
    ----------
    z_shared : ndarray (B, global, times)
        ``sigma z`` of global coefficients.
    z_local : ndarray (B, block, local, times)
        The same of local ones.

    Returns
    -------
    tuple of ndarray (B, global, times) and ndarray (B, block, local, times)
        Padding is zero, as are values of processes.
    """
    n_local, n_global = head.n_proper, head.n_global
    # The border's factor is [L 0; L_y' e]: L L' = S of global coefficients, L L_y = S_y, so that
    # L^-T L_y is the mean S^-1 S_y and L^-T sigma z has covariance sigma² S^-1.
    lower = factor.border[:, :n_global, :n_global]
    right = factor.border[:, n_global, :n_global, None] + z_shared
    shared = back_solve(lower, right)
    out = np.zeros_like(z_local)
    if n_local == 0:
        return shared, out
    # Rows of a block's factor: L_b of its own, below it L_bg' of the border and L_by' of outcomes.
    lower = factor.local[:, :, :n_local]
    cross = factor.local[:, :, n_local : n_local + n_global]
    right = factor.local[:, :, n_local + n_global, :, None] + z_local[:, :, :n_local]
    # A_bb beta_b = A_by - A_bg beta_g, both sides by L_b^-1.
    right = right - cross.swapaxes(-1, -2) @ shared[:, None]
    out[:, :, :n_local] = back_solve(lower, right)
    return shared, out * (head.local_scale > PADDING)[None, :, :, None]


def in_blocks(head: Arrowhead, shared: Array, local: Array) -> Array:
    """Lay coefficients out block after block, with zero for outcomes (B, block n, times)."""
    n_points, n_global, times = shared.shape
    # A block has (local, global, outcome); the global ones are the same in every block.
    out = np.zeros((n_points, head.n_blocks, head.size, times))
    out[:, :, : head.n_local] = local
    out[:, :, head.n_local : head.n_local + n_global] = shared[:, None]
    return out.reshape(n_points, -1, times)


def by_draw(values: Array) -> Array:
    """Take (B, ..., times) to (B, times, ...)."""
    return np.moveaxis(values, -1, 1)
