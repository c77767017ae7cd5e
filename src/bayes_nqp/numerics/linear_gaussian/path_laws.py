"""Paths with periods that are correlated like errors, and their elimination (5a).

``eta = L(phi) sum_k tau_k R_k z_k`` with ``L L'`` the correlation over the time grid, phi sampled.
Processes of groups and blocks have L in their roots, and z of variance one. For paths in the border
``R_k = I``, z has the variance tau² as coefficients have, and the observations load on the values
``L z``: A of z is ``R'AR`` with R the identity except for L at every path.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp.numerics.linear_gaussian.types import ErrorLaw

_MANY = 8
"""Processes of a block from which uncoupled ones are eliminated before the others."""

type Turn = tuple[Array, Index]
"""L (B, T, T), and its global coefficients (path, T)."""


@dataclass(frozen=True, eq=False)
class PathLaw:
    """Correlation over time of a path.

    Parameters
    ----------
    errors : ErrorLaw
        The error law with this correlation.
    parameters : ndarray of int
        Its parameters, by their numbers among those of all processes.
    """

    errors: ErrorLaw
    parameters: Index

    def root(self, n_periods: int, processes: Array) -> Array:
        """Return L at points.

        Parameters
        ----------
        processes : ndarray (B, parameter)
            Of all processes.

        Returns
        -------
        ndarray (B, T, T)
            L of the correlation ``L L'`` of a path over time, at each point.
        """
        return correlation_root(self.errors, n_periods, processes[:, self.parameters])


@dataclass(frozen=True, eq=False)
class BorderLaw:
    """Correlation over time of some paths of the border.

    Parameters
    ----------
    paths : ndarray of int (path)
        The paths.
    coefficients : ndarray of int (path, T)
        Their global coefficients.
    """

    law: PathLaw
    paths: Index
    coefficients: Index


def correlation_root(errors: ErrorLaw, n_periods: int, values: Array) -> Array:
    """Compute the Cholesky factor of the correlation over the time grid (B, T, T).

    Parameters
    ----------
    values : ndarray (B, k)
        Of the law's parameters, on their own scales.

    Raises
    ------
    LinAlgError
        If there is none at a point.
    """
    # L L' = S^-1/2 V S^-1/2 with S the diagonal of V: the scale of a path is its tau.
    covariance = errors.covariance(n_periods, values)
    sd = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    return np.linalg.cholesky(covariance / (sd[:, :, None] * sd[:, None, :]))


def turned(turns: Sequence[Turn], values: Array) -> Array:
    """Compute ``R z``: map global coefficients (B, global, times) to the variables of A."""
    return _rows(turns, values, back=False)


def turned_back(turns: Sequence[Turn], loads: Array) -> Array:
    """Compute ``R'a``: map loadings on the variables of A (B, global, times) to coefficients."""
    return _rows(turns, loads, back=True)


def turned_in(turns: Sequence[Turn], matrix: Array, before: int) -> None:
    """Compute ``R'AR``, in place.

    Parameters
    ----------
    matrix : ndarray (B, block, n, n)
        A, lower triangles.
    before : int
        Number of coefficients that precede the global ones.
    """
    if not turns:
        return
    # R' from the left onto A, and once more onto the transpose: R'(R'A)' = R'AR, A symmetric.
    full = np.tril(matrix) + np.tril(matrix, -1).swapaxes(-1, -2)
    for _ in range(2):
        full[:, :, before:] = np.stack(
            [_rows(turns, full[:, b, before:], back=True) for b in range(full.shape[1])], axis=1
        )
        full = full.swapaxes(-1, -2)
    matrix[:] = np.tril(full)


def _rows(turns: Sequence[Turn], rows: Array, *, back: bool) -> Array:
    """Multiply the rows of paths with L, or its transpose."""
    if not turns:
        return rows
    # Either may be the same at every point (B = 1).
    points = max(len(rows), *(len(root) for root, _ in turns))
    out = np.broadcast_to(rows, (points, *rows.shape[1:])).copy()
    for root, index in turns:
        # L (B, T, T) at the rows of each path (path, T); R is the identity elsewhere.
        factor = root.swapaxes(-1, -2) if back else root
        out[:, index] = factor[:, None] @ out[:, index]
    return out


@dataclass(frozen=True, eq=False)
class OwnPaths:
    """Processes that belong to a single group.

    Parameters
    ----------
    groups : ndarray of int (group)
        Groups with one or more processes.
    laws : sequence of tuple of int, one a group
        Their laws, -1 for none: the same number for each.
    rows : ndarray of int (process T)
        Rows of F that they add to.
    """

    groups: Index
    laws: Sequence[tuple[int, ...]]
    rows: Index


@dataclass(frozen=True, eq=False)
class Placement:
    """Place of the elimination of processes: normal equations of a single group, or of a block.

    Parameters
    ----------
    by_group : ndarray of int (group)
        Law of the process that is eliminated from the group's own, -1 for none.
    shared : sequence of tuple of int, one a block
        Laws of the processes that are eliminated from the block's.
    of_group : sequence of tuple of int, one a group
        Processes of the block that the group's observations load on.
    apart : int
        Number of a block's first processes of which no group, and no member of several groups, has
        two; zero if it is small.
    """

    by_group: Index
    shared: Sequence[tuple[int, ...]]
    of_group: Sequence[tuple[int, ...]]
    apart: int

    @property
    def most(self) -> int:
        """Return the largest number of processes that are eliminated from one block."""
        return max(map(len, self.shared), default=0)


def placed(
    laws: Sequence[tuple[int, ...]],
    groups: Sequence[tuple[int, tuple[int, ...]]],
    members: Sequence[Index],
    *,
    alone: bool,
) -> Placement:
    """Determine the place of processes.

    Parameters
    ----------
    laws : sequence of tuple of int, one a block
        The law of each of its processes.
    groups : sequence of (int, tuple of int)
        Block of each group, and its processes.
    members : sequence of ndarray of int
        Groups of each member.
    alone : bool
        If True, a process of only one group may be eliminated from the group's own equations.
    """
    users: list[list[list[int]]] = [[[] for _ in block] for block in laws]  # block, process, group
    for g, (block, processes) in enumerate(groups):
        for k in processes:
            users[block][k].append(g)
    by_group = np.full(len(groups), -1, dtype=np.int64)
    # An A that is linear in Q̃ (3, 4) saves more than fewer processes in a block.
    sizes = [len(group) for of_block in users for group in of_block if group]
    alone = alone and 2 * sizes.count(1) >= len(sizes)
    shared: list[tuple[int, ...]] = []
    place: list[dict[int, int]] = []
    for of_block, users_of_block in zip(laws, users, strict=True):
        common = []
        for k, group in enumerate(users_of_block):
            # A process of one group enters only its F_g: it is eliminated before X_g'F_g X_g.
            if len(group) == 1 and by_group[group[0]] < 0 and alone:
                by_group[group[0]] = of_block[k]
            elif group:
                common.append(k)
        shared.append(tuple(of_block[k] for k in common))
        place.append({k: j for j, k in enumerate(common)})
    of_group = [
        tuple(place[block][k] for k in processes if k in place[block])
        for block, processes in groups
    ]
    block_of = [block for block, _ in groups]
    return _apart_first(Placement(by_group, shared, of_group, 0), block_of, members)


def _apart_first(
    placement: Placement, block_of: Sequence[int], members: Sequence[Index]
) -> Placement:
    """Put processes without common observations first in every block, if they are many.

    Parameters
    ----------
    block_of : sequence of int, one a group
        Block of each group.
    members : sequence of ndarray of int
        Groups of each member.
    """
    shared, of_group = placement.shared, placement.of_group
    # Processes are coupled by a group's observations, and by a member's deviation, which is out of
    # A_vv.
    partners: list[list[set[int]]] = [[set() for _ in of_block] for of_block in shared]
    for index in [np.array([g]) for g in range(len(of_group))] + list(members):
        for block in {block_of[g] for g in index}:
            meeting = {k for g in index if block_of[g] == block for k in of_group[g]}
            for k in meeting:
                partners[block][k] |= meeting - {k}
    if not any(any(of_block) for of_block in partners):
        return replace(placement, apart=placement.most)
    orders = [_order(of_block) for of_block in partners]
    # The last processes cost their cube, the first their number: as few last ones as possible, and
    # then as few first ones, with places without a process in blocks that have fewer.
    last = max(len(order) - number for number, order in orders)
    apart = max(min(number, len(order) - last) for number, order in orders)
    if placement.most < _MANY or apart < 2:
        return placement
    first, place = list[tuple[int, ...]](), list[dict[int, int]]()
    for laws, (number, order) in zip(shared, orders, strict=True):
        own = min(number, apart)
        places = [*range(own), *range(apart, apart + len(order) - own)]
        none = (-1,) * (apart - own)
        first.append((*(laws[k] for k in order[:own]), *none, *(laws[k] for k in order[own:])))
        place.append(dict(zip(order, places, strict=True)))
    of_group = [
        tuple(sorted(place[block][k] for k in processes))
        for block, processes in zip(block_of, of_group, strict=True)
    ]
    return replace(placement, shared=first, of_group=of_group, apart=apart)


def _order(partners: Sequence[set[int]]) -> tuple[int, list[int]]:
    """Return the number of processes without common observations, and an order with them first.

    The process with the fewest partners is taken, and its partners are left for the end, until none
    remains: shocks of provinces come first, and trends that many provinces share last.
    """
    first, left = list[int](), dict(enumerate(partners))
    while left:
        k = min(left, key=lambda k: (len(left[k]), k))
        first.append(k)
        gone = left[k] | {k}
        left = {j: others - gone for j, others in left.items() if j not in gone}
    first.sort()
    return len(first), first + [k for k in range(len(partners)) if k not in first]
