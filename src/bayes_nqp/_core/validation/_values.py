"""Tests of values by type, without importing the packages of the types."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping, Set
from typing import Any

LARGEST = 2**63 - 1
"""Larger whole numbers have no place in an array."""
SURROGATE = re.compile("[\ud800-\udfff]")


def class_names(value: object) -> dict[str, str]:
    """Return the names of a value's classes and of their packages."""
    return {
        ancestor.__name__: ancestor.__module__.partition(".")[0] for ancestor in type(value).__mro__
    }


def whole(value: object) -> bool:
    """Return True if a value is a 64-bit integer and not a boolean."""
    if isinstance(value, bool):
        return False
    if isinstance(value, int):
        return -LARGEST <= value <= LARGEST
    return class_names(value).get("integer") == "numpy"


def finite(value: object) -> bool:
    """Return True if a value is a finite number and not a boolean."""
    if whole(value):
        return True
    number = isinstance(value, float) or class_names(value).get("floating") == "numpy"
    return number and math.isfinite(value)  # type: ignore[arg-type]


def scalar(value: Any) -> Any:
    """Convert a number, boolean or text of numpy to the Python type."""
    packages = class_names(value)
    plain = {"bool": bool, "bool_": bool, "integer": int, "floating": float, "str_": str}
    return next((to(value) for name, to in plain.items() if packages.get(name) == "numpy"), value)


def text(value: object) -> bool:
    """Return True if a value is text that files can store, without unpaired surrogates."""
    return isinstance(value, str) and not SURROGATE.search(value)


def path(value: object) -> bool:
    return isinstance(value, os.PathLike) and isinstance(os.fspath(value), str)


def function(value: object) -> bool:
    return callable(value) and not isinstance(value, type)


def numbers(value: object) -> bool:
    """Return True if a value is an array of numbers, or a list that becomes one."""
    import numpy as np

    return isinstance(value, np.ndarray | list | tuple) and np.asarray(value).dtype.kind in "biuf"


def array(value: object) -> bool:
    """Return True if a value becomes one array of numbers or booleans."""
    import numpy as np

    if not cells(value):
        return False
    try:
        np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):  # labels, which another kind may take
        return False
    return True


def cells(value: object) -> bool:
    """Return True if a value becomes one array of numbers, booleans, text or times."""
    if isinstance(value, str | bytes | bytearray | memoryview | Mapping | Set | type):
        return False
    if value is None or class_names(value).get("DataFrame") == "pandas":
        return False
    import numpy as np

    array = np.asarray(value)
    return array.dtype.kind in "biufUTmM" or (array.dtype.kind == "O" and array.ndim > 0)


def answers(value: object, protocol: Any) -> bool:
    """Return True if a value has all attributes of a protocol, without computing any of them."""

    def has(name: str) -> bool:
        attribute = getattr(
            type(value), name, vars(value).get(name) if hasattr(value, "__dict__") else None
        )
        return attribute is not None and callable(attribute) == callable(getattr(protocol, name))

    return not isinstance(value, type) and all(map(has, protocol.__protocol_attrs__))
