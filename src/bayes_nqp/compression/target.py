"""The kernel behind the C signature that samplers call."""

# Numba's own types are not annotated.
# mypy: disable-error-code="no-untyped-call, call-arg, attr-defined, unreachable"

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import carray, types
from numba.extending import intrinsic

from bayes_nqp.compression._compile import compiled_c
from bayes_nqp.compression.kernel import log_density
from bayes_nqp.compression.problem import Packed

__all__ = ["addresses", "expand_function", "log_density_function"]

_DOUBLES = types.CPointer(types.double)
_LOG_DENSITY = types.int64(types.uint64, _DOUBLES, _DOUBLES, _DOUBLES, types.CPointer(types.int64))
_EXPAND = types.int64(types.uint64, types.uint64, _DOUBLES, _DOUBLES, types.CPointer(types.int64))


@intrinsic
def _integers(typingctx: Any, address: Any) -> Any:
    return types.CPointer(types.int64)(address), _cast


@intrinsic
def _doubles(typingctx: Any, address: Any) -> Any:
    return _DOUBLES(address), _cast


def _cast(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    return builder.inttoptr(arguments[0], context.get_value_type(signature.return_type))


@compiled_c(_LOG_DENSITY)
def log_density_function(dim, x_, grad_, value_, data_):  # type: ignore[no-untyped-def]
    """Log density and gradient; a positive code marks a point the sampler should reject."""
    data = carray(data_, 4)
    ints = carray(_integers(data[0]), data[1])
    floats = carray(_doubles(data[2]), data[3])
    grad = carray(grad_, dim)
    value = carray(value_, 1)
    value[0] = log_density(carray(x_, dim), ints, floats, grad)
    if not np.isfinite(value[0]):
        return 4
    for i in range(dim):
        if not np.isfinite(grad[i]):
            return 3
    return 0


@compiled_c(_EXPAND)
def expand_function(dim, expanded, x_, out_, data_):  # type: ignore[no-untyped-def]
    """Copy the parameters as they are."""
    x = carray(x_, dim)
    out = carray(out_, expanded)
    for i in range(dim):
        out[i] = x[i]
    return 0


def addresses(packed: Packed) -> npt.NDArray[np.int64]:
    """Where a packed problem lies in memory; the problem must outlive its use.

    Parameters
    ----------
    packed : Packed

    Returns
    -------
    ndarray of int (4,)
        Address and length of the integers, then of the floats.
    """
    return np.array(
        [packed.ints.ctypes.data, packed.ints.size, packed.floats.ctypes.data, packed.floats.size],
        dtype=np.int64,
    )
