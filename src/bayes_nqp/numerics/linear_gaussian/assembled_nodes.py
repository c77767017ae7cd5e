"""Normal equations of coefficients, interpolated over the noise's parameter (1 to 5).

With only flat coefficients integrated out of ``Q̃``, let v = Q̃d and ``k = d'v`` for a type of n
units. Deviations of single units subtract ``v v'/(Lambda + k)`` (2). F and A are linear in ``Q̃``,
so that

    ``A = A_0 - sum_h B_h / (Lambda + k_h)``,  ``A_0 = C vec Q̃``,  ``B_h = C_h vec v_h v_h'``,

with ``C = map2 map1`` and C_h its columns of type h. A_0, B_h and k_h are smooth functions of the
noise's parameter alone. For thousands of points they are therefore computed at nodes of this
parameter (`interpolation`), and a point costs one dense product instead of ``Q̃`` and two sparse
ones. Types with never-treated units have d = 0, and subtract nothing. If A is large and ``Q̃`` is
in a space of few dimensions (`node_spans`), nodes store the coefficients of a basis instead of A_0
and B_h.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
from scipy.sparse import csc_array, csr_array

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp.numerics.linear_gaussian._unit_matrices import lower_indices, lower_triangles
from bayes_nqp.numerics.linear_gaussian.equations import deviation_precision
from bayes_nqp.numerics.linear_gaussian.interpolation import Panels
from bayes_nqp.numerics.linear_gaussian.node_spans import PLACES, Span
from bayes_nqp.numerics.linear_gaussian.pairs import PairedMap
from bayes_nqp.numerics.linear_gaussian.problem import GaussianProblem
from bayes_nqp.numerics.linear_gaussian.types import Values
from bayes_nqp.numerics.linear_gaussian.unit_precision import Small, of_types, values_of_noise

_PER_ENTRY = 6
"""Entries of sparse maps that take as long as one number of A_0 and B_h."""
_LEAST = 8_000
"""Numbers that take as long as ``Q̃`` of all types: 10 microseconds per point, panels in caches."""
_WIDE = 5_000
"""Numbers of A_0 and B_h from which combinations are faster; below, there is no difference."""
_NODES = 15
"""Approximate number of nodes of a panel: the cost of a number, in products of one."""


@dataclass(frozen=True, eq=False)
class AssembledNodes:
    """A of one problem, on nodes.

    Parameters
    ----------
    treated : ndarray of int (H)
        Types with deviations that are treated in some period.
    spans : sequence of Span, or None
        Bases of ``Q̃`` and v v' of treated types, if nodes store coefficients of these.
    of_types, of_sums : dict
        Panels of log determinants and k, and of A_0 and B_h, or of their coefficients.
    """

    problem: GaussianProblem
    treated: Index
    spans: Sequence[Span] | None = None
    of_types: dict[int, Any] = field(default_factory=dict)
    of_sums: dict[int, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, problem: GaussianProblem) -> AssembledNodes | None:
        """Return None if A depends on anything but the noise, or if its panels would be large."""
        apart = problem.by_group, problem.by_block, problem.reduces, problem.cells
        if any(x is not None for x in apart) or problem.own_paths.groups.size:
            return None
        m, map2 = problem.moments, problem.arrowhead.map2
        treated = np.flatnonzero(m.loadings.any(axis=(1, 2)) & problem.deviates_by_unit)
        numbers = (1 + treated.size) * map2.shape[0]
        most = _LEAST + (m.map1.nnz + map2.nnz) / _PER_ENTRY
        if numbers > _NODES * most:
            return None
        nodes = cls(problem, treated)
        spans = nodes._spanned() if numbers > _WIDE else None
        if spans is not None:
            numbers = sum(len(span.basis) for span in spans) * map2.shape[0] / _NODES
        return None if numbers > most else replace(nodes, spans=spans)

    def _spanned(self) -> list[Span] | None:
        """Return spans of ``Q̃`` and of every v v'; None if one of them has none."""
        spans = []
        for k, matrices in enumerate(self.matrices(PLACES)):
            span = Span.of(matrices, partial(self._assembled, k))
            if span is None:
                return None
            spans.append(span)
        return spans

    def _assembled(self, k: int, matrices: Array) -> Array:
        """Return ``C vec Q̃`` (k = 0), or ``C_h vec X`` of the k-th treated type (n, stored)."""
        m, places = self.problem.moments, self._places(k)
        stored = np.zeros((m.map1.shape[1], len(matrices)))
        stored[places] = matrices.T
        return np.asarray((self.problem.arrowhead.map2 @ (m.map1 @ stored)).T)

    def _places(self, k: int) -> slice:
        """Return the positions of ``vec Q̃`` of all types (k = 0), or of the k-th treated one."""
        size = self.problem.moments.n_periods * (self.problem.moments.n_periods + 1) // 2
        return (
            slice(None)
            if k == 0
            else slice(self.treated[k - 1] * size, (self.treated[k - 1] + 1) * size)
        )

    @cached_property
    def _maps(self) -> list[Any]:
        """Return C, and C_h of treated types."""
        m = self.problem.moments
        map1 = m.map1.sparse if isinstance(m.map1, PairedMap) else m.map1
        product = csc_array(self.problem.arrowhead.map2 @ map1)
        return [csr_array(product[:, self._places(k)]) for k in range(1 + self.treated.size)]

    @cached_property
    def _loads(self) -> Array:
        """Return loadings d of treated types (H, T), of one column, or none without deviations."""
        return np.asarray(self.problem.moments.loadings[self.treated].sum(axis=2))

    def small(self, u: Array) -> list[Array]:
        """Return log determinants (B), and k of treated types (B, H)."""
        types, v = self._types(u)
        return [
            types.total,
            np.einsum("bht,htq->bh", v, self.problem.moments.loadings[self.treated]),
        ]

    def matrices(self, u: Array) -> list[Array]:
        """Return ``Q̃`` of all types and v v' of every treated one, lower triangles (B, number)."""
        types, v = self._types(u)
        low = lower_indices(v.shape[2])
        squares = np.ascontiguousarray((v[..., low[0]] * v[..., low[1]]).transpose(1, 2, 0))
        return [lower_triangles(types.q), *(square.T for square in squares)]

    def sums(self, u: Array) -> list[Array]:
        """Return A_0 and every B_h (B, stored), or their coefficients in a basis (B, r)."""
        matrices = self.matrices(u)
        if self.spans is not None:
            return [s.coefficients(x) for s, x in zip(self.spans, matrices, strict=True)]
        return [(c @ x.T).T for c, x in zip(self._maps, matrices, strict=True)]

    @cached_property
    def _images(self) -> Array:
        """Return the contribution of coefficients of all spans to A (coefficient, stored)."""
        return np.concatenate([span.image for span in self.spans or ()])

    @cached_property
    def _starts(self) -> Index:
        """Return the position of the first coefficient of each span."""
        sizes = [len(span.basis) for span in self.spans or ()]
        return np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)

    def mixed(self, u: Array, weights: Array) -> Array | None:
        """Return ``sum_k w_k X_k`` of A_0 and B_h (B, stored); None if nodes are not exact."""
        panels = Panels(self.sums, self.of_sums)
        if self.spans is None:
            return panels.mixed(u, weights)
        arrays = panels.values(u)
        if arrays is None:
            return None
        parts = [w[:, None] * x for w, x in zip(weights.T, arrays, strict=True)]
        return np.asarray(np.concatenate(parts, axis=1) @ self._images)

    def products(self, u: Array, other: Array) -> tuple[Array, Array]:
        """Return ``<Y, X_k>`` and ``<Y, dX_k>`` of A_0 and B_h (B, 1 + H)."""
        panels = Panels(self.sums, self.of_sums)
        if self.spans is None:
            products = panels.products(u, other)
            assert products is not None
            return products
        each = other @ self._images.T
        arrays, slopes = panels.values(u), panels.slopes(u)
        assert arrays is not None
        assert slopes is not None
        value, slope = (
            np.add.reduceat(each * np.concatenate(x, axis=1), self._starts, axis=1)
            for x in (arrays, slopes)
        )
        return value, slope

    def _types(self, u: Array) -> tuple[Small, Array]:
        """Return ``Q̃`` of all types, with deviations, and v of treated ones (B, H, T)."""
        types = of_types(self.problem, values_of_noise(self.problem, u))
        # One column of loadings; none where no unit deviates.
        return types, (types.q[:, self.treated] @ self.problem.moments.loadings[self.treated]).sum(
            axis=3
        )

    def at(self, values: Values) -> AssembledSums | None:
        """Return A at points; None if nodes are not exact."""
        u = self.problem.noise_parameter(values)
        small = Panels(self.small, self.of_types).values(u)
        if small is None:
            return None
        total, k = small
        precision = np.zeros(len(u))
        if self.problem.deviates_by_unit:
            precision = deviation_precision(values)[:, 0, 0]
        inner = precision[:, None] + k
        weights = np.concatenate([np.ones((len(u), 1)), -1.0 / inner], axis=1)
        stored = self.mixed(u, weights)
        if stored is None:
            return None
        # log|Lambda + k| - log|Lambda| once for every unit.
        n_units = self.problem.moments.n_units[self.treated]
        total = total - 0.5 * np.log(inner / precision[:, None]) @ n_units
        return AssembledSums(self, u, stored, total, precision, inner, weights)


@dataclass(frozen=True, eq=False)
class AssembledSums:
    """A at B points, with deviations of single units integrated out.

    Parameters
    ----------
    u : ndarray (B, 1)
        The noise's parameter.
    stored : ndarray (B, stored)
        Entries of A.
    total : ndarray (B)
        Part of the log density that depends on no coefficient.
    precision : ndarray (B)
        ``Lambda``.
    inner : ndarray (B, H)
        ``Lambda + k``.
    weights : ndarray (B, 1 + H)
        Weights of A_0 and B_h.
    """

    nodes: AssembledNodes
    u: Array
    stored: Array
    total: Array
    precision: Array
    inner: Array
    weights: Array

    def adjoint(self, stored: Array) -> tuple[Array, Array]:
        """Return derivatives by the noise's parameter and ``Lambda`` (B), from the adjoint of A."""
        nodes = self.nodes
        slopes = Panels(nodes.small, nodes.of_types).slopes(self.u)
        assert slopes is not None
        value, slope = nodes.products(self.u, stored)  # <Ā, X> of A_0 and B_h, and <Ā, dX>.
        total, k = slopes
        n_units = nodes.problem.moments.n_units[nodes.treated]
        # The adjoint of Lambda + k: <Ā, B_h> / (Lambda + k)², and -n / 2 of its logarithm.
        of_inner = (value[:, 1:] / self.inner - 0.5 * n_units) / self.inner
        along = (slope * self.weights).sum(axis=1) + total + (of_inner * k).sum(axis=1)
        precision = of_inner.sum(axis=1)
        if n_units.size:
            precision = precision + 0.5 * n_units.sum() / self.precision
        return along, precision


def assembled_sums(problem: GaussianProblem, values: Values) -> AssembledSums | None:
    """Return A of a problem for many points; None if it is computed step by step."""
    if not problem.often or values.nuisance is not None:
        return None
    if assembled_sums not in problem.kept:
        # What a problem keeps must not keep the problem.
        problem.kept[assembled_sums] = AssembledNodes.of(problem.bare())
    nodes: AssembledNodes | None = problem.kept[assembled_sums]
    key = (assembled_sums, id(problem))
    if nodes is not None and key not in values.known:
        values.known[key] = nodes.at(values)
    at_points: AssembledSums | None = values.known.get(key)
    return at_points
