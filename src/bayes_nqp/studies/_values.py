"""[design], [priors] and [sampler] to the values they stand for, and back to TOML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from bayes_nqp.codec import VALUES, decode, encode
from bayes_nqp.designs import StaggeredDiD
from bayes_nqp.errors import StudyError, nearest
from bayes_nqp.priors import Priors
from bayes_nqp.sampling import IMH, NUTS, Sampler

__all__ = ["design_of", "sampler_of", "written"]

_NONE = "none"
"""TOML has no null; ``varying = "none"`` stands for it."""
_TAG = "type"


def design_of(design: Mapping[str, Any], priors: Mapping[str, Any]) -> StaggeredDiD:
    """Decode a design and its priors.

    Parameters
    ----------
    design, priors : mapping
        The tables of those names.

    Returns
    -------
    StaggeredDiD

    Raises
    ------
    StudyError
        If a key or a value is not one of the design's.
    """
    if "priors" in design:
        raise StudyError(
            "'design.priors' is in the wrong place", hint="a table [priors] of its own"
        )
    data = {_TAG: StaggeredDiD.__name__, **{k: _tagged(k, x) for k, x in design.items()}}
    made = _decoded(data, "design")
    if not isinstance(made, StaggeredDiD):
        raise StudyError(
            f"'design.type' is {design.get(_TAG)!r}, which is no design",
            hint="leave it out for StaggeredDiD",
        )
    return made.replace(priors=_decoded({_TAG: Priors.__name__, **priors}, "priors"))


def sampler_of(sampler: Mapping[str, Any]) -> Sampler | None:
    """Decode a sampler.

    Parameters
    ----------
    sampler : mapping
        The table [sampler]; NUTS unless its ``type`` says otherwise.

    Returns
    -------
    NUTS, IMH or None
        None, for the library's own choice, if the table is empty.

    Raises
    ------
    StudyError
        If a key or a value is not one of the sampler's.
    """
    if not sampler:
        return None
    kind = sampler.get(_TAG, NUTS.__name__)
    if kind not in (NUTS.__name__, IMH.__name__):
        raise StudyError(f"'sampler.type' is {kind!r}, which is no sampler", hint='"NUTS" or "IMH"')
    made: Sampler = _decoded({**sampler, _TAG: kind}, "sampler")
    return made


def written(value: object) -> dict[str, Any]:
    """Write a value as a TOML table, without nulls.

    Parameters
    ----------
    value : value

    Returns
    -------
    dict
    """
    table: dict[str, Any] = _without_null(encode(value))
    return table


def _without_null(data: Any) -> Any:
    if isinstance(data, Mapping):
        return {
            key: _NONE if item is None else _without_null(item)
            for key, item in data.items()
            if item is not None or key == "varying"
        }
    return [_without_null(item) for item in data] if isinstance(data, list) else data


def _tagged(key: str, value: Any) -> Any:
    """Take the name of a value for the value, and "none" for no deviations."""
    if isinstance(value, str) and key in ("effect", "errors", "time", "likelihood"):
        if value not in VALUES:
            raise StudyError(f"'design.{key}' is {value!r}", hint=nearest(value, VALUES))
        return {_TAG: value}
    if isinstance(value, Mapping):
        if _TAG not in value:
            example = {"effect": "Partial", "errors": "AR1", "time": "TimeEffects"}.get(key, "…")
            raise StudyError(
                f"'design.{key}' does not say its type",
                hint=f'{key} = {{ type = "{example}", … }}',
            )
        return {k: None if k == "varying" and x == _NONE else x for k, x in value.items()}
    return value


def _decoded(data: Mapping[str, Any], where: str) -> Any:
    _check_keys(data, where)
    try:
        return decode(data, where)
    except StudyError as error:
        if where in error.what:
            raise
        raise StudyError(f"[{where}]: {error.what}", where=error.where, hint=error.hint) from None
    except (TypeError, ValueError) as error:
        raise StudyError(
            f"[{where}] has a value of the wrong kind: {error}",
            where=", ".join(f"{k} = {x!r}" for k, x in data.items() if k != _TAG),
            hint="numbers stand without quotes, text in quotes",
        ) from error


def _check_keys(data: Mapping[str, Any], where: str) -> None:
    """Refuse unknown keys here, so that the message speaks of the file's tables."""
    kind = VALUES.get(str(data[_TAG]))
    if kind is None:
        return
    known = [f.name for f in fields(kind) if f.name != "priors"]
    for key, item in data.items():
        if key != _TAG and key not in known:
            place = f"[{where}]" if "." not in where else f"'{where}'"
            raise StudyError(f"{place} has the unknown key {key!r}", hint=nearest(key, known))
        if isinstance(item, Mapping) and _TAG in item:
            _check_keys(item, f"{where}.{key}")
