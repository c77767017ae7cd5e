"""How labels are written and ordered."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["distinct", "text"]


def text(value: object) -> str:
    """Write a label the way a reader expects: 2015, not 2015.0.

    Parameters
    ----------
    value : object
        A label, possibly a numpy scalar.
    """
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def distinct(
    labels: npt.NDArray[Any], *, in_order: bool
) -> tuple[npt.NDArray[Any], npt.NDArray[np.intp]]:
    """List the distinct labels, and code every label by its place in the list.

    Parameters
    ----------
    labels : array
        With repetitions.
    in_order : bool
        Sort the list; otherwise, for text, keep the order of first appearance.
    """
    levels, first, codes = np.unique(labels, return_index=True, return_inverse=True)
    if in_order or labels.dtype.kind in "iuf":
        return levels, codes
    order = np.argsort(first)
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return levels[order], place[codes]
