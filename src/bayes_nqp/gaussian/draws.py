"""Exact draws of coefficients and deviations, given parameters (9)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields

import numpy as np

from bayes_nqp.gaussian.correlated import ErrorSums, standardised
from bayes_nqp.gaussian.density import (
    CHUNK,
    Factor,
    Small,
    deviation_precision,
    factorise,
    normal_equations,
    owners_normal,
    small,
)
from bayes_nqp.gaussian.problem import GaussianProblem
from bayes_nqp.gaussian.types import PADDING, Array, Index, Owners, Values
from bayes_nqp.machine import n_threads, one_thread

__all__ = ["Coefficients", "SharedErrors", "draw", "from_factor", "number_count"]


@dataclass(frozen=True, eq=False)
class Coefficients:
    """Draws of what the density integrates out, in multiples of ``s``.

    Parameters
    ----------
    shared : ndarray (draw, global)
        Global coefficients.
    local : ndarray (draw, block, local)
        Local coefficients of every block; padding is zero.
    slots : ndarray (draw, slot)
        Slots of all blocks, one after another: time effects, cells, slopes.
    deviation : ndarray (draw, owner)
        Of every owner; where each unit is one, the mean over the units of each class.
    spread : ndarray (draw, class)
        Conditional sd of a single unit's deviation; empty where owners hold several units.
    gain : ndarray (draw, entry)
        What each entry of a unit (class after class) adds to its deviation; empty likewise.
    """

    shared: Array
    local: Array
    slots: Array
    deviation: Array
    spread: Array
    gain: Array

    def at(self, rows: Index) -> Coefficients:
        """Some of the draws."""
        return Coefficients(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})


@dataclass(frozen=True, eq=False)
class SharedErrors:
    """Standard normal numbers that draws of several problems have in common.

    Parameters
    ----------
    numbers : ndarray (draw, width)
        Standardised errors; or, without sums, the numbers of coefficients and deviations.
    sums : ErrorSums or None
        How errors enter the normal equations; None where owners hold several units.
    """

    numbers: Array
    sums: ErrorSums | None


def number_count(problem: GaussianProblem) -> int:
    """Standard normal numbers of one draw: of global and local coefficients, and deviations."""
    head = problem.arrowhead
    return head.n_global + head.n_blocks * head.n_local + problem.n_deviations


def draw(
    problem: GaussianProblem,
    points: Array,
    generator: np.random.Generator | None,
    *,
    errors: SharedErrors | None = None,
    threads: int | None = None,
) -> Coefficients:
    """Draw all coefficients given parameters.

    Points that stand more than once, as resampled ones do, share one factor.

    Parameters
    ----------
    problem : GaussianProblem
    points : ndarray (draw, parameter)
        Unconstrained.
    generator : Generator or None
        None gives conditional means.
    errors : SharedErrors, optional
        Of every draw, for draws that move with those of other problems.
    threads : int, optional
        Draws do not depend on their number.

    Returns
    -------
    Coefficients

    Raises
    ------
    LinAlgError
        If there is no factor at a point.
    """
    distinct, first, counts = np.unique(points, axis=0, return_index=True, return_counts=True)
    # Those that stand as often lie side by side; order depends on no label and no thread.
    order = np.lexsort((first, -counts))
    distinct, counts = distinct[order], counts[order]
    chunks = [np.arange(at, min(at + CHUNK, len(order))) for at in range(0, len(order), CHUNK)]
    streams = [None] * len(chunks) if generator is None else generator.spawn(len(chunks))
    position = _positions(points, distinct)
    place = np.argsort(position)
    starts = np.cumsum(counts) - counts

    def piece(chunk: Index, stream: np.random.Generator | None) -> Coefficients:
        times = int(counts[chunk[0]])
        inside = np.arange(times) < counts[chunk, None]
        own = None
        if errors is not None:
            turn = np.minimum(np.arange(times), counts[chunk, None] - 1)
            numbers = errors.numbers[place[starts[chunk, None] + turn]]
            own = SharedErrors(numbers.swapaxes(1, 2), errors.sums)
        # Rows of point after point, as many of each as it stands in `points`.
        return _piece(problem, distinct[chunk], stream, times, own).at(np.flatnonzero(inside))

    with one_thread(), ThreadPoolExecutor(min(n_threads(threads), len(chunks))) as pool:
        pieces = list(pool.map(piece, chunks, streams))
    every = Coefficients(
        **{f.name: np.concatenate([getattr(p, f.name) for p in pieces]) for f in fields(pieces[0])}
    )
    return every.at(position)


def _positions(points: Array, distinct: Array) -> Index:
    """Row of each point among the rows of distinct ones, point after point, in turn."""
    joined = np.concatenate([distinct, points])
    number = np.unique(joined, axis=0, return_inverse=True)[1].ravel()
    place = np.empty(len(distinct), dtype=np.int64)
    place[number[: len(distinct)]] = np.arange(len(distinct))
    position = np.empty(len(points), dtype=np.int64)
    position[np.argsort(place[number[len(distinct) :]], kind="stable")] = np.arange(len(points))
    return position


def _piece(
    problem: GaussianProblem,
    points: Array,
    stream: np.random.Generator | None,
    times: int,
    errors: SharedErrors | None,
) -> Coefficients:
    values = problem.values(points)
    equations = normal_equations(problem, values)
    factor = factorise(problem, values, equations.matrix)
    return from_factor(problem, values, factor, stream, times, errors)


def from_factor(
    problem: GaussianProblem,
    values: Values,
    factor: Factor,
    stream: np.random.Generator | None,
    times: int,
    errors: SharedErrors | None = None,
) -> Coefficients:
    """Draw all coefficients from a factor that is at hand.

    Parameters
    ----------
    problem : GaussianProblem
    values : Values
    factor : Factor
    stream : Generator or None
        None gives conditional means.
    times : int
    errors : SharedErrors, optional
        With numbers (B, width, times).

    Returns
    -------
    Coefficients
    """
    head = problem.arrowhead
    n_points, n_global, n_local = len(values), head.n_global, head.n_local
    z_shared, z_local, z_deviation = _numbers(problem, values, factor, stream, times, errors)
    shared = _shared(factor, n_global, _times_sigma(values, z_shared))
    local = _local(factor, shared, _times_sigma(values, z_local), n_local, n_global)
    local *= (head.local_scale > PADDING)[None, :, :, None]
    every = np.concatenate(
        [
            local,
            np.broadcast_to(shared[:, None], (n_points, head.n_blocks, n_global, shared.shape[-1])),
            np.zeros((n_points, head.n_blocks, head.n_outcomes, shared.shape[-1])),
        ],
        axis=2,
    )
    flat = every.reshape(n_points, -1, times)
    slots = _product(head.slot_loads, flat)
    deviation, spread, gain = _deviations(problem, values, flat, z_deviation)
    return Coefficients(
        _flat(shared), _flat(local), _flat(slots), _flat(deviation), _flat(spread), _flat(gain)
    )


def _flat(values: Array) -> Array:
    """Take (B, ..., times) to (B × times, ...)."""
    moved = np.moveaxis(values, -1, 1)
    size = moved.shape[0] * moved.shape[1]
    return np.ascontiguousarray(moved.reshape(size, *moved.shape[2:]))


def _product(loads: object, flat: Array) -> Array:
    """A sparse matrix times (B, column, times), to (B, row, times)."""
    n_points, _, times = flat.shape
    out = loads @ flat.transpose(1, 0, 2).reshape(flat.shape[1], -1)  # type: ignore[operator]
    return np.asarray(out).reshape(-1, n_points, times).transpose(1, 0, 2)


def _numbers(
    problem: GaussianProblem,
    values: Values,
    factor: Factor,
    stream: np.random.Generator | None,
    times: int,
    errors: SharedErrors | None,
) -> tuple[Array, Array, Array]:
    """Standard normal numbers (B, ..., times) of global and local coefficients, and deviations."""
    head, n_points = problem.arrowhead, len(values)
    n_global, n_dense = head.n_global, head.n_global + head.n_blocks * head.n_local
    size = (n_points, number_count(problem), times)
    z = np.zeros(size) if stream is None else stream.standard_normal(size)
    if errors is not None and errors.sums is None:
        z = errors.numbers
    shape = (n_points, head.n_blocks, head.n_local, times)
    if errors is not None and errors.sums is not None:
        right, deviation = errors.sums.right_side(problem, values, errors.numbers, z[:, n_dense:])
        shared, local = standardised(problem, values, factor, right, z[:, :n_dense])
        return shared, local, deviation
    return z[:, :n_global], z[:, n_global:n_dense].reshape(shape), z[:, n_dense:]


def _times_sigma(values: Values, z: Array) -> Array:
    """``sigma z`` (B, ..., times)."""
    return np.asarray(values.sigma.reshape(-1, *[1] * (z.ndim - 1)) * z)


def _shared(factor: Factor, n_global: int, noise: Array) -> Array:
    """``beta_g = L^-T (L_y + sigma z)`` (B, global, times)."""
    lower = factor.border[:, :n_global, :n_global]
    right = factor.border[:, n_global, :n_global, None] + noise
    return np.linalg.solve(lower.swapaxes(-1, -2), right)


def _local(factor: Factor, shared: Array, noise: Array, n_local: int, n_global: int) -> Array:
    """``beta_b = L_b^-T (L_by - L_bg' beta_g + sigma z)`` (B, block, local, times)."""
    if n_local == 0:
        return noise
    lower = factor.local[:, :, :n_local]
    cross = factor.local[:, :, n_local : n_local + n_global]
    right = factor.local[:, :, n_local + n_global, :, None] + noise
    right = right - cross.swapaxes(-1, -2) @ shared[:, None]
    return np.linalg.solve(lower.swapaxes(-1, -2), right)


def _deviations(
    problem: GaussianProblem,
    values: Values,
    flat: Array,
    z: Array,
) -> tuple[Array, Array, Array]:
    """Deviations of owners given coefficients; for single units their spread and gains too."""
    times = flat.shape[2]
    nothing = np.zeros((len(values), 0, times))
    if problem.deviation is None:
        return nothing, nothing, nothing
    types = small(problem, values, flat_only=True)
    if problem.by_class is not None:
        return _of_classes(problem, problem.by_class, types, values, flat, z)
    head, moments = problem.arrowhead, problem.moments
    out = np.zeros((len(values), problem.n_deviations, times))
    fits = _product(head.group_loads, flat).reshape(len(values), -1, moments.width, times)
    coefficients = flat.reshape(len(values), head.n_blocks, head.size, times)
    for owners, fit in ((problem.by_group, fits), (problem.by_block, coefficients)):
        if owners is not None:
            a, inner = owners_normal(problem, owners, types, values, fit.shape[2])
            left = _residual(a, fit[:, owners.place])
            out[:, owners.number] = _drawn(left, inner, _times_sigma(values, z[:, owners.number]))
    return out, nothing, nothing


def _residual(a: Array, fit: Array) -> Array:
    """``a_oy - a_o' X beta`` (B, O, times) of one column of deviations."""
    return np.asarray(a[:, :, 0, -1, None] - (a @ fit)[:, :, 0])


def _drawn(left: Array, inner: Array, noise: Array) -> Array:
    """``N(inner^-1 left, sigma² inner^-1)`` (B, O, times)."""
    precision = inner[:, :, 0]
    return np.asarray(left / precision + noise / np.sqrt(precision))


def _of_classes(
    problem: GaussianProblem,
    classes: Owners,
    types: Small,
    values: Values,
    flat: Array,
    z: Array,
) -> tuple[Array, Array, Array]:
    """Mean deviation of each class's units, a unit's spread around it, and gains."""
    head, moments = problem.arrowhead, problem.moments
    a, _ = owners_normal(problem, classes, types, values, moments.width)
    d = moments.loadings
    v = types.q @ d
    inner = (d.swapaxes(-1, -2) @ v)[..., 0, 0] + deviation_precision(values)[:, 0]
    counts, kind = classes.counts.data, classes.counts.indices
    precision = inner[:, kind, None]
    fits = _product(head.group_loads, flat).reshape(len(values), -1, moments.width, flat.shape[2])
    fit = fits[:, classes.place]
    mean = _residual(a, fit) / (counts[:, None] * precision)
    noise = _times_sigma(values, z)
    deviation = mean + noise / np.sqrt(counts[:, None] * precision)
    spread = np.broadcast_to(values.sigma[:, None, None], mean.shape) / np.sqrt(precision)
    # Columns enter with minus their slopes, the outcome with one.
    weight = -fit[:, :, moments.n_periods :]
    weight[:, :, -1] += 1.0
    number, column, period = problem.entries
    gain = weight[:, number, column] / precision[:, number]
    gain = gain * v[:, kind[number], period, 0][..., None]
    return deviation, spread, gain
