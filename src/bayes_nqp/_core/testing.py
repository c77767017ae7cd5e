"""Comparison of panels, fits, checks and labelled data, with a list of differences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

__all__ = ["assert_equal", "differences"]

_MOST = 20


def assert_equal(first: object, second: object, *, rtol: float = 0.0, atol: float = 0.0) -> None:
    """Raise an error unless two objects of the library have the same content.

    `Panel`, `Fit` and `CheckResult` compare by identity under ``==``; this function compares their
    content. Missing values are equal to one another.

    Parameters
    ----------
    first, second : Panel, Fit, CheckResult, Dataset, DataArray, DataTree, DataFrame, or values
        Objects to compare.
    rtol, atol : float, default 0
        Relative and absolute tolerance of floating-point numbers.

    Raises
    ------
    AssertionError
        If the objects differ, with a list of the differences.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> from bayes_nqp._core.testing import assert_equal
    >>> panel = nqp.datasets.castle_doctrine()
    >>> assert_equal(panel, nqp.datasets.castle_doctrine())
    """
    lines = differences(first, second, rtol=rtol, atol=atol)
    if lines:
        remainder = f"\n  and {len(lines) - _MOST} more" if len(lines) > _MOST else ""
        shown = "\n  ".join(lines[:_MOST])
        raise AssertionError(f"{len(lines)} differences:\n  {shown}{remainder}")


def differences(
    first: object, second: object, *, rtol: float = 0.0, atol: float = 0.0
) -> list[str]:
    """Return the differences of two objects.

    Parameters
    ----------
    first, second : object
        As in `assert_equal`.
    rtol, atol : float, default 0
        Relative and absolute tolerance of floating-point numbers.

    Returns
    -------
    list of str
        Empty if nothing differs.
    """
    return list(_differ(first, second, type(first).__name__, rtol, atol))


def _differ(a: Any, b: Any, at: str, rtol: float, atol: float) -> Iterator[str]:
    labelled = isinstance(a, xr.Dataset | xr.DataTree)
    if isinstance(a, Mapping) and isinstance(b, Mapping) and not labelled:
        yield from _mappings(a, b, at, rtol, atol)
    elif type(a) is not type(b) and not _both_numbers(a, b):
        yield f"{at}: {type(a).__name__} and {type(b).__name__}"
    elif is_dataclass(a) and not isinstance(a, type):
        for field in fields(a):
            name = field.name
            yield from _differ(getattr(a, name), getattr(b, name), f"{at}.{name}", rtol, atol)
    elif isinstance(a, xr.DataTree):
        yield from _trees(a, b, at, rtol, atol)
    elif isinstance(a, xr.Dataset | xr.DataArray):
        yield from _labelled(a, b, at, rtol, atol)
    elif isinstance(a, pd.DataFrame | pd.Series):
        yield from _frames(a, b, at, rtol, atol)
    elif isinstance(a, np.ndarray):
        yield from _arrays(a, b, at, rtol, atol)
    elif isinstance(a, Sequence) and not isinstance(a, str | bytes):
        if len(a) != len(b):
            yield f"{at}: {len(a)} and {len(b)} items"
        for k, (x, y) in enumerate(zip(a, b, strict=False)):
            yield from _differ(x, y, f"{at}[{k}]", rtol, atol)
    elif not _same(a, b, rtol, atol):
        yield f"{at}: {a!r} and {b!r}"


def _both_numbers(a: Any, b: Any) -> bool:
    return all(isinstance(x, int | float | np.number) and not isinstance(x, bool) for x in (a, b))


def _same(a: Any, b: Any, rtol: float, atol: float) -> bool:
    if _both_numbers(a, b):
        return bool(np.isclose(a, b, rtol=rtol, atol=atol, equal_nan=True))
    return bool(a == b)


def _mappings(a: Any, b: Any, at: str, rtol: float, atol: float) -> Iterator[str]:
    for key in [k for k in a if k not in b]:
        yield f"{at}[{key!r}]: only in the first"
    for key in [k for k in b if k not in a]:
        yield f"{at}[{key!r}]: only in the second"
    for key in a:
        if key in b:
            yield from _differ(a[key], b[key], f"{at}[{key!r}]", rtol, atol)


def _trees(a: Any, b: Any, at: str, rtol: float, atol: float) -> Iterator[str]:
    datasets = [{node.path: node.to_dataset() for node in tree.subtree} for tree in (a, b)]
    yield from _mappings(datasets[0], datasets[1], at, rtol, atol)


def _labelled(a: Any, b: Any, at: str, rtol: float, atol: float) -> Iterator[str]:
    """Compare variables or values, coordinates and attrs."""
    yield from _mappings(dict(a.attrs), dict(b.attrs), f"{at}.attrs", rtol, atol)
    parts = [dict(a.coords), dict(b.coords)]
    if isinstance(a, xr.Dataset):
        parts = [{**dict(x.data_vars), **p} for x, p in zip((a, b), parts, strict=True)]
    else:
        yield from _variables(a.variable, b.variable, at, rtol, atol)
    for name in [n for n in parts[0] if n not in parts[1]]:
        yield f"{at}[{name!r}]: only in the first"
    for name in [n for n in parts[1] if n not in parts[0]]:
        yield f"{at}[{name!r}]: only in the second"
    for name, variable in parts[0].items():
        if name in parts[1]:
            other = parts[1][name].variable
            yield from _variables(variable.variable, other, f"{at}[{name!r}]", rtol, atol)


def _variables(a: Any, b: Any, at: str, rtol: float, atol: float) -> Iterator[str]:
    if a.dims != b.dims:
        yield f"{at}: dims {a.dims} and {b.dims}"
        return
    yield from _arrays(np.asarray(a.values), np.asarray(b.values), at, rtol, atol)


def _frames(a: Any, b: Any, at: str, rtol: float, atol: float) -> Iterator[str]:
    try:
        compare = (
            pd.testing.assert_frame_equal
            if isinstance(a, pd.DataFrame)
            else pd.testing.assert_series_equal
        )
        compare(a, b, rtol=rtol, atol=atol)
    except AssertionError as error:
        yield f"{at}: {' '.join(str(error).split())}"


def _arrays(a: Any, b: Any, at: str, rtol: float, atol: float) -> Iterator[str]:
    if a.shape != b.shape:
        yield f"{at}: shapes {a.shape} and {b.shape}"
    elif a.dtype.kind != b.dtype.kind:
        yield f"{at}: {a.dtype} and {b.dtype}"
    elif a.dtype.kind == "f":
        off = ~np.isclose(a, b, rtol=rtol, atol=atol, equal_nan=True)
        yield from _places(a, b, off, at)
    else:
        yield from _places(a, b, np.asarray(a != b), at)


def _places(a: Any, b: Any, off: Any, at: str) -> Iterator[str]:
    """Return the number of different entries, and the first of them."""
    if not off.any():
        return
    first = tuple(int(k) for k in np.argwhere(off)[0])
    where = f" at {first}" if first else ""
    yield (
        f"{at}: {int(off.sum())} of {off.size} entries differ; first{where}: "
        f"{a[first]!r} and {b[first]!r}"
    )
