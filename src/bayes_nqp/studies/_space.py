"""[space]: where units are, and spatial weights by the names that a study gives them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from inspect import Parameter, isfunction, signature
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from bayes_nqp import spatial_weights
from bayes_nqp.datasets import prefectures
from bayes_nqp.errors import NQPError, PanelError, StudyError, brief, nearest, shown
from bayes_nqp.files import text_path
from bayes_nqp.intake import match, read_rows
from bayes_nqp.language import Message
from bayes_nqp.panel import Panel
from bayes_nqp.spatial_weights import SpatialWeights
from bayes_nqp.studies._kinds import annotations_of, check_kinds
from bayes_nqp.studies._schema import Space
from bayes_nqp.studies._words import in_toml

__all__ = [
    "FILES",
    "check_space",
    "keys_of",
    "kinds",
    "weights_of",
    "with_lags",
    "with_places",
]

_KIND: Final = "kind"
FILES: Final = {"boundaries": "file", "frame": "file"}
"""Arguments whose value stands in a file."""
_COMBINED: Final = ("composite", "nested")
"""Kinds that are made of others, by which units are theirs."""
_PLACES: Final = ("longitude", "latitude")


def kinds() -> dict[str, Callable[..., SpatialWeights]]:
    """Name the kinds of weights that a study can ask for."""
    members = {name: getattr(spatial_weights, name) for name in spatial_weights.__all__}
    return {
        name: make
        for name, make in members.items()
        if isfunction(make) and next(iter(signature(make).parameters)) != "weights"
    }


def keys_of(kind: str) -> dict[str, Parameter]:
    """Name the keys of a table [space.weights.…] of a kind; those without a default are needed."""
    arguments = signature(kinds()[kind]).parameters.items()
    keys = {FILES.get(name, name): item for name, item in arguments if name != "panel"}
    extra = ["label"] if kind in _COMBINED else ["label", "city"]
    for name in extra:
        plain = Parameter(name, Parameter.KEYWORD_ONLY, default=None, annotation="str | None")
        keys.setdefault(name, plain)
    return keys


def with_places(space: Space, frame: pd.DataFrame) -> pd.DataFrame:
    """Add the coordinates of the prefectures or provinces that a column names.

    Raises
    ------
    StudyError
        If there is no such column, or there are coordinates already.
    PanelError
        If a value is neither a prefecture nor a province.
    """
    column = space.places
    if column is None:
        return frame
    if column not in frame.columns:
        raise StudyError(
            Message("'space.places' is {!r}, which is no column of the data", column),
            hint=nearest(column, frame.columns),
        )
    taken = [name for name in (space.longitude, space.latitude) if name in frame.columns]
    if taken:
        raise StudyError(
            Message(
                "'space.places' brings coordinates, and the data have {} already", shown(taken)
            ),
            hint="leave it out, or take other names for 'longitude' and 'latitude' in [space]",
        )
    degrees = {value: _degrees(value) for value in frame[column].unique()}
    unmatched = [value for value, place in degrees.items() if place is None]
    if unmatched:
        near = match(unmatched[0]).nearest
        raise PanelError(
            Message("'space.places': {} values of {!r} are no prefecture", len(unmatched), column),
            where=shown(map(repr, unmatched)),
            hint=Message("did you mean {}?", shown(near))
            if near
            else "names of prefectures or provinces, or their codes, such as 330100",
        )
    east, north = np.array([degrees[value] for value in frame[column]]).T
    return frame.assign(**{space.longitude: east, space.latitude: north})


def _degrees(value: Any) -> tuple[float, float] | None:
    """Coordinates of a prefecture, or of the seat of a province."""
    places, place = prefectures(dissolved=True), match(value)
    rows = places[places["code"] == (place.code or -1)]
    if place.provincial and place.code is None:
        text = str(value).partition(".")[0]
        ours = places["code"].astype(str).str.startswith(text[:2]) & text.isdigit()
        rows = places[ours | places["province"].str.startswith(text)].head(1)
    if not len(rows):
        return None
    return float(rows["longitude"].iloc[0]), float(rows["latitude"].iloc[0])


def check_space(space: Space) -> dict[str, SpatialWeights]:
    """See that tables of weights say what they need, before any data are read.

    Returns
    -------
    dict of str to SpatialWeights
        Weights of nobody under each name, by which designs can be looked at.

    Raises
    ------
    StudyError
        If a kind, a key or a value is not one of those that there are.
    """
    for name, table in space.weights.items():
        where = f"space.weights.{name}"
        kind = table.get(_KIND)
        if kind not in kinds():
            problem = Message("'{}.kind' is {}, which is no kind of weights", where, brief(kind))
            if kind is None:
                problem = Message("[{}] lacks the key {!r}", where, _KIND)
            raise StudyError(problem, hint=nearest(str(kind), kinds()))
        keys = keys_of(kind)
        for key in table:
            if key not in (_KIND, *keys):
                raise StudyError(
                    Message("{} has the unknown key {!r}", f"[{where}]", key),
                    hint=nearest(key, keys),
                )
        for key, item in keys.items():
            if item.default is Parameter.empty and key not in table:
                raise StudyError(
                    Message("[{}] lacks the key {!r}", where, key),
                    hint=Message("add {}", f"{key} = …"),
                )
        annotations = {FILES.get(k, k): x for k, x in annotations_of(kinds()[kind]).items()}
        check_kinds(table, {**annotations, "file": "str", "label": "str", "city": "str"}, where)
        _components(table, name, space)
    for name, lag in space.lags.items():
        if lag.weights not in space.weights:
            raise StudyError(
                Message("'{}.{}' is {}, which names no weights", f"space.lags.{name}", "weights",
                        brief(lag.weights)),
                hint=nearest(lag.weights, space.weights),
            )  # fmt: skip
    return {name: SpatialWeights((), np.zeros((0, 0)), name) for name in space.weights}


def _components(table: Mapping[str, Any], name: str, space: Space) -> list[str]:
    """Names of the weights that others are made of.

    Raises
    ------
    StudyError
        If one is not there, or stands below: weights are made in the order of the study.
    """
    shares = table.get("shares", {})
    if not isinstance(shares, Mapping):
        raise StudyError(
            Message("'{}' is {}", f"space.weights.{name}.shares", brief(shares)),
            hint="a share for each of other weights: shares = { near = 0.5, alike = 0.5 }",
        )
    names = [*shares, *(table[key] for key in ("geographic", "economic") if key in table)]
    above = list(space.weights)[: list(space.weights).index(name)]
    for other in names:
        if other not in above:
            raise StudyError(
                Message("[space.weights.{}] names {!r}, which is no weights above it", name, other),
                hint=nearest(str(other), above) if above else "a table of these weights before it",
            )
    return names


def weights_of(space: Space, panel: Panel, folder: Path) -> dict[str, SpatialWeights]:
    """Make the weights of a study, for the units of its panel.

    Parameters
    ----------
    space : Space
        That `check_space` has looked at.
    folder : Path
        Of the study, where relative paths start.

    Raises
    ------
    StudyError, PanelError
        If they cannot be made of these data; the message names the table.
    """
    by_name: dict[str, SpatialWeights] = {}
    for name, table in space.weights.items():
        place = f"space.weights.{name}"
        try:
            with in_toml(place):
                by_name[name] = _weights(space, table, panel, folder, by_name)
        except NQPError as error:
            raise type(error)(
                Message("[{}]: {}", place, error.what), where=error.where, hint=error.hint
            ) from None
    return by_name


def _weights(
    space: Space,
    table: Mapping[str, Any],
    panel: Panel,
    folder: Path,
    above: Mapping[str, SpatialWeights],
) -> SpatialWeights:
    """Make the weights of one table, of the units of a panel."""
    kind, label = str(table[_KIND]), str(table.get("label", ""))
    make, arguments = kinds()[kind], {k: x for k, x in table.items() if k not in (_KIND, "label")}
    names = signature(make).parameters
    city = None if "city" in names else arguments.pop("city", None)
    source = arguments.pop("file", None)
    if source is not None:
        path = folder / text_path(source, "'file'")
        if "frame" in names:
            rows = read_rows(path)[0]
            arguments["frame"] = rows.set_index(rows.columns[0])
        else:
            arguments["boundaries"] = path
    if "panel" in names:
        arguments["panel"] = panel
    arguments |= {k: getattr(space, k) for k in _PLACES if k in names and k not in arguments}
    if kind == "composite":
        arguments["shares"] = {above[name]: share for name, share in table["shares"].items()}
    elif kind == "nested":
        arguments |= {key: above[table[key]] for key in ("geographic", "economic")}
    weights = spatial_weights.spread(make(**arguments), panel, city).aligned(panel.unit_labels)
    return replace(weights, label=label) if label else weights


def with_lags(space: Space, panel: Panel, weights: Mapping[str, SpatialWeights]) -> pd.DataFrame:
    """Add columns of linked units to the rows of a panel.

    Raises
    ------
    StudyError
        If a column is not there, or a name is one of the data's.
    """
    columns: dict[str, pd.Series[Any]] = {}
    for name, lag in space.lags.items():
        if name in panel.frame.columns:
            raise StudyError(
                Message("'{}' is a column of the data already", f"space.lags.{name}"),
                hint="take a new name",
            )
        if lag.column not in panel.frame.columns:
            raise StudyError(
                Message("'{}' is {!r}, which is no column of the data",
                        f"space.lags.{name}.column", lag.column),
                hint=nearest(lag.column, panel.frame.columns),
            )  # fmt: skip
        columns[name] = spatial_weights.lag(weights[lag.weights], panel, lag.column)
    return panel.frame.assign(**columns)
