"""Conversion of labelled arrays and tables to bytes and back, to store results between runs.

The format is numpy's archive of arrays, with all other data as JSON; pickle is not used.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from bayes_nqp._core.i18n import Message, decoded, encoded
from bayes_nqp._core.io import array_bytes
from bayes_nqp._core.safe_calls import reply

type Arrays = list[npt.NDArray[Any]]
type Head = dict[str, Any]

_MESSAGE, _TUPLE = "message", "tuple"
_MISSING = "\0missing"


def packed(head: Mapping[str, Any], arrays: Sequence[npt.NDArray[Any]]) -> bytes:
    """Write arrays and plain data to one archive.

    Parameters
    ----------
    head : mapping
        Data that JSON can represent.
    arrays : sequence of ndarray
        Numbers, bools, dates or text.

    Raises
    ------
    TypeError or ValueError
        If a value has another type.
    """
    content = io.BytesIO()
    text = np.frombuffer(json.dumps(head, ensure_ascii=True).encode("ascii"), dtype=np.uint8)
    np.savez(content, text, *arrays, allow_pickle=False)
    return content.getvalue()


def unpacked(content: bytes) -> tuple[Head, Arrays]:
    """Read an archive.

    Raises
    ------
    ValueError
        If the bytes are not an archive of `packed`.
    """

    def read() -> tuple[Head, Arrays]:
        array_bytes(io.BytesIO(content))
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            text, *arrays = [stored[f"arr_{k}"] for k in range(len(stored.files))]
            return dict(json.loads(text.tobytes())), arrays

    def refuse(error: Exception) -> NoReturn:
        raise ValueError("no parcel") from error

    return reply(read, refuse)


def dataset_parts(dataset: xr.Dataset) -> tuple[Head, Arrays]:
    """Split a Dataset into its plain data and its arrays, in the order of their names.

    Raises
    ------
    TypeError
        If it contains objects.
    """
    variables, arrays = [], []
    for name in (*dataset.data_vars, *dataset.coords):
        variable = dataset.variables[name]
        array, kind = _array(variable.values)
        arrays.append(array)
        variables.append(
            [str(name), list(variable.dims), kind, name in dataset.coords, _attrs(variable.attrs)]
        )
    return {"variables": variables, "attrs": _attrs(dataset.attrs)}, arrays


def dataset_from(head: Head, arrays: Arrays) -> xr.Dataset:
    """Build a Dataset from its parts."""
    columns: dict[str, xr.Variable] = {}
    coords: dict[str, xr.Variable] = {}
    for (name, dims, kind, coordinate, attrs), array in zip(head["variables"], arrays, strict=True):
        into = coords if coordinate else columns
        into[name] = xr.Variable(dims, _restored(array, kind), _restored_attrs(attrs))
    return xr.Dataset(columns, coords, _restored_attrs(head["attrs"]))


def frame_parts(frame: pd.DataFrame) -> tuple[Head, Arrays]:
    """Split a table into its plain data and its arrays.

    Raises
    ------
    TypeError
        If a column has another type, or the index is not the default one.
    """
    plain = all(isinstance(x, np.dtype | pd.StringDtype) for x in frame.dtypes)
    if not (plain and frame.index.equals(pd.RangeIndex(len(frame)))):
        raise TypeError("a table with an index, or with columns that are neither numbers nor text")
    parts = [_array(frame[name].to_numpy()) for name in frame.columns]
    head = {
        "columns": [
            [name, str(frame[name].dtype), kind]
            for name, (_, kind) in zip(frame.columns, parts, strict=True)
        ],
        "attrs": _attrs(frame.attrs),
    }
    return head, [array for array, _ in parts]


def frame_from(head: Head, arrays: Arrays) -> pd.DataFrame:
    """Build a table from its parts."""
    columns = {
        name: pd.Series(_restored(array, kind), dtype=dtype)
        for (name, dtype, kind), array in zip(head["columns"], arrays, strict=True)
    }
    frame = pd.DataFrame(columns)
    frame.attrs.update(_restored_attrs(head["attrs"]))
    return frame


def _array(values: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], str]:
    """Return an array that numpy writes without pickle, and its original kind."""
    if values.dtype.kind in "biufcmMU":
        return values, "plain"
    missing = pd.isna(values.ravel())
    items = np.where(missing, _MISSING, values.ravel()).tolist()
    if all(type(x) is str and not x.endswith("\0") for x in items):
        return np.asarray(items, dtype=str).reshape(values.shape), "text"
    if all(isinstance(x, Message) for x in items):
        texts = [encoded([x]) for x in items]
        return np.asarray(texts, dtype=str).reshape(values.shape), _MESSAGE
    raise TypeError(f"an array of {values.dtype} contains objects other than text")


def _restored(array: npt.NDArray[Any], kind: str) -> npt.NDArray[Any]:
    if kind == "plain":
        return array
    texts = array.ravel().tolist()
    items = np.empty(array.size, dtype=object)
    items[:] = (
        [np.nan if text == _MISSING else text for text in texts]
        if kind == "text"
        else [decoded(text)[0] for text in texts]
    )
    return items.reshape(array.shape)


def _attrs(attrs: Mapping[Any, Any]) -> list[list[Any]]:
    return [[str(name), _plain(value)] for name, value in attrs.items()]


def _restored_attrs(attrs: list[list[Any]]) -> dict[str, Any]:
    return {name: _value(plain) for name, plain in attrs}


def _plain(value: object) -> object:
    if isinstance(value, Message):
        return {_MESSAGE: encoded([value])}
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, tuple):
        return {_TUPLE: [_plain(x) for x in value]}
    if isinstance(value, list):
        return [_plain(x) for x in value]
    raise TypeError(f"{type(value).__name__} among attrs")


def _value(plain: Any) -> Any:
    if isinstance(plain, list):
        return [_value(x) for x in plain]
    if not isinstance(plain, dict):
        return plain
    return decoded(plain[_MESSAGE])[0] if _MESSAGE in plain else tuple(map(_value, plain[_TUPLE]))
