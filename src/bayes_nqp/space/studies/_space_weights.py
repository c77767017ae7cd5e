"""The table [space.weights]: spatial weights by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from inspect import Parameter, isfunction, signature
from pathlib import Path
from typing import Any, Final

from bayes_nqp._core.exceptions import StudyError, brief, nearest
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.io import text_path
from bayes_nqp._core.types import annotations_of
from bayes_nqp.data import spatial_weights
from bayes_nqp.data.panel import Panel
from bayes_nqp.data.spatial_weights import SpatialWeights
from bayes_nqp.space.studies._space_keys import SpaceKeys
from bayes_nqp.studies.extending import (
    Schema,
    check_keys,
    check_kinds,
    described,
    in_table,
    schema_of,
)

_KIND: Final = "kind"
_FILES: Final = {"boundaries": "file", "frame": "file"}
"""Arguments whose value is read from a file."""
_COMBINED: Final = ("composite", "nested")
"""Kinds that are composed of other weights, which determine the units."""
_BORDERS: Final = "contiguity"
"""The kind that uses the boundaries of [space] if it names no file."""
_PLACES: Final = ("longitude", "latitude")


def kinds() -> dict[str, Callable[..., SpatialWeights]]:
    """Return the kinds of weights that a study can use."""
    members = {name: getattr(spatial_weights, name) for name in spatial_weights.__all__}
    return {
        name: make
        for name, make in members.items()
        if isfunction(make) and next(iter(signature(make).parameters)) != "weights"
    }


def keys_of(kind: str) -> dict[str, Parameter]:
    """Return the keys of a table [space.weights.…] of a kind; keys without default are required."""
    arguments = signature(kinds()[kind]).parameters.items()
    keys = {_FILES.get(name, name): item for name, item in arguments if name != "panel"}
    extra = ["label"] if kind in _COMBINED else ["label", "city"]
    for name in extra:
        plain = Parameter(name, Parameter.KEYWORD_ONLY, default=None)
        keys.setdefault(name, plain)
    return keys


def schema_of_kind(kind: str) -> Schema:
    """Describe a table of weights of a kind (JSON schema)."""
    help_of = {_FILES.get(name, name): text for name, text in described(kinds()[kind]).items()}
    keys, types = keys_of(kind), _types(kind)
    properties = {"kind": {"const": kind}} | {
        name: schema_of(types.get(name, str))
        | ({"description": help_of[name]} if help_of.get(name) else {})
        for name in keys
    }
    needed = [name for name, item in keys.items() if item.default is Parameter.empty]
    needed = [name for name in needed if kind != _BORDERS]
    return {
        "type": "object",
        "properties": properties,
        "required": ["kind", *needed],
        "additionalProperties": False,
    }


def check_weights(space: SpaceKeys) -> None:
    """Check the tables of weights before any data are read.

    Raises
    ------
    StudyError
        If a kind, a key or a value does not exist.
    """
    for name, stated in space.weights.items():
        where, kind = f"space.weights.{name}", stated.get(_KIND)
        if not isinstance(kind, str) or kind not in kinds():
            problem = Message(
                "'{}.kind' is {}, which is not a kind of spatial weights", where, brief(kind)
            )
            if kind is None:
                problem = Message("[{}] lacks the key {!r}", where, _KIND)
            raise StudyError(problem, hint=nearest(str(kind), kinds()))
        _check_table(kind, _with_borders(space, stated), where)
        _components(stated, name, space)


def _check_table(kind: str, table: Mapping[str, Any], where: str) -> None:
    """Check the keys of a table against those of its kind."""
    keys = keys_of(kind)
    check_keys({key: x for key, x in table.items() if key != _KIND}, [*keys], f"[{where}]")
    for key, item in keys.items():
        if item.default is Parameter.empty and key not in table:
            raise StudyError(
                Message("[{}] lacks the key {!r}", where, key), hint=Message("add {}", f"{key} = …")
            )
    check_kinds(table, _types(kind), where)


def _types(kind: str) -> dict[str, Any]:
    """Return the types of a kind's keys, including keys of files in place of arguments."""
    types = {_FILES.get(name, name): x for name, x in annotations_of(kinds()[kind]).items()}
    return {**types, "file": str, "label": str, "city": str}


def _with_borders(space: SpaceKeys, table: Mapping[str, Any]) -> Mapping[str, Any]:
    """Use the boundaries of [space] if a table of contiguity weights names no file."""
    if table[_KIND] != _BORDERS or "file" in table or space.boundaries is None:
        return table
    return {"file": space.boundaries, "id": space.id, **table}


def _components(table: Mapping[str, Any], name: str, space: SpaceKeys) -> list[str]:
    """Return the names of the weights from which others are composed.

    Raises
    ------
    StudyError
        If a component does not exist or is defined later; weights are made in the order of the
        study.
    """
    shares = table.get("shares", {})
    if not isinstance(shares, Mapping):
        raise StudyError(
            Message("'{}' is {}", f"space.weights.{name}.shares", brief(shares)),
            hint="write a share for each component: shares = { near = 0.5, alike = 0.5 }",
        )
    names = [*shares, *(table[key] for key in ("geographic", "economic") if key in table)]
    above = list(space.weights)[: list(space.weights).index(name)]
    for other in names:
        if other not in above:
            raise StudyError(
                Message(
                    "[space.weights.{}] uses {!r}, but no weights of that name are "
                    "defined above it",
                    name,
                    other,
                ),
                hint=nearest(str(other), above)
                if above
                else "define these weights in a table above this one",
            )
    return names


def weights_of(space: SpaceKeys, panel: Panel, folder: Path) -> dict[str, SpatialWeights]:
    """Make the weights of a study, for the units of its panel.

    Parameters
    ----------
    space : SpaceKeys
        Keys that `check_weights` has checked.
    folder : Path
        Folder of the study, to which relative paths refer.

    Raises
    ------
    StudyError, PanelError
        If the weights cannot be made from these data; the message names the table.
    """
    by_name: dict[str, SpatialWeights] = {}
    for name, table in space.weights.items():
        with in_table(f"space.weights.{name}"):
            by_name[name] = _weights(space, _with_borders(space, table), panel, folder, by_name)
    return by_name


def _weights(
    space: SpaceKeys,
    table: Mapping[str, Any],
    panel: Panel,
    folder: Path,
    above: Mapping[str, SpatialWeights],
) -> SpatialWeights:
    """Make the weights of one table, for the units of a panel."""
    kind, label = str(table[_KIND]), str(table.get("label", ""))
    make, arguments = kinds()[kind], {k: x for k, x in table.items() if k not in (_KIND, "label")}
    names = signature(make).parameters
    city = None if "city" in names else arguments.pop("city", None)
    source = arguments.pop("file", None)
    if source is not None:
        key = "frame" if "frame" in names else "boundaries"
        arguments[key] = folder / text_path(source, "'file'")
    if "panel" in names:
        arguments["panel"] = panel
    arguments |= {k: getattr(space, k) for k in _PLACES if k in names and k not in arguments}
    if kind == "composite":
        arguments["shares"] = {above[name]: share for name, share in table["shares"].items()}
    elif kind == "nested":
        arguments |= {key: above[table[key]] for key in ("geographic", "economic")}
    weights = spatial_weights.spread(make(**arguments), panel, city).aligned(panel.unit_labels)
    return replace(weights, label=label) if label else weights
