"""Back substitution from a factor to coefficients, deviations and observations (9)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp.numerics.linear_gaussian._sparse import product
from bayes_nqp.numerics.linear_gaussian._unit_matrices import back_solve, padded
from bayes_nqp.numerics.linear_gaussian.clusters import cluster_equations
from bayes_nqp.numerics.linear_gaussian.density import Factor
from bayes_nqp.numerics.linear_gaussian.equations import ClusterEquations, deviation_precision
from bayes_nqp.numerics.linear_gaussian.linear_part import LinearPart
from bayes_nqp.numerics.linear_gaussian.nodes import class_sums, noise_equations
from bayes_nqp.numerics.linear_gaussian.problem import GaussianProblem
from bayes_nqp.numerics.linear_gaussian.reduced_cells import ReducedFactor
from bayes_nqp.numerics.linear_gaussian.types import PADDING, Arrowhead, ClusterLayout, Values
from bayes_nqp.numerics.linear_gaussian.unit_precision import Small, small


def from_factor(
    problem: LinearPart,
    values: Values,
    factor: Factor | ReducedFactor,
    z_shared: Array,
    z_local: Array,
) -> tuple[Array, Array]:
    """Compute coefficients ``A^-1 b + sigma L^-T z``, block by block, unshared cells first.

    Parameters
    ----------
    z_shared : ndarray (B, global, times)
        z of global coefficients.
    z_local : ndarray (B, block, local, times)
        z of local coefficients.

    Returns
    -------
    tuple of ndarray (B, global, times) and ndarray (B, block, local, times)
        Padding is zero, as are values of processes.
    """
    sigma = values.sigma[:, None, None]
    errors = sigma * z_shared, sigma[..., None] * z_local
    if isinstance(factor, ReducedFactor):
        return back_through_unshared_cells(problem, factor, *errors)
    return back_substituted(problem.arrowhead, factor, *errors)


def back_substituted(
    head: Arrowhead, factor: Factor, z_shared: Array, z_local: Array
) -> tuple[Array, Array]:
    """Compute coefficients with given standardised errors.

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
    n_local, n_global, out = head.n_proper, head.n_global, np.zeros_like(z_local)
    if factor.triangle is not None:
        # beta = L^-T (L_y + sigma z) of all coefficients at once; outcomes have none.
        n = n_local + n_global
        right = np.zeros((*factor.triangle.shape[:2], z_shared.shape[-1]))
        np.add(
            factor.triangle[:, n, :n_local, None], z_local[:, 0, :n_local], out=right[:, :n_local]
        )
        np.add(factor.triangle[:, n, n_local:n, None], z_shared, out=right[:, n_local:n])
        every = back_solve(factor.triangle, right)
        out[:, 0, :n_local] = every[:, :n_local]
        return every[:, n_local:n], out
    # The border's factor is [L 0; L_y' e]: L L' = S of global coefficients, L L_y = S_y, so that
    # L^-T L_y is the mean S^-1 S_y and L^-T sigma z has covariance sigma² S^-1.
    lower = factor.border[:, :n_global, :n_global]
    right = factor.border[:, n_global, :n_global, None] + z_shared
    shared = back_solve(lower, right)
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
    """Arrange coefficients block after block, with zero for outcomes (B, block n, times)."""
    n_points, n_global, times = shared.shape
    # A block has (local, global, outcome); the global ones are the same in every block.
    out = np.zeros((n_points, head.n_blocks, head.size, times))
    # The outcome's position, the last, stays zero: X_g (beta, 0).
    out[:, :, : head.n_local] = local
    out[:, :, head.n_local : head.n_local + n_global] = shared[:, None]
    return out.reshape(n_points, -1, times)


def by_draw(values: Array) -> Array:
    """Rearrange (B, ..., times) to (B, times, ...)."""
    return np.moveaxis(values, -1, 1)


def back_through_unshared_cells(
    problem: LinearPart, factor: ReducedFactor, z_shared: Array, z_local: Array
) -> tuple[Array, Array]:
    """Compute global coefficients, other local ones and unshared cells, with given errors.

    Parameters
    ----------
    problem : LinearPart
        With `reduced`.
    z_shared : ndarray (B, global, times)
        ``sigma z`` of global coefficients.
    z_local : ndarray (B, block, local, times)
        The same of local ones, unshared cells included.

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
    surface = layout.kind_loads[:-1, :-1] @ shared  # C_0 beta_g: the value of every dummy.
    # beta_b = L_b^-T (H_by - H_b C_0 beta_g + sigma z), b the other locals of a block.
    right = factor.cross_root[..., -1:] - factor.cross_root[..., :-1] @ surface[:, None]
    # From their places among others to their places among all locals, and back.
    block, place = np.nonzero(layout.local >= 0)
    noise = np.zeros((*right.shape[:-1], times))
    noise[:, block, place] = z_local[:, block, layout.local[block, place]]
    others = back_solve(factor.lower, right + noise)
    out[:, block, layout.local[block, place]] = others[:, block, place]
    # X_g beta without unshared cells, in every group: the condition for drawing these.
    flat, z_own = (a.reshape(n_points, -1, times) for a in (out, z_local))
    every = product(head.group_loads, in_blocks(head, shared, out))
    fits = every.reshape(n_points, -1, layout.buckets[0].order.shape[1], times)
    for bucket, elimination in zip(layout.buckets, factor.eliminations, strict=True):
        if elimination is not None:
            # X beta of the groups of this bucket, rows in the order c, r.
            fit = fits[:, bucket.groups[:, None], bucket.order]
            flat[:, bucket.place] = elimination.draw(fit, z_own[:, bucket.place])
    return shared, out


@dataclass(frozen=True, eq=False)
class Conditionals:
    """Owners' deviations given coefficients, ``N(inner^-1 (a_oy - a_o X beta), sigma² inner^-1)``.

    Parameters
    ----------
    number : ndarray of int (O)
        Position of each owner's deviation among all.
    place : ndarray of int (O)
        Group, or block, of each owner.
    by_place : ndarray of int (place, most)
        Owners of each, -1 for padding.
    a : ndarray (B, O, size)
        ``a_o``, a row, on the normal equations of a group (J) or the coefficients of a block (n);
        the outcome last.
    inner : ndarray (B, O)
        ``Lambda + H_o``; for a class, that of the mean over its units.
    in_blocks : bool
        True if places are blocks.
    """

    number: Index
    place: Index
    by_place: Index
    a: Array
    inner: Array
    in_blocks: bool

    def mean(self, fit: Array) -> Array:
        """Return conditional means (B, O, times).

        Parameters
        ----------
        fit : ndarray (B, place, size, times)
            Coefficients in every place; zero for outcomes.
        """
        # (Lambda + H_o)^-1 (a_oy - a_o X beta); outcomes have no coefficient.
        by_place = padded(self.by_place, self.a) @ fit  # (B, place, most, times)
        place, rank = np.nonzero(self.by_place >= 0)
        explained = np.empty((len(fit), self.a.shape[1], fit.shape[-1]))
        explained[:, self.by_place[place, rank]] = by_place[:, place, rank]
        return np.asarray((self.a[:, :, -1, None] - explained) / self.inner[:, :, None])


def conditionals(problem: GaussianProblem, values: Values) -> Iterator[Conditionals]:
    """Return deviations of all owners; if each unit is one, means over the units of each class.

    Parameters
    ----------
    problem : GaussianProblem
        With one column of deviations.
    """
    if problem.by_class is not None:
        if (sums := class_sums(problem, values)) is not None:
            x, inner = sums.means(problem.by_class)
            counts = problem.by_class.counts.data
            yield _conditionals(problem.by_class, counts[:, None] * x, counts * inner)
            return
        # Q̃ with only alpha_i integrated out: delta_i is drawn here.
        types = small(problem, values, flat_only=True)
        yield class_conditionals(problem, problem.by_class, values, types)
    elif problem.deviation is not None:
        noise = noise_equations(problem, values)
        for clusters, equations, in_blocks in (
            (problem.by_group, noise.by_group, False),
            (problem.by_block, noise.by_block, True),
        ):
            if clusters is not None and equations is not None:
                yield _of_clusters(clusters, equations, values, in_blocks=in_blocks)


def _of_clusters(
    clusters: ClusterLayout, equations: ClusterEquations, values: Values, *, in_blocks: bool
) -> Conditionals:
    # One column of deviations: q = 1, so that Lambda + H_o is a number.
    inner = equations.inner(values)[:, :, 0, 0]
    return _conditionals(clusters, equations.a[:, :, 0], inner, in_blocks=in_blocks)


def _conditionals(
    clusters: ClusterLayout, a: Array, inner: Array, *, in_blocks: bool = False
) -> Conditionals:
    return Conditionals(clusters.number, clusters.place, clusters.by_place, a, inner, in_blocks)


def class_conditionals(
    problem: GaussianProblem, classes: ClusterLayout, values: Values, types: Small
) -> Conditionals:
    """Return the mean deviation over the units of every class.

    Parameters
    ----------
    types : Small
        With only flat unit coefficients integrated out.
    """
    # The mean of n deviations, each N(h^-1 (a_iy - a_i X beta), sigma²/h) with h = Lambda + d'Q̃d
    # of the type, is N((n h)^-1 (a_y - a X beta), sigma² (n h)^-1) with a the sum of a_i.
    a = cluster_equations(problem, classes, types, problem.moments.width).a[:, :, 0]
    d = problem.moments.loadings
    # h of each type (B, H), and the number of units of each class with its type.
    single = (d.swapaxes(-1, -2) @ types.q @ d)[..., 0, 0] + deviation_precision(values)[:, 0]
    counts, kind = classes.counts.data, classes.counts.indices
    return _conditionals(classes, a, counts * single[:, kind])
