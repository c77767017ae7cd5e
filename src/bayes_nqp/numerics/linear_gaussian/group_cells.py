"""Unshared cells, integrated out of their group's normal equations before all other coefficients.

A cell of only one group in one period (`unshared_cells`) has the prior precision ``k =
sigma²/tau²`` and loads on one row c of its group's F. With ``S = F_cc + k`` and ``Y = S^-1 F_c:``
(docs/gaussian.md, "Many cells"),

- F becomes ``C'F C + Y'k Y`` with ``C = I - P Y``, P the columns c of the identity: ``F - F_:c Y``,
  with the rows ``k Y`` in place of c, which need no difference of large numbers;
- the log density loses ``(log|S| - sum log k) / 2``, with ``2 pi sigma²`` in place of ``k = 0``
  for cells with a flat prior;
- given all other variables the cells are ``Y e_y - Y fit + S^-1/2 sigma z``;
- adjoints are ``F̄ = C F̄' C' - P S^-1 P'/2`` and ``k̄ = diag(Y F̄' Y' - S^-1/2) + 1/(2 k)``.

All later steps, such as processes, then have as few coefficients as a design without such cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp.numerics.linear_gaussian._unit_matrices import (
    lower_indices,
    lower_inverse,
    lower_places,
)
from bayes_nqp.numerics.linear_gaussian.layout import layout_of
from bayes_nqp.numerics.linear_gaussian.linear_part import LinearPart
from bayes_nqp.numerics.linear_gaussian.problem_spec import Problem
from bayes_nqp.numerics.linear_gaussian.types import PADDING, Arrowhead, Values
from bayes_nqp.numerics.linear_gaussian.unshared_cells import unshared_cells
from bayes_nqp.numerics.parameters import FLAT

_STEP = 8
"""Cells by which groups of a stack may differ: padding costs less than small stacks."""
MANY_CELLS = 40
"""Unshared cells from which this is faster.

Microseconds a gradient without and with: 36 cells, 226 and 207; 126, 532 and 325. With differential
trends, 36, 473 and 373; 126, 1,345 and 914; 392 of 34 cohorts, 40,000 and 8,000.
"""


@dataclass(frozen=True, eq=False)
class CellStack:
    """Groups with similar numbers of unshared cells, padded to q.

    Parameters
    ----------
    groups : ndarray of int (group)
        Their numbers.
    period, scale, place : ndarray of int (group, q)
        Row of each cell in F, the number of its scale, and its position in (block, local), flat; 0,
        `PADDING` and 0 for padding.
    slot : ndarray of int (group, q)
        Its slot among those of all blocks; 0 for padding.
    width : int
        J.
    """

    groups: Index
    period: Index
    scale: Index
    place: Index
    slot: Index
    width: int

    @cached_property
    def present(self) -> tuple[Index, Index]:
        """Return positions of cells that are no padding, in (group, q)."""
        group, number = np.nonzero(self.scale != PADDING)
        return group, number

    @cached_property
    def at_cells(self) -> Array:
        """Return P' of every group (group, q, J): one in each cell's row of F."""
        out = np.zeros((*self.period.shape, self.width))
        group, number = self.present
        out[group, number, self.period[group, number]] = 1.0
        return out


@dataclass(frozen=True, eq=False)
class StackFactor:
    """Cells of one stack at B points.

    Parameters
    ----------
    prior : ndarray (B, group, q)
        k.
    log_prior : ndarray (B)
        Sum of ``log k`` over all cells, ``log 2 pi sigma²`` for those with a flat prior.
    root : ndarray (B, group, q, q)
        ``L^-1`` with ``L L' = S``.
    solved : ndarray (B, group, q, J)
        Y.
    """

    prior: Array
    log_prior: Array
    root: Array
    solved: Array

    @property
    def log_det(self) -> Array:
        """Return ``log|S| - sum log k`` of all groups (B)."""
        diagonal = np.diagonal(self.root, axis1=-2, axis2=-1)
        return np.asarray(-2.0 * np.log(diagonal).sum(axis=(1, 2)) - self.log_prior)


@dataclass(frozen=True, eq=False)
class GroupCells:
    """All unshared cells of a problem, and the layout of the other coefficients.

    Parameters
    ----------
    stacks : sequence of CellStack
        Groups with such cells.
    arrowhead : Arrowhead
        The other coefficients.
    whole : Arrowhead
        All coefficients.
    others : ndarray of int (block, local)
        Positions of other local coefficients among all of their block, -1 for padding.
    """

    stacks: Sequence[CellStack]
    arrowhead: Arrowhead
    whole: Arrowhead
    others: Index

    @property
    def width(self) -> int:
        """Return J."""
        return self.stacks[0].width

    @property
    def n_squares(self) -> int:
        """Return the count of entries of F of all groups with cells, in squares."""
        return sum(stack.groups.size for stack in self.stacks) * self.width**2

    @property
    def n_numbers(self) -> int:
        """Return the count of a draw's standard normal numbers, padding included."""
        return sum(stack.period.size for stack in self.stacks)

    def draw(
        self, factors: Sequence[StackFactor], fits: Array, positions: Array, local: Array, z: Array
    ) -> Array:
        """Draw cells given all other variables, and add them to fitted values and slots, in place.

        Parameters
        ----------
        fits : ndarray (B, G, J, times)
            Fitted values of other variables.
        positions : ndarray (B, slot, times)
            Values of slots.
        local : ndarray (B, block, local, times)
            Other local coefficients.
        z : ndarray (B, number, times)
            Standard normal, times sigma.

        Returns
        -------
        ndarray (B, block, local, times)
            All local coefficients.
        """
        n_points, times, start = len(z), z.shape[2], 0
        every = np.zeros((n_points, self.whole.n_blocks, self.whole.n_local, times))
        block, number = np.nonzero(self.others >= 0)
        every[:, block, self.others[block, number]] = local[:, block, number]
        flat = every.reshape(n_points, -1, times)
        for stack, factor in zip(self.stacks, factors, strict=True):
            stop = start + stack.period.size
            noise = z[:, start:stop].reshape(*factor.prior.shape, times)
            # nu | beta ~ N(Y (e_y - fit), sigma² S^-1): Y of the outcome is its last column.
            drawn = factor.solved[..., -1:] - factor.solved[..., :-1] @ fits[:, stack.groups, :-1]
            drawn += factor.root.swapaxes(-1, -2) @ noise
            group, number = stack.present
            drawn = drawn[:, group, number]
            flat[:, stack.place[group, number]] = drawn
            positions[:, stack.slot[group, number]] += drawn
            fits[:, stack.groups[group], stack.period[group, number]] += drawn
            start = stop
        return every


def group_cells(problem: Problem, whole: Arrowhead) -> GroupCells:
    """Collect the unshared cells of a problem, and lay out all other coefficients."""
    width = problem.n_periods + problem.n_columns + 1
    buckets = [b for b in unshared_cells(problem, width, whole.n_local) if b.count]
    starts = np.cumsum([0, *(block.columns.shape[0] for block in problem.blocks)])
    stacks = []
    for size in sorted({-(-bucket.count // _STEP) for bucket in buckets}):
        near = [bucket for bucket in buckets if -(-bucket.count // _STEP) == size]
        shape = sum(b.groups.size for b in near), max(b.count for b in near)
        period, place, slot = (np.zeros(shape, dtype=np.int64) for _ in range(3))
        scale, first = np.full(shape, PADDING), 0
        for bucket in near:
            rows, q = slice(first, first + bucket.groups.size), bucket.count
            period[rows, :q], scale[rows, :q] = bucket.order[:, :q], bucket.scale
            place[rows, :q] = bucket.place
            for row, flat in zip(range(rows.start, rows.stop), bucket.place, strict=True):
                block, local = int(flat[0]) // whole.n_local, flat % whole.n_local
                slot[row, :q] = starts[block] + problem.blocks[block].local_position[local]
            first = rows.stop
        groups = np.concatenate([bucket.groups for bucket in near])
        stacks.append(CellStack(groups, period, scale, place, slot, width))
    places = np.concatenate([bucket.place.ravel() for bucket in buckets])
    kept = [
        np.setdiff1d(np.arange(block.local_position.size), places - k * whole.n_local)
        for k, block in enumerate(problem.blocks)
    ]
    blocks = [
        replace(
            block, local_position=block.local_position[some], local_scale=block.local_scale[some]
        )
        for block, some in zip(problem.blocks, kept, strict=True)
    ]
    others = np.full((len(kept), max(some.size for some in kept)), -1)
    for places_of, some in zip(others, kept, strict=True):
        places_of[: some.size] = some
    return GroupCells(stacks, layout_of(replace(problem, blocks=blocks)).arrowhead, whole, others)


def cells_out(
    problem: LinearPart, cells: GroupCells, values: Values, f: Array
) -> tuple[Array, Array, list[StackFactor]]:
    """Integrate unshared cells out of the normal equations of their groups.

    Parameters
    ----------
    f : ndarray (B, G J (J + 1) / 2)
        F, lower triangles; B is 1 if they are the same at every point.

    Returns
    -------
    tuple of ndarray (B, G J (J + 1) / 2), ndarray (B) and list of StackFactor
        F without cells, their log determinants, not halved, and their factors.
    """
    width, factors = cells.width, []
    in_f, (rows, columns) = lower_places(width), lower_indices(width)
    f = np.broadcast_to(f, (len(values), f.shape[1])).copy()
    lower, log_det = f.reshape(len(values), -1, rows.size), np.zeros(len(values))
    for stack in cells.stacks:
        group, number = stack.present
        of_cells = stack.groups[group, None], in_f[stack.period[group, number]]
        cross = np.zeros((len(values), *stack.period.shape, width))
        cross[:, group, number] = lower[:, *of_cells]  # F_c:
        # F_cc + k, with ones on the diagonal of padding.
        inner = cross @ stack.at_cells.swapaxes(-1, -2)
        prior = problem.prior_precision(values, stack.scale)
        np.einsum("...ii->...i", inner)[:] += prior
        root = lower_inverse(np.linalg.cholesky(inner))
        half = root @ cross
        flat = stack.scale == FLAT
        log_prior = np.log(np.where(flat, 1.0, prior)).sum(axis=(1, 2))
        log_prior += flat.sum() * np.log(2.0 * np.pi * values.sigma**2)
        factor = StackFactor(prior, log_prior, root, root.swapaxes(-1, -2) @ half)
        lower[:, stack.groups] -= (half.swapaxes(-1, -2) @ half)[..., rows, columns]
        lower[:, *of_cells] = (prior[..., None] * factor.solved)[:, group, number]  # k Y
        factors.append(factor)
        log_det += factor.log_det
    return f, log_det, factors


def cells_back(
    cells: GroupCells, factors: Sequence[StackFactor], square: Array, n_scales: int
) -> tuple[Array, Array]:
    """Turn the adjoint of F without cells into that of F with them, in place.

    Parameters
    ----------
    square : ndarray (B, G, J, J)
        ``F̄'``, symmetric.

    Returns
    -------
    tuple of ndarray (B, scale) and ndarray (B)
        Adjoints of ``log tau`` and of ``log sigma``.
    """
    tau, sigma = np.zeros((len(square), n_scales)), np.zeros(len(square))
    for stack, factor in zip(cells.stacks, factors, strict=True):
        at_cells, x = stack.at_cells, square[:, stack.groups]
        onto = factor.solved @ x  # Y F̄'
        inner = onto @ factor.solved.swapaxes(-1, -2)
        inner -= 0.5 * factor.root.swapaxes(-1, -2) @ factor.root
        # k k̄, one half where k = 0; zero for padding, where S = k = 1 and Y = 0.
        share = factor.prior * np.diagonal(inner, axis1=-2, axis2=-1) + 0.5
        rows = at_cells.swapaxes(-1, -2) @ onto
        square[:, stack.groups] = (
            x - rows - rows.swapaxes(-1, -2) + at_cells.swapaxes(-1, -2) @ inner @ at_cells
        )
        # k = sigma²/tau²: dk / k = 2 d log sigma - 2 d log tau.
        sigma += 2.0 * share.sum(axis=(1, 2))
        each = (stack.scale.ravel()[:, None] == np.arange(n_scales)).astype(np.float64)
        tau -= 2.0 * share.reshape(len(share), -1) @ each
    return tau, sigma


def unshared_count(problem: Problem) -> int:
    """Return the number of unshared cells of a problem."""
    n_local = max((block.local_position.size for block in problem.blocks), default=0)
    width = problem.n_periods + problem.n_columns + 1
    return sum(bucket.scale.size for bucket in unshared_cells(problem, width, n_local))
