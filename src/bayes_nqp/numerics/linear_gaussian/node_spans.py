"""Bases of few matrices for matrices that depend on one parameter of the errors.

``Q`` of AR(1) errors is ``(I + rho² K - rho L) / (1 - rho²)``, K the inner periods and L the
neighbours of the diagonal. Therefore ``Q̃``, and v v' of ``v = Q̃d``, are in a space of about six
dimensions. With an orthonormal basis P of it (r, number), ``X(u) = c(u) P`` and ``C vec X = (C P')
c(u)``: a map C of thousands of rows is applied only r times in all, and nodes store c alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bayes_nqp._core.arrays import Array

PLACES = np.linspace(-5.0, 5.0, 41)[:, None]
"""Test places on the parameter's unconstrained scale: every other one is left out."""
_RANK = 1e-13
"""Smallest relevant singular value of matrices of length one, relative to the largest."""
_EXACT = 1e-12
"""Largest entry that a basis may miss, relative to the matrix's own largest."""


@dataclass(frozen=True, eq=False)
class Span:
    """A basis of matrices, and its image under a map.

    Parameters
    ----------
    basis : ndarray (r, number)
        P, its rows orthonormal.
    image : ndarray (r, stored)
        ``(C P')'``.
    """

    basis: Array
    image: Array

    @classmethod
    def of(cls, matrices: Array, onto: Callable[[Array], Array]) -> Span | None:
        """Compute the span of matrices at `PLACES` (place, number); None if it misses some of them.

        Parameters
        ----------
        onto : callable
            From matrices X (n, number) to ``C vec X`` (n, stored).
        """
        # Scaled to length one: near a unit root they are as large as 1 / (1 - rho²).
        length = np.linalg.norm(matrices, axis=1, keepdims=True)
        unit = matrices / np.where(length > 0.0, length, 1.0)
        _, values, basis = np.linalg.svd(unit[::2], full_matrices=False)
        basis = basis[values > _RANK * values[0]]
        if _missed(basis, unit) > _EXACT:
            return None
        return cls(basis, np.ascontiguousarray(onto(basis)))

    def coefficients(self, matrices: Array) -> Array:
        """Return coefficients c of matrices (n, r).

        Raises
        ------
        LinAlgError
            If one of them is not a combination of the basis.
        """
        if _missed(self.basis, matrices) > _EXACT:
            raise np.linalg.LinAlgError("not in the span")
        return matrices @ self.basis.T


def _missed(basis: Array, matrices: Array) -> float:
    """Return the largest entry of ``X - X P'P`` over the largest of X."""
    residual = np.abs(matrices - (matrices @ basis.T) @ basis).max(axis=1)
    largest = np.abs(matrices).max(axis=1)
    return float((residual / np.where(largest > 0.0, largest, 1.0)).max())
