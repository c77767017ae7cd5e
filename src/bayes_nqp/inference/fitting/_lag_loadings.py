"""Contributions of treatment to groups of neighbours, at nodes of delta and between nodes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.interpolate import BarycentricInterpolator
from scipy.sparse.linalg import splu

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp.numerics.linear_gaussian import is_dense, linked_diagonal

_DIGITS = 1e-12
"""Truncation error of the nodes, relative to the largest loading."""
_SMALL = 1e-6
"""Deltas below which ``(S^-1 W)_ii`` equals ``delta (W²)_ii`` up to rounding."""


@dataclass(frozen=True, eq=False)
class Loads:
    """Contributions of groups h, or units, to the means of groups g, at K values of delta.

    Parameters
    ----------
    own : ndarray (group h, K, group g)
        ``e_g' S^-1 1_h``.
    near : ndarray (level l, group h, K, group g)
        ``e_g' S^-1 1_l W 1_h``, l the level of receivers.
    itself : ndarray (K, group)
        Means of ``(S^-1)_ii``.
    back : ndarray (level l, K, group)
        Means of ``(S^-1 1_l W)_ii``.
    unit : ndarray (unit, K, group g)
        ``e_g' S^-1``.
    unit_itself : ndarray (unit, K)
        ``(S^-1)_ii``.
    """

    own: Array
    near: Array
    itself: Array
    back: Array
    unit: Array
    unit_itself: Array


@dataclass(frozen=True, eq=False)
class PeriodLoads:
    """Effects of one period's treatment.

    Parameters
    ----------
    h : ndarray of int (treated group)
        Groups with treatment.
    treated : ndarray of int (treated group)
        The plan's cell of each.
    column : ndarray of int (level, treated group)
        Position of its event time among all, by level of receivers, -1 for none.
    events : ndarray of int
        Event times that occur.
    loads : ndarray (treated group + event, node, group)
        Contributions of effects, and of those of neighbours, to the means of groups.
    cells : ndarray of int
        Cells with observations in this period.
    shares : ndarray (group, cell)
        Shares of groups in the observations of these cells.
    """

    t: int
    h: Index
    treated: Index
    column: Index
    events: Index
    loads: Array
    cells: Index
    shares: Array

    def effects(self, basis: Array, itself: Array, back: Array, tau: Array, theta: Array) -> Array:
        """Total and own effects of each group, deviations aside (2, draw, group)."""
        effect, h = np.take(tau, self.treated, axis=1), self.h
        values = np.concatenate([effect, theta[:, self.events]], axis=1)
        out = np.zeros((2, *itself.shape))
        out[0], direct = between(basis, values, self.loads), out[1]
        direct[:, h] = itself[:, h] * effect
        if self.events.size:
            for of_level, column in zip(back, self.column, strict=True):
                direct[:, h] += of_level[:, h] * np.where(column < 0, 0.0, theta[:, column])
        return out


@dataclass(frozen=True, eq=False)
class Kind:
    """Units that are treated in the same periods.

    Parameters
    ----------
    inside : ndarray of bool (T)
        These periods.
    groups : ndarray of int
        Groups of these units.
    unit_effect : ndarray of int (unit)
        Member whose deviation each unit has.
    loads : ndarray (unit, node, group + own group)
        Contribution to the means of all groups, and of its own to that of `groups`.
    """

    inside: npt.NDArray[np.bool_]
    groups: Index
    unit_effect: Index
    loads: Array

    def effects(self, basis: Array, u: Array, n_groups: int) -> Array:
        """Return contributions of deviations to all groups and to own units (2, draw, group)."""
        every = between(basis, np.take(u, self.unit_effect, axis=1), self.loads)
        out = np.zeros((2, len(every), n_groups))
        out[0], out[1][:, self.groups] = every[:, :n_groups], every[:, n_groups:]
        return out


def between(basis: Array, values: Array, loads: Array) -> Array:
    """Compute ``sum_k basis_dk (values @ loads_k)_dg`` (draw, group).

    Parameters
    ----------
    basis : ndarray (draw, node)
        Interpolation weights of nodes.
    values : ndarray (draw, value)
        Effects.
    loads : ndarray (value, node, group)
        Contribution of each value to the means of groups.
    """
    # Interpolation is linear: the weights of nodes apply to values or to loads.
    n, k, g = loads.shape
    if 4 * n <= g:
        each = values[:, :, None] * basis[:, None]
        return np.asarray(each.reshape(len(values), n * k) @ loads.reshape(n * k, g))
    at_nodes = (values @ loads.reshape(n, k * g)).reshape(len(values), k, g)
    return np.asarray((basis[:, None] @ at_nodes)[:, 0])


def solver(links: sparse.csr_array, delta: float) -> Callable[[Array], Array]:
    """Solutions of ``(I - delta W) x = b``."""
    n = links.shape[0]
    if delta == 0.0:
        return lambda b: b
    if is_dense(links):
        inverse = np.linalg.inv(np.eye(n) - delta * links.toarray())
        return lambda b: np.asarray(inverse @ b)
    s = (sparse.eye_array(n, format="csc") - delta * links).tocsc()
    factor = splu(
        s, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.01, options={"SymmetricMode": True}
    )
    return lambda b: np.asarray(factor.solve(b))


def back_of(
    links: sparse.csr_array, delta: Sequence[float], itself: Array, onto: Sequence[sparse.csr_array]
) -> Array:
    """``(S^-1 1_l W)_ii`` of each unit (level, delta, unit).

    Parameters
    ----------
    itself : ndarray (delta, unit)
        ``(S^-1)_ii``.
    onto : sequence of csr_array (unit, unit)
        ``1_l W``.
    """
    if len(onto) > 1:
        inside = [(np.diff(part.indptr) > 0).astype(np.float64) for part in onto]
        return linked_diagonal(links, inside, delta).swapaxes(0, 1)
    # S^-1 = I + delta S^-1 W; to first order in delta S^-1 W = W + delta W², and W_ii = 0.
    first = links.multiply(links.T).sum(axis=1)
    parts = [
        (x - 1.0) / value if abs(value) > _SMALL else value * first
        for x, value in zip(itself, delta, strict=True)
    ]
    return np.stack(parts)[None]


def nodes_of(delta: Array) -> tuple[Array, list[float]]:
    """Return nodes over the range of draws, and interpolation weights in each draw (draw, node)."""
    x = np.arctanh(delta)
    if x.min() == x.max():
        return np.ones((x.size, 1)), [float(delta[0])]
    middle, half = 0.5 * (x.min() + x.max()), max(0.5 * (x.max() - x.min()), 1e-3)
    # Eigenvalues of W are no larger than 1: the nearest poles in atanh delta lie at ± i pi / 2.
    # Errors of n nodes fall as rho^-n, rho = r + sqrt(r² + 1) the ellipse through the poles.
    ratio = 0.5 * np.pi / half
    n_nodes = int(np.ceil(-np.log(_DIGITS) / np.log(ratio + np.sqrt(ratio**2 + 1.0)))) + 1
    nodes = middle + half * np.cos(np.pi * (np.arange(n_nodes) + 0.5) / n_nodes)
    basis = BarycentricInterpolator(nodes, np.eye(n_nodes), rng=0)(x)
    return np.asarray(basis), [float(node) for node in np.tanh(nodes)]
