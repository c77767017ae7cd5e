"""Residual cross-products of columns net of other columns, from the sums of classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.linalg import solve_triangular
from scipy.linalg.lapack import dpstrf

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp.numerics.linear_gaussian._unit_matrices import lower_indices, lower_triangles
from bayes_nqp.numerics.linear_gaussian.layout import positions_of_groups
from bayes_nqp.numerics.linear_gaussian.problem import GaussianProblem
from bayes_nqp.numerics.linear_gaussian.problem_spec import Problem
from bayes_nqp.numerics.linear_gaussian.unit_precision import small

_PIVOT = 1e-10
"""Share of a column's variation below which earlier ones explain it."""


def absorbed_products(problem: Problem, gaussian: GaussianProblem) -> list[Array]:
    """Compute cross-products of every block's slots and the outcome, net of unit effects.

    They are those of errors with typical parameters and of effects that do not differ by unit:
    collinearity depends on neither.

    Parameters
    ----------
    gaussian : GaussianProblem
        Of this problem.

    Returns
    -------
    list of ndarray (slot + 1, slot + 1)
        The outcome last.
    """
    width = gaussian.moments.width
    rows, columns = lower_indices(width)
    lower = _typical(gaussian).reshape(-1, rows.size)  # F_g, lower triangles (G, J (J + 1) / 2).
    out = [np.zeros((b.columns.shape[0] + 1,) * 2) for b in problem.blocks]
    for (block, loads), flat in zip(positions_of_groups(problem), lower, strict=True):
        f = np.zeros((width, width))
        f[rows, columns] = f[columns, rows] = flat
        # Values of processes have priors: their columns are not tested for collinearity.
        loads = loads[:, np.r_[: len(out[block]) - 1, loads.shape[1] - 1]]
        out[block] += loads.T @ (loads.T @ f).T  # X_g'F_g X_g on slots, F_g symmetric.
    return out


def _typical(gaussian: GaussianProblem) -> Array:
    """Return F of errors with typical parameters, deviations included."""
    if gaussian.fixed is not None:
        return np.asarray(gaussian.fixed.f[0])
    space = gaussian.space
    values = gaussian.values(space.unconstrain(space.typical[None]))
    q = small(gaussian, values, flat_only=True).q
    return np.asarray(gaussian.moments.map1 @ lower_triangles(q)[0])


def net_of(
    products: Sequence[Array], local: Sequence[Index], columns: Sequence[Array], nuisance: int
) -> tuple[Array, int]:
    """Compute cross-products of some columns net of others.

    Parameters
    ----------
    products : sequence of ndarray (slot + 1, slot + 1)
        From `absorbed_products`, one for each block.
    local : sequence of ndarray of int
        Slots of each block that are partialled out, each with a free coefficient.
    columns : sequence of ndarray (slot + 1, column)
        Loadings of the columns on each block's slots.
    nuisance : int
        Number of columns, from the first, that are partialled out, too.

    Returns
    -------
    tuple of ndarray (column - nuisance, column - nuisance) and int
        The second is the number of coefficients that were partialled out.
    """
    width = columns[0].shape[1]
    gram, rank = np.zeros((width, width)), 0
    for s, index, loadings in zip(products, local, columns, strict=True):
        # [G_ll, G_lc; G_cl, G_cc] of local slots l and columns c. No slot is in two blocks: the
        # residuals
        # of c, block by block, add up to those of all local slots.
        products_of_columns = s @ loadings
        bordered = np.zeros((index.size + width, index.size + width))
        bordered[: index.size, : index.size] = s[np.ix_(index, index)]
        bordered[: index.size, index.size :] = products_of_columns[index]
        bordered[index.size :, index.size :] = loadings.T @ products_of_columns
        complement, explained = _sweep(bordered, index.size)
        gram += complement
        rank += explained
    complement, explained = _sweep(gram, nuisance)
    return complement, rank + explained


def _sweep(gram: Array, first: int) -> tuple[Array, int]:
    """Partial the first columns out of the others, ``G_cc - G_cf G_ff^- G_fc``; return the rank."""
    if first == 0:
        return gram, 0
    # Pivoted Cholesky of G_ff with unit diagonal: dependent columns have no pivot and no row
    # in L, so that H'H with H = L^-1 G_fc is the part explained by the independent ones.
    size = np.sqrt(np.maximum(np.diag(gram)[:first], 0.0))
    size = np.where(size > 0, size, 1.0)
    factor, pivots, rank, _ = dpstrf(
        gram[:first, :first] / np.outer(size, size), tol=_PIVOT, lower=1
    )
    order = pivots[:rank] - 1  # LAPACK counts from 1.
    cross = gram[:first, first:][order] / size[order, None]
    cross_root = solve_triangular(factor[:rank, :rank], cross, lower=True, check_finite=False)
    return gram[first:, first:] - cross_root.T @ cross_root, int(rank)
