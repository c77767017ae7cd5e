"""Small matrices of one unit: its precision, with flat effects and deviations taken out."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from scipy.linalg import blas, lapack

from bayes_nqp._core.arrays import Array, Index, Mask
from bayes_nqp.numerics.linear_gaussian.types import ErrorLaw, Moments, Values

_SOLVED_WHOLE = 12
"""Size up to which solvers of whole stacks are fastest for triangular matrices."""
_MANY_SMALL = 16
"""Matrices of a stack from which a row-wise inverse, and a product, are faster than these."""
_LARGE = 100
"""Number of rows above which matrices of a stack are factored one by one."""


def innovation_root(noise: ErrorLaw, moments: Moments, values: Values) -> tuple[Array, Array]:
    """Compute the map from one unit's errors to innovations, for every pattern of periods.

    ``W'W = Q``, the inverse of ``(w^-1/2 V w^-1/2 + diag(v) / sigma²)_oo`` on the observed periods
    o, with precision weights w and known variances v; W is lower triangular, and zero elsewhere.
    Innovations are in the order of time.

    Parameters
    ----------
    values : Values
        Parameters of the noise, and sigma, at B points.

    Returns
    -------
    tuple of ndarray (B, P, T, T) and ndarray (B, P)
        W and ``log|Q|``.
    """
    # L L' = w^-1/2 V w^-1/2 + diag(v) / sigma² on o, so that W = L^-1 whitens and log|Q| is
    # -2 sum log L_tt.
    lower = np.linalg.cholesky(observed_covariance(noise, moments, values))
    log_det = -2.0 * np.log(np.diagonal(lower, axis1=-2, axis2=-1)).sum(axis=-1)
    root, count = triangular_inverse(lower), len(moments.seen)
    if root.shape[1] != count:  # One covariance for all P patterns.
        root, log_det = root.repeat(count, axis=1), log_det.repeat(count, axis=1)
    if not moments.seen.all():
        # L is block diagonal in o and the rest; the identity block of the rest is removed here.
        root *= moments.seen[:, :, None] & moments.seen[:, None, :]
    return root, log_det


def observed_covariance(noise: ErrorLaw, moments: Moments, values: Values) -> Array:
    """Compute the covariance of one unit's errors under every pattern of observed periods.

    Ones on the diagonal of unobserved periods leave the rest of its inverse unchanged.

    Returns
    -------
    ndarray (B, P, T, T)
        Or (B, 1, T, T), if all patterns are equal.
    """
    n = moments.n_periods
    covariance = noise.covariance(n, values.noise)[:, None]  # V, (B, 1, T, T).
    if not (moments.weights == 1.0).all():
        # w^-1/2 V w^-1/2
        root = 1.0 / np.sqrt(moments.weights)
        covariance = covariance * (root[:, :, None] * root[:, None, :])
    if moments.has_variances:
        # + diag(v) / sigma², (B, P, T, T)
        ratio = moments.variances / (values.sigma**2)[:, None, None]
        covariance = covariance + np.eye(n) * ratio[..., None]
    if not moments.seen.all():
        # Bordered by an identity, which does not change the inverse and the determinant:
        # (V_oo ⊕ I)^-1 = V_oo^-1 ⊕ I and |V_oo ⊕ I| = |V_oo|.
        seen = moments.seen.astype(np.float64)
        covariance = covariance * (seen[:, :, None] * seen[:, None, :])
        covariance = covariance + np.eye(n) * (1.0 - seen)[:, :, None]
    return np.asarray(covariance)


def whitener(root: Array, nuisance: Array) -> Array:
    """Compute the map from standardised errors z to ``Q̃ e``: ``W̃'z`` with ``W̃ = (I - P) W``.

    P projects on ``W N``, so that ``W̃'W̃ = Q̃``.

    Parameters
    ----------
    root : ndarray (..., T, T)
        W.
    nuisance : ndarray (..., T, a)
        N.

    Returns
    -------
    ndarray (..., T, T)
        W̃, with zeros for unobserved periods.
    """
    # P = U U' with U an orthonormal basis of W N, and W̃ = W - U U'W.
    basis = np.linalg.qr(root @ nuisance)[0]
    return np.asarray(root - basis @ (basis.swapaxes(-1, -2) @ root))


def absorb(q: Array, loadings: Array, prior: Array | float = 0.0) -> tuple[Array, Array]:
    """Integrate out a unit's coefficients, with loadings D and prior precision Lambda / sigma².

    ``Q - Q D (Lambda + D'QD)^-1 D'Q``; flat coefficients have D = N and Lambda = 0. With Lambda
    this is Woodbury's identity for ``(Q^-1 + D Lambda^-1 D')^-1``, the precision of observations
    with the variance of the coefficients included. Its limit Lambda = 0 is the precision of all
    contrasts of observations that are free of D, as in REML.

    Parameters
    ----------
    prior : ndarray (..., a, a) or 0
        Lambda.

    Returns
    -------
    tuple of ndarray (..., T, T) and ndarray (...)
        The remaining precision, and ``log|Lambda + D'QD|``.
    """
    qd = q @ loadings  # (..., T, a)
    inner = (
        prior + loadings.swapaxes(-1, -2) @ qd
    )  # Lambda + D'QD: precision given the observations.
    lower = np.linalg.cholesky(inner)
    log_det = 2.0 * np.log(np.diagonal(lower, axis1=-2, axis2=-1)).sum(axis=-1)
    # With L L' = Lambda + D'QD and R = L^-1 D'Q, R'R is subtracted: symmetric despite rounding.
    cross_root = half_solve(lower, qd.swapaxes(-1, -2))
    return q - cross_root.swapaxes(-1, -2) @ cross_root, log_det


def cholesky(matrix: Array, *, overwrite: bool = False) -> Array:
    """Compute lower Cholesky factors of a stack, from lower triangles.

    Large matrices are factorised one by one, in place. This avoids copies of the stack, and columns
    with a multiple of 64 numbers, which share few cache lines. Microseconds per matrix by stack and
    one by one: size 64, 7 and 7; 100, 22 and 20; 128, 83 and 30; 132, 42 and 38; 210, 160 and 125.

    Parameters
    ----------
    overwrite : bool, default False
        If True, the stack may be overwritten by the factors if its matrices are contiguous.
    """
    n = matrix.shape[-1]
    if n < _LARGE:
        return np.linalg.cholesky(matrix)
    out = matrix if overwrite else matrix.copy()
    out = np.ascontiguousarray(out)
    for factor in out.reshape(-1, n, n):
        # LAPACK's own order is that of columns: the lower triangle is the upper one there.
        _, info = lapack.dpotrf(factor.T, lower=0, clean=1, overwrite_a=1)
        if info:
            raise np.linalg.LinAlgError("Matrix is not positive definite")
    return out


def half_solve(lower: Array, right: Array) -> Array:
    """Return ``L^-1 R`` for stacks of lower triangular L."""
    return _solved(lower, right, transposed=False)


def back_solve(lower: Array, right: Array) -> Array:
    """Return ``L^-T R`` for stacks of lower triangular L."""
    return _solved(lower, right, transposed=True)


def _solved(lower: Array, right: Array, *, transposed: bool) -> Array:
    """Solve triangular systems, one after another.

    Microseconds per system were measured with the general solver of stacks, halved into
    products, and with this function. Systems of size 11 with 20 right sides took 1.0 and 1.0, of
    size 24 with 14 2.4 and 1.2. Systems of size 47 with 20 right sides took 6.7 and 2.7, of size
    100 with 50 37 and 15.
    """
    n, columns = lower.shape[-1], right.shape[-1]
    if n == 1:
        return np.asarray(right / lower)
    if n <= _SOLVED_WHOLE:
        if transposed:
            return np.linalg.solve(lower.swapaxes(-1, -2), right)
        many = n <= columns and lower.size >= _MANY_SMALL * n**2
        return lower_inverse(lower) @ right if many else np.linalg.solve(lower, right)
    stack = np.broadcast_shapes(lower.shape[:-2], right.shape[:-2])
    out = np.array(np.broadcast_to(right, (*stack, n, columns)), order="C")
    if not out.size:
        return out
    factors = np.ascontiguousarray(np.broadcast_to(lower, (*stack, n, n))).reshape(-1, n, n)
    # BLAS's own order is that of columns: L' is upper triangular there, and X' L' = R' to be
    # solved from the right, or X' L = R' for L^-T.
    for factor, x in zip(factors, out.reshape(-1, n, columns), strict=True):
        blas.dtrsm(1.0, factor.T, x.T, side=1, lower=0, trans_a=int(transposed), overwrite_b=1)
    return out


def lower_inverse(lower: Array) -> Array:
    """Return ``L^-1`` for a stack of triangular L: ``x_i = (e_i - L_i,<i X_<i) / L_ii``.

    For 250 matrices of size 14 it takes a third of the general inverse's time, for 36 of size 28
    a half.
    """
    out = np.zeros_like(lower)
    scale = 1.0 / np.diagonal(lower, axis1=-2, axis2=-1)
    for i in range(lower.shape[-1]):
        # Row i of L X = I: L_i,<i X_<i + L_ii x_i = e_i'.
        out[..., i, :i] = (lower[..., i, None, :i] @ out[..., :i, :i])[..., 0, :]
        out[..., i, :i] *= -scale[..., i, None]
        out[..., i, i] = scale[..., i]
    return out


def triangular_inverse(lower: Array) -> Array:
    """Return ``L^-1``, row by row if a stack is large enough for it.

    Microseconds row by row and by the general inverse: one matrix of size 35, 140 and 23; 16, 411
    and 427; 528, 9,300 and 23,700.
    """
    many = lower.size >= _MANY_SMALL * lower.shape[-1] ** 2
    return lower_inverse(lower) if many else np.linalg.inv(lower)


def inverse_of(lower: Array) -> Array:
    """Return ``(L L')^-1`` for a stack of triangular L, in half the time of a general solution.

    Only the lower triangles are valid; entries above the diagonal are those of L.
    """
    out, n = lower.copy(order="C"), lower.shape[-1]
    if n:
        # LAPACK's own order is that of columns: L' is upper triangular there.
        for inverse in out.reshape(-1, n, n):
            lapack.dpotri(inverse.T, lower=0, overwrite_c=1)
    return out


def symmetric(lower: Array) -> Array:
    """Return the symmetric matrices of lower triangles."""
    return np.where(_below(lower.shape[-1]), lower, lower.swapaxes(-1, -2))


@cache
def _below(n: int) -> Mask:
    """Return True for entries of a lower triangle (n, n); read-only."""
    return np.tri(n, dtype=bool)


@cache
def lower_indices(n: int) -> tuple[Index, Index]:
    """Return rows and columns of a lower triangle, row after row; read-only."""
    rows, columns = np.tril_indices(n)
    rows.flags.writeable = columns.flags.writeable = False
    return rows, columns


@cache
def lower_places(n: int) -> Index:
    """Return the number of each pair in a lower triangle (n, n), symmetric; read-only."""
    number = np.zeros((n, n), dtype=np.int64)
    rows, columns = lower_indices(n)
    number[rows, columns] = number[columns, rows] = np.arange(rows.size)
    number.flags.writeable = False
    return number


def lower_triangles(matrices: Array) -> Array:
    """Flatten the lower triangles of a stack (B, H, T, T) to (B, H T (T + 1) / 2)."""
    rows, columns = lower_indices(matrices.shape[-1])
    flat = matrices.reshape(*matrices.shape[:-2], -1)[..., rows * matrices.shape[-1] + columns]
    return np.ascontiguousarray(flat.reshape(len(matrices), -1))


def padded(by_place: Index, values: Any) -> Any:
    """Take values (B, O, ...) to (B, place, most, ...), zero where there is no owner."""
    # Index -1, for places with fewer owners than the largest, selects the row of zeros at the end.
    zero = np.zeros((len(values), 1, *values.shape[2:]))
    return np.concatenate([values, zero], axis=1)[:, by_place]
