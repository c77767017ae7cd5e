"""Cells of only one group, eliminated from its normal equations before other coefficients.

Step a of docs/gaussian.md, "Many cells". Let c be the rows of a group's F in the periods of such
cells, r its other rows and k = sigma²/tau². Their coefficients nu are eliminated by ``Y = (F_cc +
k)^-1 F_c:``. The remainder is ``F_rr - F_rc Y_r``. Rows c are kept, because time effects load on
these periods too, and become ``k Y``, without cancellation. The determinant of all coefficients has
the factor ``|F_cc + k|``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp.numerics.linear_gaussian._unit_matrices import back_solve, triangular_inverse
from bayes_nqp.numerics.linear_gaussian.problem_spec import Problem


@dataclass(frozen=True, eq=False)
class UnsharedCells:
    """Groups with the same number q of unshared cells.

    Parameters
    ----------
    order : ndarray of int (group, J)
        Rows of each group's normal equations, the periods of its unshared cells first.
    scale : ndarray of int (group, q)
        Number of each unshared cell's scale.
    place : ndarray of int (group, q)
        Position of its coefficient in (block, local), flat.
    """

    groups: Index
    order: Index
    scale: Index
    place: Index

    @property
    def count(self) -> int:
        """Return q, the number of unshared cells of each of these groups."""
        return int(self.scale.shape[1])


@dataclass(frozen=True, eq=False)
class Elimination:
    """Eliminated unshared cells of groups, at B points.

    Parameters
    ----------
    lower : ndarray (B, group, q, q)
        Cholesky factor L of F_cc + k.
    solved : ndarray (B, group, q, J)
        Y, in the order of each group's rows.
    """

    lower: Array
    solved: Array

    @property
    def log_det(self) -> Array:
        """Return ``log|F_cc + k|`` of all groups (B)."""
        diagonal = np.diagonal(self.lower, axis1=-2, axis2=-1)
        return 2.0 * np.asarray(np.log(diagonal).sum(axis=(1, 2)))

    def draw(self, fit: Array, noise: Array) -> Array:
        """Draw unshared cells: ``Y (y - X beta) + L^-T sigma z``.

        Parameters
        ----------
        fit : ndarray (B, group, J, times)
            Fitted values of the other coefficients, in the order of each group's rows; the outcome
            last, zero.
        noise : ndarray (B, group, q, times)
            ``sigma z``.
        """
        # nu | beta ~ N(Y (y - X beta), sigma² (F_cc + k)^-1); the outcome is Y's last column.
        mean = self.solved[..., -1:] - self.solved[..., :-1] @ fit[:, :, :-1]
        return np.asarray(mean + back_solve(self.lower, noise))


def eliminate(square: Array, prior: Array) -> Elimination:
    """Eliminate unshared cells from normal equations in place; lower triangles are valid after.

    Parameters
    ----------
    square : ndarray (B, group, J, J)
        F with unshared cells first.
    prior : ndarray (B, group, q)
        k = sigma²/tau².
    """
    q = prior.shape[2]
    cells = np.arange(q)
    rows = square[:, :, :q].copy()  # F_c: (B, group, q, J)
    inner = rows[..., :q].copy()
    inner[..., cells, cells] += prior  # F_cc + k: the precision of nu given all others.
    lower = np.linalg.cholesky(inner)
    root = triangular_inverse(lower)
    solved = root.swapaxes(-1, -2) @ (root @ rows)  # Y
    # Schur complement of the cells on all other rows, F_rr - F_rc Y_r.
    square[:, :, q:, q:] -= rows[..., q:].swapaxes(-1, -2) @ solved[..., q:]
    # On their own rows: F_c: - F_cc Y = (F_cc + k) Y - F_cc Y = k Y.
    complement = prior[..., None] * solved
    square[:, :, :q, :q] = complement[..., :q]
    square[:, :, q:, :q] = complement[..., q:].swapaxes(-1, -2)
    return Elimination(lower, solved)


def unshared_cells(problem: Problem, width: int, n_local: int) -> list[UnsharedCells]:
    """Find the cells that only one group has in one period; collect groups with equal numbers.

    Parameters
    ----------
    width : int
        J.
    n_local : int
        Local coefficients of the largest block.

    Returns
    -------
    list of UnsharedCells
        Of all groups; the first may have none.
    """
    # Users of each cell, counted by group and period: unshared cells have one.
    users = [np.zeros(b.n_cells, dtype=np.int64) for b in problem.blocks]
    for group in problem.groups:
        np.add.at(users[group.block], group.cells[group.cells >= 0], 1)
    # Index of the local coefficient of every cell of a block; -1 if it has none.
    local = []
    for b in problem.blocks:
        # A local coefficient has one slot; its place is that of the cell among the slots.
        number = np.full(b.columns.shape[0], -1)
        number[b.local_position] = np.arange(b.local_position.size)
        base = b.n_levels * problem.n_periods
        local.append(number[base : base + b.n_cells])
    periods, numbers = [], []
    # F_cc + k is a diagonal block of A + D: it has a factor wherever this matrix has one, also for
    # cells with a flat prior (k = 0).
    for group in problem.groups:
        treated = np.flatnonzero(group.cells >= 0)
        number = np.where(users[group.block] == 1, local[group.block], -1)[group.cells[treated]]
        periods.append(treated[number >= 0])
        numbers.append(number[number >= 0])
    sizes = np.array([p.size for p in periods])  # q of every group; equal q form a stack.
    return [
        _bucket(problem, np.flatnonzero(sizes == q), periods, numbers, width, n_local)
        for q in np.unique(sizes)
    ]


def _bucket(
    problem: Problem,
    members: Index,
    periods: Sequence[Index],
    numbers: Sequence[Index],
    width: int,
    n_local: int,
) -> UnsharedCells:
    """Return groups with equal numbers of unshared cells, their rows in the order c, r."""
    order, scale, place = [], [], []
    for g in members:
        block = problem.groups[g].block
        # c, then r in ascending order.
        order.append(np.r_[periods[g], np.setdiff1d(np.arange(width), periods[g])])
        scale.append(problem.blocks[block].local_scale[numbers[g]])
        place.append(block * n_local + numbers[g])  # Flat in (block, local).
    return UnsharedCells(members, np.array(order), np.array(scale), np.array(place))
