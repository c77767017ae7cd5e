"""LAPACK and BLAS as scipy ships them, callable inside numba and cacheable on disk.

Matrices are C-ordered and symmetric or lower triangular as seen from Python. Fortran sees
their transposes, hence "U" where Python thinks "lower".
"""

# Numba's own types are not annotated.
# mypy: disable-error-code="call-overload, no-untyped-call"

from __future__ import annotations

import llvmlite.binding as llvm
import numpy as np
import numpy.typing as npt
from numba import types
from numba.extending import get_cython_function_address

from bayes_nqp.compression._compile import compiled

__all__ = ["cholesky", "inverse_from_cholesky", "solve_lower"]


def _external(module: str, name: str, arguments: int) -> types.ExternalFunction:
    # Cached machine code refers to the symbol by name, so it must be known to LLVM
    # before the cache is read: at import.
    symbol = f"bayes_nqp_{name}"
    llvm.add_symbol(symbol, get_cython_function_address(f"scipy.linalg.{module}", name))
    return types.ExternalFunction(symbol, types.void(*[types.voidptr] * arguments))


_dpotrf = _external("cython_lapack", "dpotrf", 5)
_dpotri = _external("cython_lapack", "dpotri", 5)
_dtrsm = _external("cython_blas", "dtrsm", 11)

Array = npt.NDArray[np.float64]


@compiled
def cholesky(a: Array) -> int:
    """Factor a symmetric matrix in place as ``L L'``; only the lower part is read and written.

    Parameters
    ----------
    a : ndarray (n, n)
        Symmetric; overwritten by ``L``.

    Returns
    -------
    int
        0, or the order of the first minor that is not positive definite.
    """
    n = a.shape[0]
    size = np.array([n], np.int32)
    info = np.zeros(1, np.int32)
    upper = np.array([85], np.uint8)
    _dpotrf(upper.ctypes, size.ctypes, a.ctypes, size.ctypes, info.ctypes)
    return int(info[0])


@compiled
def inverse_from_cholesky(lower: Array) -> Array:
    """Invert ``L L'`` given ``L``.

    Parameters
    ----------
    lower : ndarray (n, n)
        Lower triangular.

    Returns
    -------
    ndarray (n, n)
        Symmetric.
    """
    a = lower.copy()
    n = a.shape[0]
    size = np.array([n], np.int32)
    info = np.zeros(1, np.int32)
    upper = np.array([85], np.uint8)
    _dpotri(upper.ctypes, size.ctypes, a.ctypes, size.ctypes, info.ctypes)
    for i in range(n):
        for j in range(i + 1, n):
            a[i, j] = a[j, i]
    return a


@compiled
def solve_lower(lower: Array, b: Array, transpose: bool) -> None:
    """Solve ``L x = b``, or ``L' x = b``, in place.

    Parameters
    ----------
    lower : ndarray (n, n)
        Lower triangular.
    b : ndarray (n, k)
        Right-hand sides; overwritten by the solution.
    transpose : bool
        Whether to solve with ``L'``.
    """
    n, k = b.shape
    if n == 0 or k == 0:
        return
    rows = np.array([k], np.int32)
    cols = np.array([n], np.int32)
    one = np.ones(1)
    right = np.array([82], np.uint8)
    upper = np.array([85], np.uint8)
    no = np.array([78], np.uint8)
    trans = np.array([84 if transpose else 78], np.uint8)
    _dtrsm(
        right.ctypes, upper.ctypes, trans.ctypes, no.ctypes, rows.ctypes, cols.ctypes,
        one.ctypes, lower.ctypes, cols.ctypes, b.ctypes, rows.ctypes,
    )  # fmt: skip
