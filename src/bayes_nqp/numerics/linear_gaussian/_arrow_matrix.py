"""Cholesky factors of matrices with first blocks that are coupled only through the last rows.

    M = [D, C'; C, E],  D = D_1 ⊕ .. ⊕ D_k,

k blocks of size s, and e rows coupled with all of them. With ``L_j L_j' = D_j``, ``W_j = C_j
L_j^-T`` and ``L_e L_e' = E - sum_j W_j W_j'`` the factor is ``L = [L_1 ⊕ .. ⊕ L_k, 0; W_1 .. W_k,
L_e]``. Its cost grows with k and not with its third power. Without last rows (e = 0) M is block
diagonal; without first blocks (k = 0) it is any matrix.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from bayes_nqp._core.arrays import Array
from bayes_nqp.numerics.linear_gaussian._unit_matrices import (
    back_solve,
    half_solve,
    inverse_of,
    lower_inverse,
    symmetric,
)

_INVERTED = 96
"""Rows up to which the inverse of a factor, and a product, are faster than a solver."""


@dataclass(frozen=True, eq=False)
class ArrowFactor:
    """L of a stack of such matrices.

    Parameters
    ----------
    own : ndarray (..., k, s, s)
        L_j.
    side : ndarray (..., e, k s)
        W, one block after another.
    corner : ndarray (..., e, e)
        L_e.
    """

    own: Array
    side: Array
    corner: Array

    @classmethod
    def of(cls, d: Array, c: Array, e: Array) -> Self:
        """Factorise M.

        Parameters
        ----------
        d : ndarray (..., k, s, s)
            D_j, the first blocks.
        c : ndarray (..., e, k s)
            C, the cross terms of the last rows and the first blocks.
        e : ndarray (..., e, e)
            E, the block of the last rows.

        Raises
        ------
        LinAlgError
            If one of them is not positive definite.
        """
        lower = np.linalg.cholesky(d)
        if not c.shape[-2]:
            return cls(lower, c, e)
        # W' = L_j^-1 C_j', block after block.
        transpose = c.swapaxes(-1, -2)
        turned = lower_inverse(lower) @ transpose.reshape(*lower.shape[:-1], c.shape[-2])
        side = turned.reshape(transpose.shape).swapaxes(-1, -2)
        return cls(lower, side, np.linalg.cholesky(e - side @ side.swapaxes(-1, -2)))

    @property
    def log_det(self) -> Array:
        """Return ``log|M|`` (...)."""
        blocks, corner = (np.diagonal(x, axis1=-2, axis2=-1) for x in (self.own, self.corner))
        return np.asarray(2.0 * (np.log(blocks).sum(axis=(-1, -2)) + np.log(corner).sum(axis=-1)))

    def half_solve(self, right: Array) -> Array:
        """Return ``L^-1 r``, r (..., k s + e, columns)."""
        first, last = self._parts(right)
        x = self._rows(lower_inverse(self.own) @ first)
        if not last.shape[-2]:
            return x
        # L_e x_e = r_e - W x.
        last = last - self.side @ x
        small = self.corner.shape[-1] <= _INVERTED
        last = lower_inverse(self.corner) @ last if small else half_solve(self.corner, last)
        return np.concatenate([x, last], axis=-2)

    def back_solve(self, right: Array) -> Array:
        """Return ``L^-T r``, the last rows of r first."""
        first, last = self._parts(right)
        if not last.shape[-2]:
            return back_solve(self.own, first).reshape(right.shape)
        last = back_solve(self.corner, last)
        # L_j' x_j = r_j - W_j' x_e.
        first = first - (self.side.swapaxes(-1, -2) @ last).reshape(first.shape)
        return np.concatenate([self._rows(back_solve(self.own, first)), last], axis=-2)

    def inverse(self) -> tuple[Array, Array, Array]:
        """Return ``M^-1`` where M is not zero.

        Returns
        -------
        tuple of ndarray (..., k, s, s), (..., e, k s) and (..., e, e)
            Blocks of the inverse, in the form of D, C and E.
        """
        root = lower_inverse(self.own)  # L_j^-1
        blocks = root.swapaxes(-1, -2) @ root
        if not self.corner.shape[-1]:
            return blocks, self.side, self.corner
        # Z = (E - W W')^-1; M^-1 has Z, -Z C D^-1 and D^-1 + D^-1 C'Z C D^-1, the latter's blocks
        # with C_j D_j^-1 = W_j L_j^-1.
        z, transpose = symmetric(inverse_of(self.corner)), self.side.swapaxes(-1, -2)
        turned = transpose.reshape(*blocks.shape[:-1], transpose.shape[-1])
        turned = root.swapaxes(-1, -2) @ turned  # D_j^-1 C_j'
        side = -z @ self._rows(turned).swapaxes(-1, -2)
        return blocks + turned @ z[..., None, :, :] @ turned.swapaxes(-1, -2), side, z

    @staticmethod
    def _rows(blocks: Array) -> Array:
        """Stack rows of blocks (..., k, s, columns) one after another (..., k s, columns)."""
        *shape, k, s, columns = blocks.shape
        return blocks.reshape(*shape, k * s, columns)

    def _parts(self, right: Array) -> tuple[Array, Array]:
        """Split into first blocks (..., k, s, columns) and last rows (..., e, columns)."""
        *shape, k, s, _ = self.own.shape
        first = right[..., : k * s, :].reshape(*shape, k, s, right.shape[-1])
        return first, right[..., k * s :, :]
