"""Functions of weights for a spatial lag: a log determinant, and the diagonal of an inverse.

The first is ``l(delta) = tr(M log S)`` (5), ``S = I - delta W``, ``M = I - P`` with P on the means
of levels of time effects. It is the log Jacobian of a period's contrasts that are free of these
means, if S maps constants within levels to such constants: W links no two levels, or there is one
level and rows sum to one. Otherwise it keeps the score of delta unbiased. Values at Chebyshev nodes
of ``atanh delta`` are exact; one polynomial interpolates. W, S, M and P have these meanings only in
this module.

The diagonal of ``S^-1`` is each unit's own response, feedback included. A breadth-first search from
an outlying unit orders units in layers that are linked only to adjacent layers, so that S is block
tridiagonal. Layers are eliminated from the first to the last, and the diagonal blocks of the
inverse are computed from the last to the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.polynomial import Chebyshev, chebyshev
from scipy import sparse
from scipy.sparse.csgraph import breadth_first_order, connected_components
from scipy.sparse.linalg import splu

from bayes_nqp._core.arrays import Array, Index

LOWEST, HIGHEST = -0.95, 0.97
"""Bounds of delta; the rows of W sum to one."""
MOST_DENSE = 3_000
"""Units of the largest W with too many links for sparse factors."""
_N_NODES = 40
_DENSE = 0.1
"""Share of links above which a matrix is treated as dense."""
_TAIL = 1e-14
"""Largest omitted term of the series of traces, per level."""


@dataclass(frozen=True, eq=False)
class LogDeterminant:
    """Log determinants of ``S = I - delta W`` at any delta between `LOWEST` and `HIGHEST`.

    Parameters
    ----------
    n_units : int
        Rows of W.
    plain : Chebyshev
        ``log|S|``, in ``atanh delta``.
    net : Chebyshev
        ``tr(M log S)``, where M takes the means of levels of time effects off.
    """

    n_units: int
    plain: Chebyshev
    net: Chebyshev

    def __call__(self, delta: Array) -> Array:
        """Return ``tr(M log S)`` at values of delta (B), the Jacobian of one free period."""
        low, high = self.net.domain
        x = (2.0 * np.arctanh(delta) - (low + high)) / (high - low)
        of_net = np.asarray(self.net.coef, dtype=np.float64)
        return np.asarray(of_net @ _polynomials(x, of_net.size))

    def feedback(self, delta: Array) -> Array:
        """Return ``tr(W S^-1) / n = -(1/n) d log|S| / d delta`` at values of delta (B)."""
        # d atanh(delta) / d delta = 1 / (1 - delta²).
        # d log|S| / d delta = -tr(W S^-1), by the chain rule in atanh delta.
        slope = self.plain.deriv()(np.arctanh(delta)) / (1.0 - delta**2)
        return np.asarray(-slope / self.n_units)

    def curvature(self, delta: float) -> float:
        """Return ``l''(delta) = (g'' + 2 delta g') / (1 - delta²)²``.

        g is the curve in ``atanh delta``.
        """
        # With x = atanh delta, x' = 1 / (1 - delta²) and x'' = 2 delta x'².
        x = np.arctanh(delta)
        first, second = self.net.deriv()(x), self.net.deriv(2)(x)
        return float((second + 2.0 * delta * first) / (1.0 - delta**2) ** 2)


def _polynomials(x: Array, size: int) -> Array:
    """Return T_0 to T_size-1 at x (size, B), doubling their number at each step."""
    # T_k+j = 2 T_k T_j - T_k-j for j = 1 to k.
    out = np.ones((size, x.size))
    out[1] = x
    k = 1
    while k + 1 < size:
        m = min(k, size - 1 - k)
        out[k + 1 : k + 1 + m] = 2.0 * out[k] * out[1 : 1 + m] - out[k - m : k][::-1]
        k += m
    return out


def log_determinant(weights: sparse.csr_array, levels: Index) -> LogDeterminant:
    """Factor ``I - delta W`` at the nodes.

    Parameters
    ----------
    weights : csr_array (unit, unit)
        W; its rows sum to one. A dense one has at most `MOST_DENSE` units.
    levels : ndarray of int (unit)
        Level of time effects of each unit; M subtracts the means of levels, ``M = I - P``.

    Notes
    -----
    ``tr(M log S) = log|S| + sum_k delta^k / k tr(P W^k)``. If rows sum to one and there is one
    level this is ``log|S| - log(1 - delta)``, as in Lee and Yu (2010), Journal of Econometrics 154.
    """
    # Chebyshev's nodes on [-1, 1], stretched over atanh of the range of delta.
    places = np.cos(np.pi * (np.arange(_N_NODES) + 0.5) / _N_NODES)
    low, high = np.arctanh([LOWEST, HIGHEST])
    nodes = np.tanh(0.5 * (low + high) + 0.5 * (high - low) * places)
    means = level_means(levels)
    roots = _symmetric_roots(weights) if is_dense(weights) else None
    # tr(M log S) = log|S| - tr(P log S), M = I - P.
    if roots is None:
        plain = np.array([_log_det(weights, delta) for delta in nodes])
        net = plain + _series(traces(weights, means), nodes)
    else:
        plain, net = _by_eigenvalues(weights, roots, means, nodes)
    # Coefficients c of T_0, T_1, …: V c = values at the nodes.
    vandermonde = chebyshev.chebvander(places, _N_NODES - 1)
    curves = [
        Chebyshev(np.linalg.solve(vandermonde, values), domain=[low, high])
        for values in (plain, net)
    ]
    return LogDeterminant(weights.shape[0], *curves)


def is_dense(weights: sparse.csr_array) -> bool:
    """Return True if there are too many links for sparse factors."""
    return bool(weights.nnz > _DENSE * weights.shape[0] ** 2)


def level_means(levels: Index) -> Array:
    """Return U with ``P = U U'``: indicators of levels over the roots of their sizes.

    Its dims are (unit, level).
    """
    _, code, count = np.unique(levels, return_inverse=True, return_counts=True)
    means = np.zeros((code.size, count.size))
    means[np.arange(code.size), code] = 1.0 / np.sqrt(count[code])
    return means


def _log_det(weights: sparse.csr_array, delta: float) -> float:
    """Compute ``log|I - delta W|`` from one factorisation."""
    n = weights.shape[0]
    if is_dense(weights):
        return float(np.linalg.slogdet(np.eye(n) - delta * weights.toarray())[1])
    # S = L U with unit diagonal of L, up to permutations: log|S| follows from the diagonal of U.
    s = (sparse.eye_array(n, format="csc") - delta * weights).tocsc()
    factor = splu(
        s, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.01, options={"SymmetricMode": True}
    )
    return float(np.log(np.abs(factor.U.diagonal())).sum())


def traces(weights: sparse.csr_array, means: Array) -> Array:
    """Compute ``tr(P W^k) = tr(U' W^k U)`` for k = 1, 2, … (k), as many as `HIGHEST` requires."""
    # |tr(P W^k)| is at most the number of levels, so that terms fall with delta^k.
    n_terms = int(np.log(_TAIL) / np.log(max(HIGHEST, -LOWEST)))
    w = weights.toarray() if is_dense(weights) else weights
    power, out = means, np.empty(n_terms)
    for k in range(n_terms):
        power = w @ power  # W^k U
        out[k] = np.vdot(means, power)
    return out


def _series(traces: Array, delta: Array) -> Array:
    """Compute ``sum_k delta^k / k tr(P W^k) = -tr(P log S)`` at nodes (B)."""
    k = np.arange(1, traces.size + 1)
    return np.asarray((delta[:, None] ** k / k) @ traces)


def _symmetric_roots(weights: sparse.csr_array) -> Array | None:
    """Find r with ``diag(r) W diag(1/r)`` symmetric (unit); None if there is none.

    If W is a symmetric matrix with rows standardised to sum to one, ``r²`` is proportional to the
    original row sums. These follow from the ratios ``W_ij / W_ji`` of one unit's links, link by
    link.
    """
    w = weights.toarray()
    # r_i² W_ij = r_j² W_ji: r² along links, breadth first, from one unit of each component.
    squares = np.zeros(len(w))
    for start in range(len(w)):
        if squares[start]:
            continue
        squares[start], front = 1.0, np.array([start])
        while front.size:
            linked = (w[front] > 0.0) & (w.T[front] > 0.0) & (squares == 0.0)
            reached = np.flatnonzero(linked.any(axis=0))
            origin = front[linked[:, reached].argmax(axis=0)]
            squares[reached] = squares[origin] * w[origin, reached] / w[reached, origin]
            front = reached
    scaled = squares[:, None] * w
    close = np.allclose(scaled, scaled.T, rtol=1e-10, atol=1e-12 * np.abs(scaled).max())
    return np.sqrt(squares) if close else None


def _by_eigenvalues(
    weights: sparse.csr_array, roots: Array, means: Array, delta: Array
) -> tuple[Array, Array]:
    """Compute ``sum_k log(1 - delta e_k)``, and with weights ``1 - (V'rU)_k (V'U/r)_k'`` (B)."""
    # W = diag(1/r) V diag(e) V' diag(r): log S has the eigenvalues log(1 - delta e_k), and
    # tr(P log S) = sum_k log(1 - delta e_k) (V'rU U'V/r)_kk.
    symmetric = roots[:, None] * weights.toarray() / roots
    values, vectors = np.linalg.eigh(0.5 * (symmetric + symmetric.T))
    left, right = vectors.T @ (roots[:, None] * means), vectors.T @ (means / roots[:, None])
    logs = np.log1p(-delta[:, None] * values)  # (B, unit)
    return logs.sum(axis=1), logs @ (1.0 - (left * right).sum(axis=1))


_FEWEST = 48
"""Minimum number of units of a layer; smaller ones are joined, since calls would be slow."""


def inverse_diagonal(weights: sparse.csr_array, delta: Sequence[float]) -> Array:
    """Compute ``(S^-1)_ii`` at every delta.

    Parameters
    ----------
    weights : csr_array (unit, unit)
        W; no row's sum is larger than one.
    delta : sequence of float
        Between -1 and 1.

    Returns
    -------
    ndarray (delta, unit)
        One for units without feedback.
    """
    links = _Layers(weights)
    out = np.empty((len(delta), weights.shape[0]))
    for k, value in enumerate(delta):
        out[k, links.order] = np.concatenate([np.diagonal(x) for x in links.inverse(value)[0]])
    return out


def linked_diagonal(
    weights: sparse.csr_array, inside: Sequence[Array], delta: Sequence[float]
) -> Array:
    """Compute ``(S^-1 1_l W)_ii`` at every delta: a unit's feedback through units of a level l.

    Parameters
    ----------
    weights : csr_array (unit, unit)
        W; no row's sum is larger than one, and none is linked to itself.
    inside : sequence of ndarray (unit)
        ``1_l`` of each level, 1 in its units and 0 in others.
    delta : sequence of float
        Between -1 and 1.

    Returns
    -------
    ndarray (delta, level, unit)
        Over levels that include every unit they add up to ``(S^-1 W)_ii = ((S^-1)_ii - 1) /
        delta``.
    """
    links, ones = _Layers(weights), np.stack(inside, axis=1)
    marks = [ones[links.order[layer]] for layer in links.layers]
    out = np.empty((len(delta), len(inside), weights.shape[0]))
    for k, value in enumerate(delta):
        # sum_j (S^-1)_ij 1_j W_ji: only W of a layer, and of adjacent ones, is not zero.
        back = [np.zeros(mark.shape) for mark in marks]
        inverse, eliminated = links.inverse(value)
        for m, (itself, g) in enumerate(zip(inverse, eliminated, strict=True)):
            back[m] += (itself * links.within[m].T) @ marks[m]
            if m + 1 < len(marks):
                up, down = links.ahead[m]
                # G_k,k+1 = delta g_k W_k,k+1 G_k+1 and G_k+1,k = delta G_k+1 W_k+1,k g_k.
                above, below = (
                    value * (g @ (up @ inverse[m + 1])),
                    value * (inverse[m + 1] @ down @ g),
                )
                back[m] += down.T.multiply(above) @ marks[m + 1]
                back[m + 1] += up.T.multiply(below) @ marks[m]
        out[k][:, links.order] = np.concatenate(back).T
    return out


class _Layers:
    """W in layers of units, each of which is linked only to itself and to adjacent layers.

    ``S = [S_11 S_12 0; S_21 S_22 S_23; 0 S_32 S_33]``: only W_kk and W_k,k±1 are not zero.
    """

    def __init__(self, weights: sparse.csr_array) -> None:
        self.order, starts = _layers(weights)
        w = weights[self.order][:, self.order].tocsr()
        ends = [*starts[1:], len(self.order)]
        self.layers = [slice(int(a), int(b)) for a, b in zip(starts, ends, strict=True)]
        self.within = [w[a, a].toarray() for a in self.layers]
        self.ahead = [(w[a, b], w[b, a]) for a, b in pairwise(self.layers)]

    def inverse(self, delta: float) -> tuple[list[Array], list[Array]]:
        """Compute diagonal blocks ``G_kk`` of the inverse, layer by layer.

        ``g_k = (I - delta W_kk - delta² W_k,k-1 g_k-1 W_k-1,k)^-1`` eliminates earlier layers. Then
        ``G_k = g_k + g_k (delta² W_k,k+1 G_k+1 W_k+1,k) g_k`` from the last layer on, where G
        equals g.
        """
        before: list[Array] = []
        for k, block in enumerate(self.within):
            s = np.eye(len(block)) - delta * block
            if k:
                # Schur complement of all previous layers: only the last of these is linked to k.
                up, down = self.ahead[k - 1]
                s -= delta**2 * (down @ before[-1] @ up)
            before.append(np.linalg.inv(s))
        out = [before[-1]]  # (S^-1) of the last layer: all others are eliminated.
        for g, (up, down) in zip(before[-2::-1], self.ahead[::-1], strict=True):
            out.append(g + g @ (delta**2 * (up @ out[-1] @ down)) @ g)
        return out[::-1], before


def _layers(weights: sparse.csr_array) -> tuple[Index, list[int]]:
    """Return an order of units, and the starts of layers, each linked only to the next."""
    pattern = sparse.csr_matrix((weights + weights.T) != 0)
    order = _outward(pattern)
    links = pattern[order][:, order].tocoo()
    # A layer that ends at unit e is followed by one up to the farthest unit linked to any before e.
    farthest = np.arange(len(order))
    np.maximum.at(farthest, links.row, links.col)
    farthest = np.maximum.accumulate(farthest)
    starts, end = [0], min(_FEWEST, len(order))
    while end < len(order):
        starts.append(end)
        end = min(max(int(farthest[end - 1]) + 1, end + _FEWEST), len(order))
    return order, starts


def _outward(pattern: sparse.csr_matrix) -> Index:
    """Order units breadth first in every component, from one of its outlying units (unit)."""
    component = connected_components(pattern, directed=False)[1]
    pieces = []
    for start in np.unique(component, return_index=True)[1]:
        for _ in range(2):  # The last unit that is reached is an outlying one.
            piece = breadth_first_order(pattern, start, directed=False)[0]
            start = piece[-1]
        pieces.append(breadth_first_order(pattern, start, directed=False)[0])
    return np.concatenate(pieces).astype(np.int64)
