"""Processes on the time grid, taken out of normal equations before the coefficients (5a).

``eta = R z`` with ``R = L [tau_1 R_1, …]``, z standard normal and L as in `path_laws`, mostly the
identity. With v the values eta and r all that they meet, the normal equations lose

    ``A_rv R (sigma² I + R'A_vv R)^-1 R'A_vr``

and the log density ``log|M| / 2``: z integrated out, whose precision given the rows and all else is
``M = I + R'A_vv R / sigma²``. Processes that groups of a block share come off its A, where their
values are local coefficients until then; one that a group has alone comes off its F at once, v the
periods and r all rows of F in place of those of A. P places (groups, or blocks) have n processes
each, of T values and q numbers z.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from bayes_nqp.arrays import Array
from bayes_nqp.gaussian._small import back_solve, half_solve, lower_inverse, lower_places
from bayes_nqp.gaussian.path_laws import OwnPaths
from bayes_nqp.gaussian.statement import Process
from bayes_nqp.gaussian.types import Arrowhead, Values

__all__ = ["PathFactor", "Pathed", "block_processes_out", "group_processes_out"]


@dataclass(frozen=True, eq=False)
class PathFactor:
    """Processes that were taken out at B points: what draws of them, and a gradient, need.

    Parameters
    ----------
    root : ndarray (B, P, n, T, q)
        R / sigma of the n processes of each of P places.
    lower : ndarray (B, P, set, n q / sets, n q / sets)
        Cholesky factor of M, set by set of processes that meet: one a process where no group has
        two, as of shocks by cluster; otherwise one of all.
    cross_root : ndarray (B, P, n q, rest)
        ``lower^-1 R'A_vr / sigma``, on all that the processes meet, the outcome last.
    onto, inner : ndarray (B, P, n T, rest) and (B, P, set, n T / sets, n T / sets)
        A_vr, and lower triangles of A_vv, as they came off.
    """

    root: Array
    lower: Array
    cross_root: Array
    onto: Array
    inner: Array

    @property
    def log_det(self) -> Array:
        """``log|M|`` over all places (B), not halved."""
        diagonal = np.diagonal(self.lower, axis1=-2, axis2=-1)
        return np.asarray(2.0 * np.log(diagonal).sum(axis=(1, 2, 3)))

    @property
    def n_numbers(self) -> int:
        """Standard normal numbers of a place, n q."""
        return int(self.root.shape[2] * self.root.shape[4])

    def _by_block(self, solve: Callable[[Array, Array], Array], right: Array) -> Array:
        """Solve with the blocks of ``lower`` (B, P, n q, r)."""
        # n q rows, set after set.
        parts = right.reshape(*self.lower.shape[:4], -1)
        return solve(self.lower, parts).reshape(right.shape)

    def values(self, fit: Array, z: Array) -> Array:
        """Values given all else, ``R M^-1 R'(A_vy - A_vr beta) / sigma² + R lower^-T z``.

        Parameters
        ----------
        fit : ndarray (B, P, rest, times)
            Coefficients that the processes meet; zero for the outcome.
        z : ndarray (B, P, n q, times), multiples of s
            Standard normal, times sigma.

        Returns
        -------
        ndarray (B, P, n T, times), multiples of s
            Process after process.
        """
        # lower^-1 R'(A_vy - A_vr beta) / sigma + sigma z, and z of the process by lower^-T.
        right = self.cross_root[..., -1:] - self.cross_root @ fit + z
        numbers = self._by_block(back_solve, right)  # sigma z of the process.
        points, places, n, n_periods, q = self.root.shape
        out = self.root @ numbers.reshape(points, places, n, q, -1)
        return np.asarray(out.reshape(points, places, n * n_periods, -1))

    def perturbed(self, errors: Array, white: Array) -> tuple[Array, Array]:
        """What processes that are drawn along with errors take off ``X'Q̃ e``.

        Parameters
        ----------
        errors : ndarray (B, P, n T, times)
            ``X'Q̃ e`` of the processes' own periods.
        white : ndarray (B, P, n q, times)
            Standard normal.

        Returns
        -------
        tuple of ndarray (B, P, rest, times) and ndarray (B, P, n q, times)
            ``A_rv R M^-1 (R'X'Q̃ e / sigma + z) / sigma``, and noise of the processes, standard
            normal again.
        """
        # R'X'Q̃e / sigma + z has covariance R'A_vv R / sigma² + I = M: lower^-1 of it is white, and
        # X'Q̃e less A_rv R / sigma times M^-1 of it is uncorrelated with it.
        points, places, n, n_periods, q = self.root.shape
        inner = self.root.swapaxes(-1, -2) @ errors.reshape(points, places, n, n_periods, -1)
        noise = self._by_block(half_solve, inner.reshape(points, places, n * q, -1) + white)
        return self.cross_root.swapaxes(-1, -2) @ noise, noise

    def functional(self, loads: Array) -> tuple[Array, Array, Array]:
        """What a functional of processes is of all that they meet.

        Parameters
        ----------
        loads : ndarray (B, P, n T, r)
            Loadings on the processes' values.

        Returns
        -------
        tuple of ndarray (B, r), (B, P, rest, r) and (B, r)
            Its mean where all else is zero, what comes off the loadings on all else, and its
            variance over ``sigma²``.
        """
        points, places, n, n_periods, q = self.root.shape
        # l'eta = l'R z: with w = lower^-1 R'l / sigma, mean w'cross_root (-beta, 1), variance
        # sigma² w'w.
        turned = self.root.swapaxes(-1, -2) @ loads.reshape(points, places, n, n_periods, -1)
        w = self._by_block(half_solve, turned.reshape(points, places, n * q, -1))
        off = self.cross_root.swapaxes(-1, -2) @ w
        return off[:, :, -1].sum(axis=1), off, (w**2).sum(axis=(1, 2))


def _path_factor(root: Array, cross: Array, inner: Array) -> PathFactor:
    """Take processes out of what they meet: the factor of ``M = I + R'A_vv R / sigma²``.

    Parameters
    ----------
    root : ndarray (B, P, n, T, q)
        R / sigma.
    cross : ndarray (B, P, n T, rest)
        A_vr.
    inner : ndarray (B, P, set, n T / sets, n T / sets)
        Lower triangles of A_vv, set by set: between sets it is zero.
    """
    points, places, n, n_periods, q = root.shape
    sets = inner.shape[2]
    of_set = n // sets
    transpose = root.swapaxes(-1, -2)
    # R'A_vr / sigma, process by process of each place: (B, P, n, q, rest).
    cross_root = transpose @ cross.reshape(points, places, n, n_periods, -1)
    # A_vv of each set, symmetric, by pairs of its processes: (B, P, set, n/sets, n/sets, T, T).
    square = np.tril(inner) + np.tril(inner, -1).swapaxes(-1, -2)
    square = square.reshape(points, places, sets, of_set, n_periods, of_set, n_periods)
    square = square.swapaxes(4, 5)
    # R_k'(A_vv)_kl R_l / sigma² of processes k and l, each T × T a q × q.
    left = transpose.reshape(points, places, sets, of_set, 1, q, n_periods)
    right = root.reshape(points, places, sets, 1, of_set, n_periods, q)
    square = left @ square @ right
    # From pairs of q × q back to one matrix a set, and the prior precision of z, I.
    size = of_set * q
    square = square.swapaxes(4, 5).reshape(points, places, sets, size, size) + np.eye(size)
    lower = np.linalg.cholesky(square)
    # The inverse of a small factor, and a product, are quicker than a system of many right sides.
    cross_root = lower_inverse(lower) @ cross_root.reshape(points, places, sets, size, -1)
    return PathFactor(root, lower, cross_root.reshape(points, places, n * q, -1), cross, inner)


class Pathed(Protocol):
    """A problem with processes: one equation, or several stacked."""

    @property
    def arrowhead(self) -> Arrowhead:
        """Its coefficients."""

    @property
    def processes(self) -> Sequence[Process]:
        """Their laws."""

    @property
    def own_paths(self) -> OwnPaths:
        """Those of single groups."""

    @property
    def shared_paths(self) -> Sequence[tuple[int, ...]]:
        """Laws of those of every block, -1 for none."""

    @property
    def n_periods(self) -> int:
        """T."""

    @property
    def width(self) -> int:
        """J."""


def _roots(problem: Pathed, values: Values, laws: Sequence[Sequence[int]]) -> Array:
    """R / sigma of the processes of each place (B, P, n, T, q), zero where there are fewer."""
    n, q = max(map(len, laws)), max(process.size for process in problem.processes)
    out = np.zeros((len(values), len(laws), n, problem.n_periods, q))
    for number, process in enumerate(problem.processes):
        root = process.root(values.tau, values.processes) / values.sigma[:, None, None]
        for place, row in enumerate(laws):
            for k, law in enumerate(row):
                if law == number:
                    out[:, place, k, :, : process.size] = root
    return out


def group_processes_out(problem: Pathed, values: Values, f: Array) -> tuple[Array, Array]:
    """Take the processes of single groups out of their normal equations.

    Parameters
    ----------
    f : ndarray (B, G J (J + 1) / 2)
        F, lower triangles, of all groups; B is 1 where they are the same at every point.

    Returns
    -------
    tuple of ndarray (B, G J (J + 1) / 2) and ndarray (B)
        F without them, and their log determinants, not halved.
    """
    own = problem.own_paths
    if not own.groups.size:
        return f, np.zeros(len(values))
    places = lower_places(problem.width)
    rows, columns = np.tril_indices(len(places))
    # Also where F is the same at every point: R differs, so that what is left does.
    f = np.broadcast_to(f, (len(values), f.shape[1])).copy()
    lower = f.reshape(len(values), -1, rows.size)
    # v are periods of the group: A_vr is these rows of F, A_vv the same columns of them.
    cross = lower[:, own.groups][:, :, places[own.rows]]
    roots = _roots(problem, values, own.laws)
    out = _path_factor(roots, cross, cross[:, :, None, :, own.rows])
    # F loses cross_root'cross_root = A_rv R (sigma² I + R'A_vv R)^-1 R'A_vr, r its periods too.
    taken = out.cross_root.swapaxes(-1, -2) @ out.cross_root
    lower[:, own.groups] -= taken[:, :, rows, columns]
    values.known[group_processes_out, id(problem)] = out
    return f, out.log_det


def block_processes_out(
    problem: Pathed, values: Values, matrix: Array, onto: Array, inner: Array
) -> Array:
    """Take the processes that groups of a block share out of A, in place.

    Parameters
    ----------
    matrix : ndarray (B, block, rest, rest)
        A_rr, lower triangles.
    onto : ndarray (B, block, value, rest)
        A_vr.
    inner : ndarray (B, block, set, joint, joint)
        A_vv, lower triangles.

    Returns
    -------
    ndarray (B)
        Log determinants, not halved.
    """
    out = _path_factor(_roots(problem, values, problem.shared_paths), onto, inner)
    # A_rr loses A_rv R (sigma² I + R'A_vv R)^-1 R'A_vr.
    matrix -= out.cross_root.swapaxes(-1, -2) @ out.cross_root
    values.known[block_processes_out, id(problem)] = out
    return out.log_det
