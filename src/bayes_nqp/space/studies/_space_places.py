"""The table [space]: coordinates of units, from names of places or from the user's boundaries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bayes_nqp._core.exceptions import PanelError, StudyError, nearest, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.io import is_folder, no_file, text_path
from bayes_nqp.data.column_inference import match
from bayes_nqp.data.datasets import prefectures
from bayes_nqp.data.reading import encode
from bayes_nqp.data.spatial_weights import Boundaries, boundaries_of, coordinate
from bayes_nqp.space.studies._space_keys import SpaceKeys
from bayes_nqp.studies.extending import in_table


def with_places(space: SpaceKeys, frame: pd.DataFrame) -> pd.DataFrame:
    """Add the coordinates of the prefectures or provinces in a column.

    Raises
    ------
    StudyError
        If the column does not exist.
    PanelError
        If a value is neither a prefecture nor a province.
    """
    column = space.places
    if column not in frame.columns:
        raise StudyError(
            Message("'space.places' is {!r}, which is not a column of the data", column),
            hint=nearest(str(column), frame.columns),
        )
    degrees = {value: degrees_of(value) for value in frame[column].unique().tolist()}
    unmatched = [value for value, place in degrees.items() if place is None]
    if unmatched:
        near = match(unmatched[0]).nearest
        raise PanelError(
            Message(
                "'space.places': {} values of {!r} are not prefectures", len(unmatched), column
            ),
            where=shown(map(repr, unmatched)),
            hint=Message("did you mean {}?", shown(near))
            if near
            else "use names of prefectures or provinces, or their codes, such as 330100",
        )
    east, north = np.array([degrees[value] for value in frame[column]]).T
    return frame.assign(**{space.longitude: east, space.latitude: north})


def degrees_of(value: Any) -> tuple[float, float] | None:
    """Return the coordinates of a prefecture, or of the capital of a province."""
    places, place = prefectures(dissolved=True), match(value)
    rows = places[places["code"] == (place.code or -1)]
    if place.provincial and place.code is None:
        text = str(value).partition(".")[0]
        ours = places["code"].astype(str).str.startswith(text[:2]) & text.isdigit()
        rows = places[ours | places["province"].str.startswith(text)].head(1)
    if not len(rows):
        return None
    return float(rows["longitude"].iloc[0]), float(rows["latitude"].iloc[0])


def borders_of(space: SpaceKeys, folder: Path) -> Boundaries:
    """Read the boundaries that a study names.

    Raises
    ------
    StudyError
        If one of the two keys is missing, or the file does not exist.
    PanelError
        If the file lacks the column, or its polygons do not match units.
    """
    if space.boundaries is None:
        raise StudyError(
            Message("[{}] lacks the key {!r}", "space", "boundaries"),
            hint=Message("add {}", 'boundaries = "cities.geojson"'),
        )
    if space.id is None:
        raise StudyError(
            Message("[{}] lacks the key {!r}", "space", "id"),
            hint=Message(
                "add id = \"…\", the column of the boundary file that contains the names of"
                " units"),
        )  # fmt: skip
    path = folder / text_path(space.boundaries, "'space.boundaries'")
    if problem := no_file(path):
        names = [x.name for x in path.parent.glob("*")] if is_folder(path.parent) else []
        raise StudyError(
            Message("'space.boundaries': {!r} {}", space.boundaries, problem),
            hint=nearest(path.name, sorted(names)),
        )
    with in_table("space"):
        return boundaries_of(path, space.id, "zone_map")


def with_borders(space: SpaceKeys, frame: pd.DataFrame, unit: str, folder: Path) -> pd.DataFrame:
    """Test that every unit has a polygon, and add an interior point if coordinates are missing.

    Raises
    ------
    PanelError
        If a unit is not in the boundaries.
    """
    borders = borders_of(space, folder)
    codes, labels = encode(frame[unit])
    with in_table("space"):
        points = borders.in_degrees().representative_point().iloc[borders.places_of(labels)]
    names = (space.longitude, space.latitude), ("longitude", "latitude")
    columns = {
        name: np.append(values.to_numpy(), np.nan)[codes]
        for pair in names
        for name, values in zip(pair, (points.x, points.y), strict=True)
        if coordinate(frame.columns, name) not in frame.columns
    }
    return frame.assign(**columns)
