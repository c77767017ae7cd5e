"""Processes on the time grid, taken out of normal equations before the coefficients (5a).

``eta = D z`` with ``D = L [tau_1 D_1, …]``, z standard normal and L as in `path_laws`, mostly the
identity. Where C are the normal equations of the process's periods with everything that they meet,
these lose

    ``C D (sigma² I + D'HD)^-1 D'C'``,  H the process's own part of C,

and the log density ``log|I + D'HD / sigma²| / 2``: z integrated out, whose precision given the rows
and all else is ``M = I + D'HD / sigma²``. A process of one group comes off its F; one that
groups of a block share comes off A, where its values are local coefficients until then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from bayes_nqp.arrays import Array
from bayes_nqp.gaussian._small import back_solve, half_solve, lower_inverse, lower_places
from bayes_nqp.gaussian.problem import GaussianProblem
from bayes_nqp.gaussian.types import Values

__all__ = ["PathFactor", "block_processes_out", "group_processes_out"]


@dataclass(frozen=True, eq=False)
class PathFactor:
    """Processes that were taken out at B points: what draws of them need.

    Parameters
    ----------
    root : ndarray (B, P, n, T, q)
        D / sigma of the n processes of each of P places.
    lower : ndarray (B, P, m, n q / m, n q / m)
        Cholesky factor of ``I + D'HD / sigma²``: m blocks of it, one a process where no group has
        two, as of shocks by cluster; otherwise one.
    cross_root : ndarray (B, P, n q, L)
        ``lower^-1 D'C' / sigma``, on the L that the processes meet, the outcome last.
    """

    root: Array
    lower: Array
    cross_root: Array

    @property
    def log_det(self) -> Array:
        """``log|I + D'HD / sigma²|`` over all places (B)."""
        diagonal = np.diagonal(self.lower, axis1=-2, axis2=-1)
        return np.asarray(2.0 * np.log(diagonal).sum(axis=(1, 2, 3)))

    @property
    def n_numbers(self) -> int:
        """Standard normal numbers of a place, n q."""
        return int(self.root.shape[2] * self.root.shape[4])

    def _by_block(self, solve: Callable[[Array, Array], Array], right: Array) -> Array:
        """Solve with the blocks of ``lower`` (B, P, n q, r)."""
        # n q rows are m blocks of n q / m.
        parts = right.reshape(*self.lower.shape[:4], -1)
        return solve(self.lower, parts).reshape(right.shape)

    def values(self, fit: Array, z: Array) -> Array:
        """Values given all else, ``D M^-1 D'(C_y - C beta) / sigma² + D M^-1/2 z``.

        Parameters
        ----------
        fit : ndarray (B, P, L, times)
            Coefficients that the processes meet; zero for the outcome.
        z : ndarray (B, P, n q, times), multiples of s
            Standard normal, times sigma.

        Returns
        -------
        ndarray (B, P, n T, times), multiples of s
            Process after process.
        """
        # lower^-1 D'(C_y - C beta) / sigma + sigma z, and z of the process by lower^-T.
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
        tuple of ndarray (B, P, L, times) and ndarray (B, P, n q, times)
            ``C D M^-1 (D'X'Q̃ e / sigma + z) / sigma``, and noise of the processes, standard
            normal again.
        """
        # D'X'Q̃e / sigma + z has covariance D'HD / sigma² + I = M: lower^-1 of it is white, and
        # X'Q̃e less C D / sigma times M^-1 of it is uncorrelated with it.
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
        tuple of ndarray (B, r), (B, P, L, r) and (B, r)
            Its mean where all else is zero, what comes off the loadings on all else, and its
            variance over ``sigma²``.
        """
        points, places, n, n_periods, q = self.root.shape
        # l'eta = l'D z: with w = lower^-1 D'l / sigma, mean w' cross_root (y - beta), variance
        # sigma² w'w.
        turned = self.root.swapaxes(-1, -2) @ loads.reshape(points, places, n, n_periods, -1)
        w = self._by_block(half_solve, turned.reshape(points, places, n * q, -1))
        off = self.cross_root.swapaxes(-1, -2) @ w
        return off[:, :, -1].sum(axis=1), off, (w**2).sum(axis=(1, 2))


def _path_factor(root: Array, cross: Array, inner: Array) -> PathFactor:
    """Take processes out of what they meet: the factor of ``M = I + D'HD / sigma²``.

    Parameters
    ----------
    root : ndarray (B, P, n, T, q)
        D / sigma.
    cross : ndarray (B, P, n T, L)
        C'.
    inner : ndarray (B, P, m, n T / m, n T / m)
        Lower triangles of the m blocks of H that are not zero.
    """
    points, places, n, n_periods, q = root.shape
    m = inner.shape[2]
    transpose = root.swapaxes(-1, -2)
    # D'C' / sigma, process by process of each place: (B, P, n, q, L).
    cross_root = transpose @ cross.reshape(points, places, n, n_periods, -1)
    # H of each block, symmetric, by pairs of its processes: (B, P, m, n/m, n/m, T, T).
    square = np.tril(inner) + np.tril(inner, -1).swapaxes(-1, -2)
    square = square.reshape(points, places, m, n // m, n_periods, n // m, n_periods).swapaxes(4, 5)
    # D'HD / sigma² by pairs of processes: H is (n/m, n/m) pairs of T × T in each of m blocks.
    of_block = (points, places, m, n // m, -1)
    left, right = transpose.reshape(*of_block, n_periods), root.reshape(*of_block, q)
    square = left.reshape(points, places, m, n // m, 1, q, n_periods) @ square
    square = square @ right.reshape(points, places, m, 1, n // m, n_periods, q)
    # From pairs of q × q back to one matrix a block, and the prior precision of z, I.
    size = n // m * q
    square = square.swapaxes(4, 5).reshape(points, places, m, size, size) + np.eye(size)
    lower = np.linalg.cholesky(square)
    # The inverse of a small factor, and a product, are quicker than a system of many right sides.
    cross_root = lower_inverse(lower) @ cross_root.reshape(points, places, m, size, -1)
    return PathFactor(root, lower, cross_root.reshape(points, places, n * q, -1))


def _roots(problem: GaussianProblem, values: Values, laws: Sequence[Sequence[int]]) -> Array:
    """D / sigma of the processes of each place (B, P, n, T, q), zero where there are fewer."""
    n, q = max(map(len, laws)), max(process.size for process in problem.processes)
    out = np.zeros((len(values), len(laws), n, problem.moments.n_periods, q))
    for number, process in enumerate(problem.processes):
        root = process.root(values.tau, values.processes) / values.sigma[:, None, None]
        for place, row in enumerate(laws):
            for k, law in enumerate(row):
                if law == number:
                    out[:, place, k, :, : process.size] = root
    return out


def group_processes_out(problem: GaussianProblem, values: Values, f: Array) -> tuple[Array, Array]:
    """Take the processes of single groups out of their normal equations.

    Parameters
    ----------
    f : ndarray (B, G J (J + 1) / 2)
        F, lower triangles, of all groups; B is 1 where they are the same at every point.

    Returns
    -------
    tuple of ndarray (B, G J (J + 1) / 2) and ndarray (B)
        F without them, and their log determinants.
    """
    assert problem.placement is not None
    laws = problem.placement.by_group
    groups, n_periods = np.flatnonzero(laws >= 0), problem.moments.n_periods
    if not groups.size:
        return f, np.zeros(len(values))
    places = lower_places(problem.moments.width)
    rows, columns = np.tril_indices(len(places))
    # Also where F is the same at every point: D differs, so that what is left does.
    f = np.broadcast_to(f, (len(values), f.shape[1])).copy()
    lower = f.reshape(len(values), -1, rows.size)
    # The process has the group's periods: C' is F's first T rows, H the first T columns of these.
    cross = lower[:, groups][:, :, places[:n_periods]]
    roots = _roots(problem, values, [(law,) for law in laws[groups].tolist()])
    out = _path_factor(roots, cross, cross[:, :, None, :, :n_periods])
    # F loses cross_root'cross_root = C D (sigma² I + D'HD)^-1 D'C'.
    taken = out.cross_root.swapaxes(-1, -2) @ out.cross_root
    lower[:, groups] -= taken[:, :, rows, columns]
    values.known[group_processes_out, id(problem)] = out
    return f, out.log_det


def block_processes_out(
    problem: GaussianProblem, values: Values, matrix: Array, onto: Array, inner: Array
) -> Array:
    """Take the processes that groups of a block share out of A, in place.

    Parameters
    ----------
    matrix : ndarray (B, block, n, n)
        A of all that they meet, lower triangles.
    onto : ndarray (B, block, value, n)
        Of their values, on that.
    inner : ndarray (B, block, m, joint, joint)
        Of their values on one another, lower triangles.

    Returns
    -------
    ndarray (B)
        Log determinants.
    """
    assert problem.placement is not None
    out = _path_factor(_roots(problem, values, problem.placement.shared), onto, inner)
    # A_oo loses A_ov D (sigma² I + D'A_vv D)^-1 D'A_vo.
    matrix -= out.cross_root.swapaxes(-1, -2) @ out.cross_root
    values.known[block_processes_out, id(problem)] = out
    return out.log_det
