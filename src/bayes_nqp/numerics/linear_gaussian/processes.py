"""Processes on the time grid, eliminated from normal equations before the coefficients (5a).

``eta = R z`` with ``R = L [tau_1 R_1, …]``, z standard normal and L as in `path_laws`, mostly the
identity. With v the values eta and r all variables with common observations, the normal equations
lose

    ``A_rv R (sigma² I + R'A_vv R)^-1 R'A_vr``

and the log density ``log|M| / 2``: z is integrated out, and has the precision ``M = I + R'A_vv R /
sigma²`` given the observations and all other variables. Processes that groups of a block share are
eliminated from its A, where their values are local coefficients until then. A process of one group
is eliminated from its F at once, with v the periods and r all rows of F in place of those of A. P
places (groups, or blocks) have n processes each, of T values and q numbers z.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp.numerics.linear_gaussian._arrow_matrix import ArrowFactor
from bayes_nqp.numerics.linear_gaussian._unit_matrices import (
    half_solve,
    lower_indices,
    lower_places,
    symmetric,
)
from bayes_nqp.numerics.linear_gaussian.path_laws import OwnPaths
from bayes_nqp.numerics.linear_gaussian.problem_spec import Process
from bayes_nqp.numerics.linear_gaussian.types import Arrowhead, Values

type Inner = Sequence[Array]
"""A_vv: lower triangles of the first sets of processes with themselves (B, P, set, joint, joint),
the last processes with the first (B, P, last, first), the lower triangle of the last."""


@dataclass(frozen=True, eq=False)
class PathFactor:
    """Eliminated processes at B points, for their draws and for gradients.

    Parameters
    ----------
    root : ndarray (B, P, n, T, q)
        R / sigma of the n processes of each of P places.
    lower : ArrowFactor (B, P)
        Factor of M: sets of the first processes, such as shocks by cluster, are coupled only
        through the last, such as differential trends of all treated units.
    cross_root : ndarray (B, P, n q, rest)
        ``lower^-1 R'A_vr / sigma``, on all variables coupled with the processes, the outcome last.
    onto : ndarray (B, P, n T, rest)
        A_vr, before the elimination.
    inner : Inner
        A_vv, before the elimination.
    rest : ndarray (B, G J (J + 1) / 2), optional
        For processes of single groups: F of all groups after it, lower triangles.
    """

    root: Array
    lower: ArrowFactor
    cross_root: Array
    onto: Array
    inner: Inner
    rest: Array | None = None

    @property
    def log_det(self) -> Array:
        """Return ``log|M|`` over all places (B), not halved."""
        return np.asarray(self.lower.log_det.sum(axis=1))

    @property
    def n_numbers(self) -> int:
        """Return the number of standard normals of a place, n q."""
        return int(self.root.shape[2] * self.root.shape[-1])

    def values(self, fit: Array, z: Array) -> Array:
        """Draw values given other variables.

        They are ``R M^-1 R'(A_vy - A_vr beta) / sigma² + R lower^-T z``.

        Parameters
        ----------
        fit : ndarray (B, P, rest, times)
            Coefficients coupled with the processes; zero for the outcome.
        z : ndarray (B, P, n q, times), multiples of s
            Standard normal, times sigma.

        Returns
        -------
        ndarray (B, P, n T, times), multiples of s
            Process after process.
        """
        # lower^-1 R'(A_vy - A_vr beta) / sigma + sigma z, and z of the process by lower^-T.
        right = self.cross_root[..., -1:] - self.cross_root @ fit + z
        numbers = self.lower.back_solve(right)  # sigma z of the process.
        points, places, n, n_periods, q = self.root.shape
        out = self.root @ numbers.reshape(points, places, n, q, -1)
        return np.asarray(out.reshape(points, places, n * n_periods, -1))

    def perturbed(self, errors: Array, white: Array) -> tuple[Array, Array]:
        """Return the reduction of ``X'Q̃ e`` by processes that are drawn together with errors.

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
        noise = self.lower.half_solve(inner.reshape(points, places, n * q, -1) + white)
        return self.cross_root.swapaxes(-1, -2) @ noise, noise

    def functional(self, loads: Array) -> tuple[Array, Array, Array]:
        """Write a functional of processes in terms of all variables coupled with them.

        Parameters
        ----------
        loads : ndarray (B, P, n T, r)
            Loadings on the processes' values.

        Returns
        -------
        tuple of ndarray (B, r), (B, P, rest, r) and (B, r)
            Its mean if the other variables are zero, the reduction of the loadings on these, and
            its variance over ``sigma²``.
        """
        points, places, n, n_periods, q = self.root.shape
        # l'eta = l'R z: with w = lower^-1 R'l / sigma, mean w'cross_root (-beta, 1), variance
        # sigma² w'w.
        turned = self.root.swapaxes(-1, -2) @ loads.reshape(points, places, n, n_periods, -1)
        w = self.lower.half_solve(turned.reshape(points, places, n * q, -1))
        off = self.cross_root.swapaxes(-1, -2) @ w
        return off[:, :, -1].sum(axis=1), off, (w**2).sum(axis=(1, 2))


def _path_factor(root: Array, cross: Array, inner: Inner) -> PathFactor:
    """Eliminate processes, with the factor of ``M = I + R'A_vv R / sigma²``.

    Parameters
    ----------
    root : ndarray (B, P, n, T, q)
        R / sigma.
    cross : ndarray (B, P, n T, rest)
        A_vr.
    inner : Inner
        A_vv.
    """
    points, places, n, n_periods, q = root.shape
    blocks, side, corner = meetings(inner, n_periods)
    first, last = of_sets(root, blocks), root[:, :, n - corner.shape[2] :]
    n_last, size = last.shape[2] * q, first.shape[-1]
    # R'A_vr / sigma, process by process of each place: (B, P, n q, rest).
    cross_root = root.swapaxes(-1, -2) @ cross.reshape(points, places, n, n_periods, -1)
    # R_k'(A_vv)_kl R_l / sigma² and the prior precision of z, I: D of the first sets with
    # themselves, C of the last processes with these, E of the last, T × T each a q × q.
    d = first.swapaxes(-1, -2) @ blocks @ first + np.eye(size)
    left, shape = last.swapaxes(-1, -2)[:, :, :, None], (points, places, n_last)
    c = (left @ side @ first[:, :, None]).swapaxes(3, 4).reshape(*shape, blocks.shape[2] * size)
    e = (left @ corner @ last[:, :, None]).swapaxes(3, 4).reshape(*shape, n_last)
    lower = ArrowFactor.of(d, c, e + np.eye(n_last))
    cross_root = lower.half_solve(cross_root.reshape(points, places, n * q, -1))
    return PathFactor(root, lower, cross_root, cross, inner)


def _single_factor(root: Array, cross: Array, rows: Index) -> PathFactor:
    """Eliminate one process from each group, with the factor of M.

    Parameters
    ----------
    root : ndarray (B, P, 1, T, q)
        R / sigma.
    cross : ndarray (B, P, T, rest)
        A_vr.
    rows : ndarray of int (T)
        Positions of the process's values among the variables of its group.
    """
    points, places, _, n_periods, q = root.shape
    transpose = root[:, :, 0].swapaxes(-1, -2)
    # A_vv are columns of A_vr, so that R'A_vv R = (R'A_vr)_v R.
    turned = transpose @ cross
    precision = turned[..., rows] @ root[:, :, 0]
    np.einsum("...ii->...i", precision)[:] += 1.0
    lower = np.linalg.cholesky(precision)
    none = np.zeros((points, places, 0, n_periods))
    factor = ArrowFactor(lower[:, :, None], none[..., :q], none[..., :0])
    inner = (cross[:, :, None, :, rows], none, none[..., :0])
    return PathFactor(root, factor, half_solve(lower, turned), cross, inner)


def meetings(inner: Inner, n_periods: int) -> tuple[Array, Array, Array]:
    """Return A_vv by sets and coupled processes, symmetric.

    Returns
    -------
    tuple of ndarray
        The first sets with themselves (B, P, set, joint, joint); the last processes with these
        (B, P, last, set, T, joint), and with one another (B, P, last, last, T, T).
    """
    blocks, side, corner = symmetric(inner[0]), inner[1], symmetric(inner[2])
    points, places, sets, joint, _ = blocks.shape
    last = corner.shape[-1] // n_periods
    side = side.reshape(points, places, last, n_periods, sets, joint)
    corner = corner.reshape(points, places, last, n_periods, last, n_periods)
    return blocks, side.swapaxes(3, 4), corner.swapaxes(3, 4)


def of_sets(root: Array, blocks: Array) -> Array:
    """Return roots of the first sets, block diagonal over the processes of each.

    Parameters
    ----------
    root : ndarray (B, P, n, T, q)
        R / sigma of all processes.
    blocks : ndarray (B, P, set, joint, joint)
        D, A_vv of the first sets; its shape gives the number of processes of a set.

    Returns
    -------
    ndarray (B, P, set, joint, joint / T q)
        R / sigma of each set.
    """
    points, places, _, n_periods, q = root.shape
    sets, number = blocks.shape[2], blocks.shape[3] // n_periods
    out = np.zeros((points, places, sets, number, n_periods, number, q))
    by_set = root[:, :, : sets * number].reshape(points, places, sets, number, n_periods, q)
    for j in range(number):
        out[:, :, :, j, :, j] = by_set[:, :, :, j]
    return out.reshape(points, places, sets, number * n_periods, number * q)


class Pathed(Protocol):
    """A problem with processes: one equation, or several stacked."""

    @property
    def arrowhead(self) -> Arrowhead:
        """Return the coefficients."""

    @property
    def processes(self) -> Sequence[Process]:
        """Return the laws of processes."""

    @property
    def own_paths(self) -> OwnPaths:
        """Return the processes of single groups."""

    @property
    def shared_paths(self) -> Sequence[tuple[int, ...]]:
        """Return laws of every block's processes, -1 for none."""

    @property
    def n_periods(self) -> int:
        """Return T."""

    @property
    def width(self) -> int:
        """Return J."""


def _roots(problem: Pathed, values: Values, laws: Sequence[Sequence[int]]) -> Array:
    """Return R / sigma of the processes of each place (B, P, n, T, q), zero for padding."""
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
    """Eliminate the processes of single groups from their normal equations.

    Parameters
    ----------
    f : ndarray (B, G J (J + 1) / 2)
        F, lower triangles, of all groups; B is 1 if they are the same at every point.

    Returns
    -------
    tuple of ndarray (B, G J (J + 1) / 2) and ndarray (B)
        F without them, and their log determinants, not halved.
    """
    paths = problem.own_paths
    if not paths.groups.size:
        return f, np.zeros(len(values))
    places = lower_places(problem.width)
    rows, columns = lower_indices(len(places))
    # Also if F is the same at every point: R differs, and so does the result.
    f = np.broadcast_to(f, (len(values), f.shape[1])).copy()
    lower = f.reshape(len(values), -1, rows.size)
    # v are periods of the group: A_vr is these rows of F, A_vv the same columns of them.
    cross = lower[:, paths.groups][:, :, places[paths.rows]]
    roots = _roots(problem, values, paths.laws)
    if roots.shape[2] == 1:
        out = _single_factor(roots, cross, paths.rows)
    else:
        none = np.zeros((*cross.shape[:2], 0, paths.rows.size))
        out = _path_factor(roots, cross, (cross[:, :, None, :, paths.rows], none, none[..., :0]))
    # Less cross_root'cross_root = A_rv R (sigma² I + R'A_vv R)^-1 R'A_vr; r includes its periods.
    taken = out.cross_root.swapaxes(-1, -2) @ out.cross_root
    lower[:, paths.groups] -= taken[:, :, rows, columns]
    values.known[group_processes_out, id(problem)] = replace(out, rest=f)
    return f, out.log_det


def block_processes_out(
    problem: Pathed, values: Values, matrix: Array, onto: Array, inner: Inner
) -> Array:
    """Eliminate the processes that groups of a block share from A, in place.

    Parameters
    ----------
    matrix : ndarray (B, block, rest, rest)
        A_rr, lower triangles.
    onto : ndarray (B, block, value, rest)
        A_vr.
    inner : Inner
        A_vv.

    Returns
    -------
    ndarray (B)
        Log determinants, not halved.
    """
    out = _path_factor(_roots(problem, values, problem.shared_paths), onto, inner)
    # Subtract A_rv R (sigma² I + R'A_vv R)^-1 R'A_vr from A_rr.
    matrix -= out.cross_root.swapaxes(-1, -2) @ out.cross_root
    values.known[block_processes_out, id(problem)] = out
    return out.log_det
