"""The diagonal of ``S^-1``, ``S = I - delta W``: what each unit has of its own, feedback included.

Breadth first from an outlying unit, units come in layers that are linked to the layers next to them
alone, so that S is block tridiagonal. Layers are eliminated from the first to the last, and the
blocks of the inverse on its diagonal come back from the last to the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import breadth_first_order, connected_components

from bayes_nqp.arrays import Array, Index

__all__ = ["inverse_diagonal"]

_FEWEST = 48
"""Units of a layer: smaller ones are joined, for calls would cost more than arithmetic."""


def inverse_diagonal(weights: sparse.csr_array, delta: Sequence[float]) -> Array:
    """``(S^-1)_ii`` at every delta.

    Parameters
    ----------
    weights : csr_array (unit, unit)
        W; no row's sum is larger than one.
    delta : sequence of float
        Between -1 and 1.

    Returns
    -------
    ndarray (delta, unit)
        One where nobody is linked back.
    """
    # S = [S_11 S_12 0; S_21 S_22 S_23; 0 S_32 S_33]: only W_kk and W_k,k±1 of layers are not zero.
    order, starts = _layers(weights)
    w = weights[order][:, order].tocsr()
    ends = [*starts[1:], len(order)]
    layers = [slice(int(a), int(b)) for a, b in zip(starts, ends, strict=True)]
    within = [w[a, a].toarray() for a in layers]
    ahead = [(w[a, b], w[b, a]) for a, b in pairwise(layers)]
    out = np.empty((len(delta), len(order)))
    for k, value in enumerate(delta):
        out[k, order] = np.concatenate(_diagonals(within, ahead, value))
    return out


def _diagonals(
    within: Sequence[Array],
    ahead: Sequence[tuple[sparse.csr_array, sparse.csr_array]],
    delta: float,
) -> list[Array]:
    """Diagonals of the blocks of the inverse, layer by layer.

    ``g_k = (I - delta W_kk - delta² W_k,k-1 g_k-1 W_k-1,k)^-1``, then
    ``G_k = g_k + g_k (delta² W_k,k+1 G_k+1 W_k+1,k) g_k`` from the last on, which is its own g.
    """
    before: list[Array] = []
    for k, block in enumerate(within):
        s = np.eye(len(block)) - delta * block
        if k:
            # Schur complement of all layers before: of these only the last is linked to layer k.
            up, down = ahead[k - 1]
            s -= delta**2 * (down @ before[-1] @ up)
        before.append(np.linalg.inv(s))
    inverse = before[-1]  # (S^-1) of the last layer: all others are eliminated.
    out = [np.diagonal(inverse)]
    for g, (up, down) in zip(before[-2::-1], ahead[::-1], strict=True):
        inverse = g + g @ (delta**2 * (up @ inverse @ down)) @ g
        out.append(np.diagonal(inverse))
    return out[::-1]


def _layers(weights: sparse.csr_array) -> tuple[Index, list[int]]:
    """An order of units, and where layers start in it; each is linked to the next alone."""
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
    """Breadth first through every component, from one of its outlying units (unit)."""
    component = connected_components(pattern, directed=False)[1]
    pieces = []
    for start in np.unique(component, return_index=True)[1]:
        for _ in range(2):  # The last unit that is reached lies far out.
            piece = breadth_first_order(pattern, start, directed=False)[0]
            start = piece[-1]
        pieces.append(breadth_first_order(pattern, start, directed=False)[0])
    return np.concatenate(pieces).astype(np.int64)
