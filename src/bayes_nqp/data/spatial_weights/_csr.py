"""Convert matrices to CSR format, and validate their indices."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any, NoReturn

import numpy as np
from scipy import sparse

from bayes_nqp._core.exceptions import StudyError, brief
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.limits import afford
from bayes_nqp._core.safe_calls import reply


def csr_of(matrix: Any, n_units: int) -> sparse.csr_array:
    """Copy a matrix, or its arrays as stored in files, to CSR format."""

    def read() -> sparse.csr_array:
        if isinstance(matrix, Mapping):
            parts = (np.asarray(matrix[name]) for name in ("data", "indices", "indptr"))
            table = sparse.csr_array(tuple(parts), shape=(n_units, n_units))
            table.check_format(full_check=True)
        else:
            table = matrix if sparse.issparse(matrix) else np.atleast_2d(matrix)
        if table.dtype.kind in "cmM":
            raise TypeError(f"{table.dtype} is not a real numeric type")
        return sparse.csr_array(table, dtype=np.float64, copy=True)

    def refuse(error: Exception) -> NoReturn:
        raise StudyError(
            Message("'matrix' is {}, not a numeric matrix", brief(matrix)),
            hint="a square matrix with one row and one column for each unit",
        ) from error

    check_indices(matrix)
    return reply(read, refuse)


def check_indices(matrix: Any) -> None:
    """Refuse a sparse matrix with indices outside its shape, which scipy does not check.

    Raises
    ------
    StudyError
        If there are such indices, or the shape exceeds the memory limit.
    """
    if not sparse.issparse(matrix):
        return
    afford(16.0 * sum(matrix.shape), f"a matrix of shape {matrix.shape}", "the links of your units")

    def refuse(error: Exception) -> NoReturn:
        raise StudyError(
            Message("'matrix' is damaged: {}", error),
            hint=Message("create the sparse matrix again"),
        ) from error

    def check() -> None:
        if isinstance(matrix, sparse.coo_array | sparse.coo_matrix):
            type(matrix)((matrix.data, matrix.coords), shape=matrix.shape)
        else:
            held = matrix if matrix.format in {"csr", "csc", "bsr"} else matrix.tocsr()
            copy(held).check_format(full_check=True)

    reply(check, refuse)
