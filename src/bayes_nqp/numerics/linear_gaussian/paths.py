"""Paths of processes: drawn after coefficients, with shared errors, in functionals (5a, 9)."""

from __future__ import annotations

import numpy as np

from bayes_nqp._core.arrays import Array
from bayes_nqp.numerics.linear_gaussian._sparse import product
from bayes_nqp.numerics.linear_gaussian.problem import GaussianProblem
from bayes_nqp.numerics.linear_gaussian.processes import (
    PathFactor,
    block_processes_out,
    group_processes_out,
)
from bayes_nqp.numerics.linear_gaussian.types import Values


def group_errors(
    problem: GaussianProblem, values: Values, sums: Array, white: Array
) -> tuple[Array, Array]:
    """Eliminate processes of single groups from errors in normal equations.

    The processes are drawn together with the errors.

    Parameters
    ----------
    sums : ndarray (B, G J, times)
        Errors' sums in each group.
    white : ndarray (B, number, times)
        Standard normal, of all processes.

    Returns
    -------
    tuple of ndarray (B, G J, times) and ndarray (B, number, times)
        The noise of processes is standard normal again.
    """
    groups = problem.own_paths.groups
    if not groups.size:
        return sums, white
    out: PathFactor = values.known[group_processes_out, id(problem)]
    times = sums.shape[2]
    rows = sums.reshape(len(values), -1, problem.moments.width, times)  # (B, G, J, times)
    last = white[:, -groups.size * out.n_numbers :]  # Processes of blocks use the first numbers.
    # X'Q̃e of the group's periods is that of v; r is all of the group's rows.
    taken, noise = out.perturbed(
        rows[:, groups, : problem.moments.n_periods],
        last.reshape(len(values), groups.size, -1, times),
    )
    rows[:, groups] -= taken
    first = white[:, : white.shape[1] - last.shape[1]]
    noise = np.concatenate([first, noise.reshape(last.shape)], axis=1)
    return rows.reshape(sums.shape), noise


def block_errors(
    problem: GaussianProblem, values: Values, right: Array, white: Array
) -> tuple[Array, Array]:
    """Eliminate processes of blocks from errors in normal equations.

    The processes are drawn together with the errors.

    Parameters
    ----------
    right : ndarray (B, block n, times)
        Errors of coefficients.
    white : ndarray (B, number, times)
        Standard normal, of all processes.
    """
    head, times = problem.arrowhead, right.shape[2]
    if problem.placement is None or not head.n_values:
        return right, white
    out: PathFactor = values.known[block_processes_out, id(problem)]
    blocks = right.reshape(len(values), head.n_blocks, head.size, times)
    # Processes of blocks use the first numbers, block by block.
    count = head.n_blocks * out.n_numbers
    first = white[:, :count].reshape(len(values), head.n_blocks, -1, times)
    taken, noise = out.perturbed(blocks[:, :, head.values], first)
    # Values of processes are eliminated from A and have no right-hand side.
    blocks[:, :, head.beside_values] -= taken
    blocks[:, :, head.values] = 0.0
    noise = noise.reshape(len(values), count, times)
    return blocks.reshape(right.shape), np.concatenate([noise, white[:, count:]], axis=1)


def processes_in(
    problem: GaussianProblem, values: Values, groups: Array, flat: Array
) -> tuple[Array, Array, Array]:
    """Return loadings on coefficients of functionals that also load on processes.

    Parameters
    ----------
    groups : ndarray (B, G J, r)
        Loadings on the fitted values of each group.
    flat : ndarray (B, block n, r)
        Loadings on coefficients.

    Returns
    -------
    tuple of ndarray (B, block n, r), (B, r) and (B, r)
        Loadings on coefficients; means if these are zero; variances over ``sigma²`` given them.
    """
    head, r = problem.arrowhead, flat.shape[2]
    constant, spread = np.zeros((2, len(values), r))
    members = problem.own_paths.groups
    # In reverse order of elimination: single groups' processes, then X_g', then blocks' processes.
    if members.size:
        out: PathFactor = values.known[group_processes_out, id(problem)]
        rows = groups.reshape(len(values), -1, problem.moments.width, r).copy()
        # A functional of X_g beta + eta_g has the same loads on eta_g as on the group's periods.
        mean, off, variance = out.functional(rows[:, members, : problem.moments.n_periods])
        rows[:, members] -= off
        groups, constant, spread = rows.reshape(groups.shape), mean, variance
    # From the rows of groups to coefficients: sum_g X_g'(.)
    flat = flat + product(head.group_loads.T, groups)
    if head.n_values:
        out = values.known[block_processes_out, id(problem)]
        blocks = flat.reshape(len(values), head.n_blocks, head.size, r).copy()
        mean, off, variance = out.functional(blocks[:, :, head.values])
        # l'eta given beta is linear in it: its loadings are subtracted from those on r.
        blocks[:, :, head.beside_values] -= off
        blocks[:, :, head.values] = 0.0
        flat = blocks.reshape(flat.shape)
        constant, spread = constant + mean, spread + variance
    return flat, constant, spread


def surfaces(
    problem: GaussianProblem, values: Values, flat: Array, z: Array
) -> tuple[Array, Array]:
    """Draw processes given coefficients, and compute fitted values of both in every group.

    Parameters
    ----------
    flat : ndarray (B, block n, times)
        Coefficients; values of processes, zero before, are written to their positions.
    z : ndarray (B, number, times), multiples of s
        Standard normal, times sigma.

    Returns
    -------
    tuple of ndarray (B, G, T, times) and ndarray (B, G, J, times), multiples of s
        Processes and paths of the border in every group's periods (no group if there are neither),
        and all fitted values there.
    """
    head, times = problem.arrowhead, flat.shape[2]
    shape = (len(values), -1, problem.moments.width, times)
    if problem.placement is None and not problem.path_coefficients:
        empty = np.zeros((len(values), 0, problem.moments.n_periods, times))
        if problem.deviation is None and problem.cells is None:  # Fitted values are not requested.
            return empty, empty
        return empty, product(head.group_loads, flat).reshape(shape)
    blocks = flat.reshape(len(values), head.n_blocks, head.size, times)
    # All coefficients except those of paths and values set to zero: times X_g this is the surface.
    only = np.zeros_like(blocks)
    common = head.n_local + np.array(problem.path_coefficients, dtype=np.int64)
    only[:, :, common] = blocks[:, :, common]
    if head.n_values:
        shared: PathFactor = values.known[block_processes_out, id(problem)]
        count = head.n_blocks * shared.n_numbers
        numbers = z[:, :count].reshape(len(values), head.n_blocks, -1, times)
        # eta of blocks given beta, from the variables coupled with them.
        drawn = shared.values(blocks[:, :, head.beside_values], numbers)
        only[:, :, head.values] = blocks[:, :, head.values] = drawn
        z = z[:, count:]
    surface = product(head.group_loads, only.reshape(flat.shape)).reshape(shape)
    surface = surface[:, :, : problem.moments.n_periods]  # A group's first T rows are its periods.
    fits = product(head.group_loads, flat).reshape(shape)
    groups = problem.own_paths.groups
    if groups.size:
        # eta of single groups given X_g beta with the processes of blocks in it.
        single: PathFactor = values.known[group_processes_out, id(problem)]
        drawn = single.values(fits[:, groups], z.reshape(len(values), groups.size, -1, times))
        surface[:, groups] += drawn
        fits[:, groups, : problem.moments.n_periods] += drawn
    return surface, fits
