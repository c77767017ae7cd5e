"""Conversion of values to plain data and back, for files and studies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from scipy.sparse import issparse

from bayes_nqp._core.compat import RENAMED, current
from bayes_nqp._core.exceptions import StudyError, nearest
from bayes_nqp._core.plugins import family_of, registered
from bayes_nqp.data import index, spatial_weights
from bayes_nqp.model import designs, likelihoods, pooling, priors
from bayes_nqp.model.predictors import time_effects
from bayes_nqp.numerics import sampling

__all__ = ["decode", "encode"]

ROOMS = (designs, index, likelihoods, pooling, priors, sampling, spatial_weights, time_effects)
"""Rooms that register values when they are imported."""

_TAG = "type"


def encode(value: Any) -> Any:
    """Turn a value into dictionaries, lists, text and numbers.

    Parameters
    ----------
    value : value
        A design, pooling, error structure, priors, sampler, or plain data.

    Returns
    -------
    dict, list, str, float, int, bool or None
        A value becomes a dictionary with its "type" and its arguments.

    Raises
    ------
    StudyError
        If the value is of no known type.
    """
    if is_dataclass(value) and not isinstance(value, type):
        if registered().get(type(value).__name__) is not type(value):
            family = _family(type(value))
            raise StudyError(
                f"{type(value).__name__} cannot be stored in a file",
                hint=f'@register("{family}") above the class, from bayes_nqp._core.plugins',
            )
        return {_TAG: type(value).__name__} | {
            f.name: encode(getattr(value, f.name)) for f in fields(value)
        }
    if isinstance(value, tuple | list):
        return [encode(item) for item in value]
    if issparse(value):
        return {name: getattr(value, name).tolist() for name in ("data", "indices", "indptr")}
    if isinstance(value, Mapping):
        return {str(k): encode(item) for k, item in value.items()}
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise StudyError(f"{value!r} cannot be stored in a file")


def _family(kind: type) -> str:
    """Name the family of a type that nobody registered, by the nearest base that others share."""
    for base in (base for base in kind.__mro__ if base.__module__.startswith("bayes_nqp.")):
        kin = {family_of(name) for name, x in registered().items() if base in x.__mro__}
        if kin:
            # Terms that fill several arguments have one base: what is new is one beside them.
            return kin.pop() if len(kin) == 1 else "terms"
    return "…"


def decode(data: Any, where: str = "") -> Any:
    """Convert plain data back into values.

    Parameters
    ----------
    data : dict, list, str, float, int, bool or None
        From `encode`, or read from a file.
    where : str, optional
        The key of the data, for messages.

    Raises
    ------
    StudyError
        If a type or an argument is unknown; the message names the nearest known one.
    """
    if isinstance(data, list | tuple):
        return tuple(decode(item, where) for item in data)
    if not isinstance(data, Mapping) or _TAG not in data:
        return data
    name = current("value", str(data[_TAG]))
    if name in RENAMED:
        raise StudyError(
            f"'{where or _TAG}' has the type {name!r}, which is gone since version 0.2",
            hint=RENAMED[name].study,
        )
    if name not in registered():
        raise StudyError(
            f"'{where or _TAG}' has the type {name!r}", hint=nearest(str(name), registered())
        )
    kind = registered()[name]
    fields_of = {f.name for f in fields(kind)}
    arguments = {k: decode(item, f"{where}.{k}" if where else k) for k, item in data.items()}
    del arguments[_TAG]
    for key in arguments:
        if key not in fields_of:
            raise StudyError(
                f"'{where or name}' has the unknown key {key!r}", hint=nearest(key, fields_of)
            )
    return kind(**arguments)
