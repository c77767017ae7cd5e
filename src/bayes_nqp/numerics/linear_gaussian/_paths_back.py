"""Gradient with respect to processes: `processes` in reverse order, as in `gradient`.

With ``K = M^-1 R'A_vr / sigma``, where R is divided by sigma here, variables z that are integrated
out have

    M̄ = K Ā K' - M^-1 / 2,   c̄ = -2 K Ā  of  c = R'A_vr / sigma,

and M = I + R'A_vv R / sigma² and c pass these on: ``Ā_vv = R M̄ R'``, ``Ā_vr = R c̄``, and for the
columns R_l of process l ``R̄_l = 2 sum_k (A_vv)_lk R_k M̄_kl + (A_vr)_l c̄_l'``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bayes_nqp._core.arrays import Array
from bayes_nqp.numerics.linear_gaussian._slopes import Slopes
from bayes_nqp.numerics.linear_gaussian._unit_matrices import lower_places
from bayes_nqp.numerics.linear_gaussian.processes import (
    Inner,
    Pathed,
    PathFactor,
    block_processes_out,
    group_processes_out,
    meetings,
    of_sets,
)
from bayes_nqp.numerics.linear_gaussian.types import Values


class PathsBack:
    """Gradients from normal equations without processes to those with them, and to their laws.

    Parameters
    ----------
    values : Values
        Values at which processes were integrated out.
    """

    def __init__(self, problem: Pathed, values: Values) -> None:
        self.problem, self.values = problem, values
        self.roots: dict[int, Array] = {}  # Adjoints of R / sigma, by the index of the law.

    def of_blocks(self, matrix: Array) -> Array:
        """Return the adjoint of all coordinates of A, including values of processes."""
        head = self.problem.arrowhead
        out: PathFactor = self.values.known[block_processes_out, id(self.problem)]
        roots, cross, inner = _processes_in(out, matrix)
        self._keep(roots, self.problem.shared_paths)
        full = np.zeros((len(matrix), head.n_blocks, head.size, head.size))
        beside, values = head.beside_values, np.arange(head.n_proper, head.n_local)
        full[:, :, beside[:, None], beside] = matrix
        full[:, :, values[:, None], beside] = 0.5 * cross
        full[:, :, beside[:, None], values] = 0.5 * cross.swapaxes(-1, -2)
        blocks, side, corner = inner
        first, last = values[: head.n_apart], values[head.n_apart :]
        for k, joint in enumerate(first.reshape(-1, head.n_joint)):
            full[:, :, joint[:, None], joint] = blocks[:, :, k]
        full[:, :, last[:, None], first] = side
        full[:, :, first[:, None], last] = side.swapaxes(-1, -2)
        full[:, :, last[:, None], last] = corner
        return full

    def of_groups(self, square: Array) -> None:
        """Turn F̄ without groups' own processes into that with them, in place.

        With ``K = R R'/sigma²``, F' the equations without the processes and t their rows,
        ``dF' = C'dF C - F'_:t dK F'_t:`` and ``C = I - P K F'_t:``, so that ``K̄ = -F'_t: F̄' F'_:t -
        F'_tt / 2`` and ``F̄ = C F̄' C' - P (K - K F'_tt K) P'/2``.
        """
        paths = self.problem.own_paths
        if not paths.groups.size:
            return
        out: PathFactor = self.values.known[group_processes_out, id(self.problem)]
        assert out.rest is not None
        places, rows = lower_places(square.shape[-1]), paths.rows
        lower = out.rest.reshape(len(square), square.shape[1], -1)
        n_periods = out.root.shape[3]
        for laws in sorted(set(paths.laws)):
            which = [place for place, others in enumerate(paths.laws) if others == laws]
            groups = paths.groups[which]
            roots = {
                k: out.root[:, which[0], k, :, : self.problem.processes[law].size]
                for k, law in enumerate(laws)
                if law >= 0
            }
            # K, block diagonal over the processes of a group and the same in all of these groups.
            covariance = np.zeros((len(square), 1, rows.size, rows.size))
            for k, root in roots.items():
                part = slice(k * n_periods, (k + 1) * n_periods)
                covariance[:, 0, part, part] = root @ root.swapaxes(-1, -2)
            x, rest = square[:, groups], lower[:, groups][:, :, places[rows]]  # F̄' and F'_t:
            onto = rest @ x
            adjoint = -(onto @ rest.swapaxes(-1, -2)) - 0.5 * rest[..., rows]  # K̄
            moved = covariance @ onto
            x[:, :, rows] -= moved
            x[..., rows] -= moved.swapaxes(-1, -2)
            x[:, :, rows[:, None], rows] -= covariance @ adjoint @ covariance + 0.5 * covariance
            square[:, groups] = x
            total = adjoint.sum(axis=1)
            for k, root in roots.items():  # R̄ = 2 K̄ R
                part = slice(k * n_periods, (k + 1) * n_periods)
                self._add(laws[k], 2.0 * total[:, part, part] @ root)

    def _add(self, law: int, adjoint: Array) -> None:
        """Add an adjoint of R / sigma of one law (B, T, q)."""
        self.roots[law] = self.roots[law] + adjoint if law in self.roots else adjoint

    def _keep(self, roots: Array, laws: Sequence[Sequence[int]]) -> None:
        """Sum adjoints of R / sigma (B, P, n, T, q) over the processes of each law."""
        for place, row in enumerate(laws):
            for k, law in enumerate(row):
                if law >= 0:
                    self._add(law, roots[:, place, k, :, : self.problem.processes[law].size])

    def along(self, around: Slopes, beside: Values) -> Array:
        """Return the contribution of laws of processes to a gradient (B, parameter).

        Parameters
        ----------
        beside : Values
            At the points of `around`.
        """
        slope = np.zeros(around.shape[:0:-1])
        for law, adjoint in self.roots.items():
            root = self.problem.processes[law].root(beside.tau, beside.processes)
            slope += around.along(root / beside.sigma[:, None, None], adjoint)
        return slope


type Pairs = tuple[Array, Array, Array]
"""By sets and coupled processes: the first sets with themselves, the last processes with these and
with one another, as in `meetings`."""


def _processes_in(out: PathFactor, matrix: Array) -> tuple[Array, Array, Inner]:
    """Return adjoints of the inputs of an elimination from those of its result (B, P, rest, rest).

    Returns
    -------
    tuple of ndarray (B, P, n, T, q), ndarray (B, P, n T, rest) and Inner
        Adjoints of R / sigma, A_vr and A_vv.
    """
    points, places, n, n_periods, q = out.root.shape
    pairs = meetings(out.inner, n_periods)
    first, last = of_sets(out.root, pairs[0]), out.root[:, :, n - pairs[2].shape[2] :]
    # K Ā, of which c̄ = -2 K Ā.
    k = out.lower.back_solve(out.cross_root)
    onto = k @ matrix
    precision = _precision(out, k, onto, pairs)
    by_process = onto.reshape(points, places, n, q, -1)
    # R̄_l: (A_vr)_l c̄_l', and for A_vv the terms of coupled processes.
    cross = out.onto.reshape(points, places, n, n_periods, -1)
    roots = -2.0 * cross @ by_process.swapaxes(-1, -2) + _of_roots(pairs, first, last, precision)
    # Ā_vv = R M̄ R'.
    left = last[:, :, :, None]
    values = (
        first @ precision[0] @ first.swapaxes(-1, -2),
        left @ precision[1] @ first[:, :, None].swapaxes(-1, -2),
        left @ precision[2] @ last[:, :, None].swapaxes(-1, -2),
    )
    inner = [values[0]] + [
        x.swapaxes(3, 4).reshape(y.shape) for x, y in zip(values[1:], out.inner[1:], strict=True)
    ]
    return roots, (-2.0 * out.root @ by_process).reshape(out.onto.shape), inner


def _precision(out: PathFactor, k: Array, onto: Array, pairs: Pairs) -> Pairs:
    """Compute ``M̄ = K Ā K' - M^-1 / 2`` where A_vv is not zero.

    Parameters
    ----------
    k, onto : ndarray (B, P, n q, rest)
        K and K Ā.
    """
    points, places, n, _, q = out.root.shape
    sets, n_last, size = pairs[0].shape[2], pairs[2].shape[2], out.lower.own.shape[-1]
    cut, width = (n - n_last) * q, k.shape[-1]
    # For the first sets (B, P, set, n q / sets, rest), and for the last processes.
    k_first, onto_first = (
        x[:, :, :cut].reshape(points, places, sets, size, width) for x in (k, onto)
    )
    k_last, onto_last = (x[:, :, cut:].reshape(points, places, n_last, q, width) for x in (k, onto))
    inverse, side, corner = out.lower.inverse()
    rows, left = (points, places, n_last, q), onto_last[:, :, :, None]
    return (
        onto_first @ k_first.swapaxes(-1, -2) - 0.5 * inverse,
        left @ k_first.swapaxes(-1, -2)[:, :, None]
        - 0.5 * side.reshape(*rows, sets, size).swapaxes(3, 4),
        left @ k_last.swapaxes(-1, -2)[:, :, None]
        - 0.5 * corner.reshape(*rows, n_last, q).swapaxes(3, 4),
    )


def _of_roots(pairs: Pairs, first: Array, last: Array, precision: Pairs) -> Array:
    """Compute ``2 sum_k (A_vv)_lk R_k M̄_kl`` of every process l (B, P, n, T, q).

    Parameters
    ----------
    first : ndarray (B, P, set, joint, n q / sets)
        R of the first sets.
    last : ndarray (B, P, last, T, q)
        R of the last processes.
    """
    (a_own, a_side, a_corner), (m_own, m_side, m_corner) = pairs, precision
    points, places, n_last, n_periods, q = last.shape
    sets, number = a_own.shape[2], a_own.shape[3] // n_periods
    by_set = a_own @ first @ m_own
    by_set += (a_side.swapaxes(-1, -2) @ last[:, :, :, None] @ m_side).sum(axis=2)
    # The diagonal blocks of a set: those of its processes.
    blocks = by_set.reshape(points, places, sets, number, n_periods, number, q)
    out = np.empty((points, places, sets * number + n_last, n_periods, q))
    for j in range(number):
        out[:, :, j : sets * number : number] = blocks[:, :, :, j, :, j]
    out[:, :, sets * number :] = (
        (a_side @ first[:, :, None] @ m_side.swapaxes(-1, -2)).sum(axis=3)
        + (a_corner @ last[:, :, None] @ m_corner.swapaxes(-1, -2)).sum(axis=3)
    )  # fmt: skip
    return 2.0 * out
