"""Correlation of errors across the equations of mediators, and random numbers with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayes_nqp._core.arrays import Array
from bayes_nqp.inference.fitting._streams import ErrorStream, SharedStreams, error_width
from bayes_nqp.inference.model_frame import Equation
from bayes_nqp.numerics.linear_gaussian import draw, number_count
from bayes_nqp.numerics.sufficient_statistics import UnitClass


@dataclass(frozen=True, eq=False)
class Correlated:
    """Innovations of several equations on the same observations.

    Parameters
    ----------
    moments : ndarray (equation, equation)
        Mean cross-products of residual innovations, in the equations' multiples of ``s``.
    freedom : float
        Degrees of freedom after all effects.
    """

    moments: Array
    freedom: float
    seed: int

    def draws(self, count: int) -> Array:
        """Draw correlation matrices of the innovations, under a flat prior (inverse Wishart)."""
        size = len(self.moments)
        generator = np.random.default_rng(np.random.SeedSequence([self.seed, 4]))
        # Bartlett: W = A A' is Wishart, and L A'^-1 A^-1 L' inverse Wishart.
        lower = np.zeros((count, size, size))
        for k in range(size):
            lower[:, k, k] = np.sqrt(generator.chisquare(self.freedom - k, count))
            lower[:, k, :k] = generator.standard_normal((count, k))
        # Rows of unit length: R = D^-1/2 Sigma D^-1/2 has the root D^-1/2 L A'^-1.
        root = np.linalg.cholesky(self.moments) @ np.linalg.inv(lower).transpose(0, 2, 1)
        root /= np.linalg.norm(root, axis=2, keepdims=True)
        return np.asarray(root @ root.transpose(0, 2, 1))

    def streams(self, generators: Sequence[np.random.Generator], count: int) -> list[SharedStreams]:
        """Give each equation its random numbers.

        Parameters
        ----------
        generators : sequence of Generator
            Of each equation.
        count : int
            Draws, flat over chains.
        """
        # Errors of equation k are row k of a root of R times independent streams.
        weights = np.linalg.cholesky(self.draws(count))
        streams = [ErrorStream([self.seed, 5, k]) for k in range(len(generators))]
        return [
            SharedStreams(generator, streams, weights[:, k])
            for k, generator in enumerate(generators)
        ]


def correlated(
    equations: Sequence[Equation], xs: Sequence[Array], seed: int
) -> Correlated | str | None:
    """Estimate the correlation of innovations across equations.

    Parameters
    ----------
    equations : sequence of Equation
        Equations of a plan's mediators, all on the same observations.
    xs : sequence of ndarray (chain, draw, parameter)
        Draws of their parameters, unconstrained.

    Returns
    -------
    Correlated, str or None
        None for fewer than two equations; a reason if the correlation is not identified.
    """
    if len(equations) < 2:
        return None
    if len({(error_width(e), number_count(e.gaussian), e.n_positions) for e in equations}) > 1:
        return "mediators' equations have different columns, so their draws are independent"
    moments, freedom = residual_moments(
        equations, [x.reshape(-1, x.shape[2]).mean(axis=0) for x in xs]
    )
    scale = np.sqrt(np.diag(moments))
    if freedom <= 2 * len(equations) or not (scale > 0).all():
        return "too few observations to estimate the correlation of mediators' errors"
    # Mediators that are copies of one another: no factor exists.
    apart = moments / np.outer(scale, scale)
    moments = 0.5 * (apart + apart.T) + 1e-9 * np.eye(len(scale))
    if np.linalg.eigvalsh(moments)[0] <= 0:
        return "errors of mediators are as good as collinear, so their draws are independent"
    return Correlated(moments, freedom, seed)


def residual_moments(equations: Sequence[Equation], points: Sequence[Array]) -> tuple[Array, float]:
    """Compute mean cross-products of innovations, at given parameters and coefficient means.

    The level of every unit and, if effects have deviations, the effect of every unit are removed by
    least squares; means use the remaining degrees of freedom.

    Parameters
    ----------
    equations : sequence of Equation
        With the same observations.
    points : sequence of ndarray (parameter)
        Unconstrained.

    Returns
    -------
    tuple of ndarray (equation, equation) and float
        Degrees of freedom come second.
    """
    size = len(equations)
    positions = [
        draw(equation.gaussian, x[None], None).positions[0]
        for equation, x in zip(equations, points, strict=True)
    ]
    # E[e_j'P_j P_k e_k] = S_jk tr(P_j P_k) for innovations of a unit that went through P_j and P_k.
    products, counts = np.zeros((size, size)), np.zeros((size, size))
    for number, units in enumerate(equations[0].unit_classes):
        moments = [
            _innovations(mediator, x, fit, number)
            for mediator, x, fit in zip(equations, points, positions, strict=True)
        ]
        f = equations[0].rows.count_of(units.units)[:, None]
        for j, (residual, projection) in enumerate(moments):
            for k, (other, other_projection) in enumerate(moments[: j + 1]):
                products[j, k] += np.vdot(f * residual, other)
                counts[j, k] += units.n * np.vdot(projection, other_projection)
    # S by division, entry by entry; tr(P_j P_k) is the number of observations that both leave.
    products, counts = (np.tril(a) + np.tril(a, -1).T for a in (products, counts))
    fitted = sum(block.columns.shape[0] for block in equations[0].problem.blocks)
    return products / np.maximum(counts, 1.0), float(counts.min()) - fitted


def _innovations(
    equation: Equation, x: Array, positions: Array, number: int
) -> tuple[Array, Array]:
    """Residual innovations (unit, m) of one class, and the projection that they went through."""
    problem, rows, c = equation.problem, equation.rows, equation.unit_classes[number]
    group = problem.groups[c.group]
    block = problem.blocks[group.block]
    base = sum(mediator.columns.shape[0] for mediator in problem.blocks[: group.block])
    index = np.searchsorted(rows.unit, c.units)[:, None] + np.arange(c.times.size)
    # y - X beta in the order of the block's slots: time effects, cells, slopes; then paths.
    residual = rows.outcome[index] - positions[base + group.level * problem.n_periods + c.times]
    base += block.n_levels * problem.n_periods
    cells = group.cells[c.times]
    residual -= np.where(cells >= 0, positions[np.where(cells >= 0, base + cells, 0)], 0.0)
    base += block.n_cells + group.slopes * problem.n_columns
    if equation.n_paths:
        residual -= positions[equation.n_positions + c.group * problem.n_periods + c.times]
    for k, column in enumerate(rows.columns):
        residual -= column.values[index] * positions[base + k]
    lower = np.linalg.cholesky(_covariance(equation, x, c))
    # e = L^-1 (y - X beta), P = I - U U' with U an orthonormal basis of L^-1 [1, d].
    nuisance = [np.ones(c.times.size)]
    if c.loading is not None and np.ptp(c.loading) > 0:
        nuisance.append(c.loading)
    basis = np.linalg.qr(np.linalg.solve(lower, np.stack(nuisance, axis=1)))[0]
    projection = np.eye(c.times.size) - basis @ basis.T
    return np.linalg.solve(lower, residual.T).T @ projection, projection


def _covariance(equation: Equation, x: Array, units: UnitClass) -> Array:
    """Covariance of a unit's errors at unit innovation variance."""
    problem = equation.gaussian
    values = problem.values(x[None])
    covariance = problem.noise.covariance(problem.moments.n_periods, values.noise)[0]
    times, root = units.times, 1.0 / np.sqrt(units.weights)
    known = np.diag(units.variances / values.sigma**2)
    return np.asarray(covariance[np.ix_(times, times)] * root[:, None] * root + known)
