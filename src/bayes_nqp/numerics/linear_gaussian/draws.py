"""Exact draws of coefficients and deviations, given parameters (9)."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp.numerics.linear_gaussian._back_substitution import (
    by_draw,
    conditionals,
    from_factor,
    in_blocks,
)
from bayes_nqp.numerics.linear_gaussian._sparse import product
from bayes_nqp.numerics.linear_gaussian.batches import batch_size, draws_of_distinct
from bayes_nqp.numerics.linear_gaussian.correlated import ErrorSums, FixedErrorSums, standardised
from bayes_nqp.numerics.linear_gaussian.density import Factor, factorise, normal_equations, solved
from bayes_nqp.numerics.linear_gaussian.draws_with_density import DrawsWithDensity
from bayes_nqp.numerics.linear_gaussian.equations import deviation_precision
from bayes_nqp.numerics.linear_gaussian.group_cells import cells_out
from bayes_nqp.numerics.linear_gaussian.path_laws import turned
from bayes_nqp.numerics.linear_gaussian.paths import surfaces
from bayes_nqp.numerics.linear_gaussian.problem import GaussianProblem
from bayes_nqp.numerics.linear_gaussian.reduced_cells import ReducedFactor
from bayes_nqp.numerics.linear_gaussian.types import ClusterLayout, Values
from bayes_nqp.numerics.linear_gaussian.unit_precision import small


@dataclass(frozen=True, eq=False)
class Coefficients:
    """Draws of the variables that the density integrates out, in multiples of ``s``.

    Parameters
    ----------
    shared : ndarray (draw, global)
        Global coefficients.
    local : ndarray (draw, block, local)
        Local coefficients of every block; padding is zero.
    positions : ndarray (draw, position)
        Slots of all blocks, one after another: time effects, cells, slopes, paths of the border.
        With processes, then their sum in each period of each group (group, T).
    deviation : ndarray (draw, cluster)
        Deviation of every owner; if each unit is one, the mean over the units of each class.
    spread : ndarray (draw, type)
        Conditional SD of a single unit's deviation; empty if owners contain several units.
    weight : ndarray (draw, class, column)
        Weights of columns and, last, of the outcome in a unit's deviation; empty likewise.
    response : ndarray (draw, type, T)
        Response of a unit's deviation to each period; empty likewise. The difference of a unit's
        column k in period t from its class's mean adds this times the column's weight.
    """

    shared: Array
    local: Array
    positions: Array
    deviation: Array
    spread: Array
    weight: Array
    response: Array

    def at(self, rows: Index) -> Coefficients:
        """Select some of the draws."""
        return Coefficients(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})


@dataclass(frozen=True, eq=False)
class SharedErrors:
    """Standard normal numbers that draws of several problems have in common.

    Parameters
    ----------
    numbers : ndarray (draw, width)
        Standardised errors; or, without sums, the numbers of coefficients and deviations.
    sums : ErrorSums, FixedErrorSums or None
        Map of errors to the normal equations; None if owners contain several units.
    """

    numbers: Array
    sums: ErrorSums | FixedErrorSums | None


def number_count(problem: GaussianProblem) -> int:
    """Return the number of standard normals of a draw: coefficients, deviations, processes."""
    head = problem.arrowhead
    # One z for each coefficient, padding included, and for each owner.
    cells = 0 if problem.cells is None else problem.cells.n_numbers
    return head.n_dense + problem.n_deviations + problem.n_process_numbers + cells


def draw(
    problem: GaussianProblem,
    points: Array,
    generator: np.random.Generator | None,
    *,
    errors: SharedErrors | None = None,
    single: bool = False,
    threads: int | None = None,
    keeper: DrawsWithDensity | None = None,
) -> Coefficients:
    """Draw all coefficients given parameters.

    Repeated points, such as resampled ones, share one factor. If series of units' own coefficients
    are redrawn, each distinct point has one redraw, in turn.

    Parameters
    ----------
    points : ndarray (draw, parameter)
        Unconstrained.
    generator : Generator or None
        None gives conditional means.
    errors : SharedErrors, optional
        Errors of every draw, for draws that are correlated with those of other problems.
    single : bool, default False
        If True, draw deviations of single units in addition to those of classes.
    threads : int, optional
        Draws do not depend on their number.
    keeper : DrawsWithDensity, optional
        Stored draws at some of the points.

    Raises
    ------
    LinAlgError
        If there is no factor at a point.
    """
    if errors is None:
        problem = problem.for_density
    head = problem.arrowhead

    def values_of(distinct: Array) -> Values:
        values = problem.values(distinct)
        return values if keeper is None else replace(values, kept=keeper.found(distinct))

    def piece(
        values: Values, stream: np.random.Generator | None, draws: Index
    ) -> tuple[Array, ...]:
        shared = None
        if errors is not None:
            # (B, times, width) to (B, width, times), as everything is here.
            shared = SharedErrors(errors.numbers[draws].swapaxes(1, 2), errors.sums)
        if problem.redraws is not None and stream is not None:
            nuisance = problem.redraws()
            values = replace(values, nuisance=nuisance[draws[:, 0] % len(nuisance)])
        times = draws.shape[1]
        beta = None if keeper is None or errors is not None else keeper.take(values.kept, times)
        if beta is not None:
            z = _standard(stream, (len(values), number_count(problem) - head.n_dense, times))
            return _given(problem, values, beta, z, single)
        factor: Factor | ReducedFactor
        # Shared errors enter the normal equations of all coefficients, including unshared cells.
        if errors is None or errors.sums is None:
            _, factor = solved(problem, values)
        else:
            factor = factorise(problem, values, normal_equations(problem, values).matrix)
        *of_beta, z = _numbers(problem, values, factor, stream, times, shared)
        # beta = A^-1 b + sigma L^-T z, block by block; with shared errors z is L^-1 xi.
        beta = from_factor(problem, values, factor, *of_beta)
        return _given(problem, values, beta, z, single)

    # Stored draws need no matrix.
    size = batch_size(problem, drawn=True) * (1 if keeper is None else 2)
    arrays = draws_of_distinct(
        piece, points, generator, values=values_of, size=lambda _: size, threads=threads
    )
    return Coefficients(*arrays)


def _given(
    problem: GaussianProblem,
    values: Values,
    beta: tuple[Array, Array],
    z: Array,
    single: bool,
) -> tuple[Array, ...]:
    """Draw the other parts of `Coefficients` given those of the factor (B, times, ...).

    Parameters
    ----------
    z : ndarray (B, number, times)
        Standard normal, of deviations and processes.
    """
    head, (shared, local) = problem.arrowhead, beta
    times = shared.shape[-1]
    cuts = problem.n_deviations, problem.n_deviations + problem.n_process_numbers
    z_deviation, z_process, z_cells = np.split(z, cuts, axis=1)
    shared = turned(problem.turns(values), shared)  # R z: values of paths in the border.
    if problem.lag is not None and values.lag is not None:
        # From here on for y, not y - delta W y: W y has the coefficient delta, and W x
        # that of x times -delta.
        shared[:, problem.lag.columns] = values.lag[..., None]
        for column, near in problem.lag.ties:
            shared[:, near] = -values.lag[:, :1] * shared[:, column]
    flat = in_blocks(head, shared, local)
    positions = product(head.position_loads, flat)
    # Processes given coefficients, then deviations given both: X beta + eta in every group (fits).
    surface, fits = surfaces(problem, values, flat, _times_sigma(values, z_process))
    if problem.cells is not None:
        of_cells = values.known[cells_out, id(problem)]
        noise = _times_sigma(values, z_cells)
        local = problem.cells.draw(of_cells, fits, positions, local, noise)
    # (B, slot + G T, times): processes follow the slots, group by group.
    positions = np.concatenate([positions, surface.reshape(len(values), -1, times)], axis=1)
    deviations = _deviations(problem, values, flat, fits, z_deviation, single)
    return tuple(by_draw(part) for part in (shared, local, positions, *deviations))


def _standard(stream: np.random.Generator | None, size: tuple[int, ...]) -> Array:
    """Draw standard normal numbers; zero without a stream."""
    return np.zeros(size) if stream is None else stream.standard_normal(size)


def _numbers(
    problem: GaussianProblem,
    values: Values,
    factor: Factor | ReducedFactor,
    stream: np.random.Generator | None,
    times: int,
    errors: SharedErrors | None,
) -> tuple[Array, Array, Array]:
    """Draw standard normal numbers (B, ..., times): global, local, deviations and processes."""
    head = problem.arrowhead
    z = _standard(stream, (len(values), number_count(problem), times))
    if errors is not None and errors.sums is None:
        z = errors.numbers
    sparse = z[:, head.n_dense :]
    if errors is None or errors.sums is None:
        return *head.parted(z), sparse
    assert isinstance(factor, Factor)
    assert problem.lag is None, "errors are not shared by equations with a lag"
    # xi = X'Q̃e + sigma diag(tau)^-1 z instead of L z: the same law, but it depends on errors e.
    right, *moved = errors.sums.right_side(
        problem,
        values,
        errors.numbers,
        (sparse[:, : problem.n_deviations], sparse[:, problem.n_deviations :]),
    )
    shared, local = standardised(problem, values, factor, right, z[:, : head.n_dense])
    return shared, local, np.concatenate(moved, axis=1)


def _times_sigma(values: Values, z: Array) -> Array:
    """Return ``sigma z`` (B, ..., times)."""
    return np.asarray(values.sigma.reshape(-1, *[1] * (z.ndim - 1)) * z)


def _deviations(
    problem: GaussianProblem, values: Values, flat: Array, fits: Array, z: Array, single: bool
) -> tuple[Array, Array, Array, Array]:
    """Draw deviations of owners given coefficients; for single units also their other arrays."""
    head, times = problem.arrowhead, flat.shape[2]
    empty = np.zeros((len(values), 0, times)), np.zeros((len(values), 0, 0, times))
    out = np.zeros((len(values), problem.n_deviations, times))
    if problem.deviation is None:
        return out, empty[0], empty[1], empty[1]
    # Owners across groups have a_o on coefficients of a block, other owners on a group's rows.
    coefficients = flat.reshape(len(values), head.n_blocks, head.size, times)
    for clusters in conditionals(problem, values):
        # delta_o | beta ~ N(G (a_oy - a_o X beta), sigma² G), G = (Lambda + H_o)^-1.
        mean = clusters.mean(coefficients if clusters.in_blocks else fits)
        noise = _times_sigma(values, z[:, clusters.number])
        out[:, clusters.number] = mean + noise / np.sqrt(clusters.inner)[:, :, None]
    if problem.by_class is None or not single:
        return out, empty[0], empty[1], empty[1]
    return out, *_of_units(problem, problem.by_class, values, fits)


def _of_units(
    problem: GaussianProblem, classes: ClusterLayout, values: Values, fits: Array
) -> tuple[Array, Array, Array]:
    """Return a unit's spread around the mean deviation of its class, weights and responses.

    Given beta, ``delta_i - mean ~ N(h^-1 d'Q̃ (Z_i - S/n) w, sigma²/h)`` up to the mean of the n
    noises, with ``h = Lambda + d'Q̃d``; w is minus the slopes, and one for the outcome.
    """
    d, times = problem.moments.loadings, fits.shape[-1]
    v = small(problem, values, flat_only=True).q @ d  # Q̃d of every type (B, H, T, 1).
    precision = (d.swapaxes(-1, -2) @ v)[..., 0, 0] + deviation_precision(values)[:, 0]  # h (B, H)
    spread = values.sigma[:, None, None] / np.sqrt(precision)[..., None]
    # Columns enter with minus their slopes, as in X_g beta of the class's group, the outcome
    # with one.
    weight = -fits[:, :, problem.moments.n_periods :][:, classes.place]
    weight[:, :, -1] += 1.0
    response = v / precision[:, :, None, None]  # h^-1 Q̃d
    return (
        np.broadcast_to(spread, (*spread.shape[:2], times)),
        weight,
        np.broadcast_to(response, (*response.shape[:3], times)),
    )
