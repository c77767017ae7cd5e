"""Locations of units: validated coordinates, and great-circle distances."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree

from bayes_nqp._core.arrays import Array, Index, Mask
from bayes_nqp._core.exceptions import PanelError, nearest, shown
from bayes_nqp._core.i18n import Message

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel


EARTH: Final = 6371.0
"""Mean radius, in kilometres."""
_TOUCHING: Final = 1e-6
"""Tolerance of distances, in kilometres."""


@dataclass(frozen=True, eq=False)
class Locations:
    """Units on the unit sphere.

    Parameters
    ----------
    ids : tuple of str (unit)
        Labels of the units.
    degrees : ndarray (unit, 2)
        Longitude and latitude.
    """

    ids: tuple[str, ...]
    degrees: Array

    @cached_property
    def points(self) -> Array:
        """Return unit vectors (unit, 3)."""
        east, north = np.radians(self.degrees).T
        return np.stack(
            [np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)], axis=1
        )

    @cached_property
    def tree(self) -> cKDTree:
        """Return the search tree of the points; its distances are chords."""
        return cKDTree(self.points)

    def nearest(self, k: int) -> sparse.csr_array:
        """Return kilometres to the k nearest other units (unit, unit), with stored zeros."""
        n = len(self.ids)
        chord, column = self.tree.query(self.points, k + 1)
        other = column != np.arange(n)[:, None]
        # With duplicated coordinates a query may omit the unit itself: its last result is surplus.
        other[other.all(axis=1), -1] = False
        row = np.repeat(np.arange(n), k)
        return _stored(_arc(chord[other]), row, column[other], n)

    def within(self, km: float) -> sparse.csr_array:
        """Return kilometres to other units within a distance (unit, unit), with stored zeros."""
        pairs = self.tree.query_pairs(_chord(km + _TOUCHING), output_type="ndarray")
        row, column = np.concatenate([pairs, pairs[:, ::-1]]).T.astype(np.int64)
        chord = np.linalg.norm(self.points[row] - self.points[column], axis=1)
        return _stored(_arc(chord), row, column, len(self.ids))


def _chord(km: float) -> float:
    """Return the chord 2 sin(d / 2R), for d up to half the equator."""
    return float(2.0 * np.sin(min(km / EARTH, np.pi) / 2.0))


def _arc(chord: Array) -> Array:
    """Return the distance 2 R asin(chord / 2), in kilometres."""
    return np.asarray(2.0 * EARTH * np.arcsin(np.clip(chord / 2.0, 0.0, 1.0)))


def _stored(value: Array, row: Index, column: Index, n: int) -> sparse.csr_array:
    matrix = sparse.csr_array((value, (row, column)), shape=(n, n))
    matrix.sort_indices()
    return matrix


def column_of_units(
    panel: Panel, column: str, argument: str, of_unit: Index | None = None
) -> tuple[Array, Array, Array]:
    """Return the first, smallest and largest value of a numeric column by unit.

    Parameters
    ----------
    of_unit : ndarray of int (unit), optional
        The city of each unit; values are then by city.

    Raises
    ------
    PanelError
        If the column does not exist, or is not numeric.
    """
    import pandas as pd

    values, units = numbers_in(panel, column, argument), np.asarray(panel.unit_codes)
    if of_unit is None and not np.isnan(values).any():
        # Rows of a unit are adjacent.
        starts = np.flatnonzero(np.diff(units, prepend=-1))
        ends = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
        return values[starts], *ends
    grouped = pd.Series(values).groupby(units if of_unit is None else of_unit[units])
    first, least, largest = grouped.agg(["first", "min", "max"]).to_numpy().T
    return first, least, largest


def numbers_in(panel: Panel, column: str, argument: str) -> Array:
    """Return a numeric column (row), NaN if missing.

    Raises
    ------
    PanelError
        If the column does not exist, or contains text.
    """
    import pandas as pd

    if column not in panel.frame.columns:
        raise PanelError(
            Message("{}={!r} is not a column of the panel", argument, column),
            hint=nearest(column, panel.frame.columns),
        )
    cells = panel.frame[column]
    if cells.dtype == np.float64:
        return cells.to_numpy()
    values = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=np.float64)
    text = np.isnan(values) & cells.notna().to_numpy()
    if text.any():
        raise PanelError(
            Message("{}={!r} must be numeric, but is text in {} of {} rows: {}", argument,
                    column, int(text.sum()), text.size, shown(map(repr, cells[text].unique()), 4)),
            hint="a numeric column, with empty cells for missing values",
        )  # fmt: skip
    return values


def located(panel: Panel) -> bool:
    """Return True if the panel contains coordinates of its units."""
    columns = panel.frame.columns
    return {coordinate(columns, name) for name in _synonyms()} <= {*columns}


def without_place(panel: Panel) -> Mask:
    """Mark units without coordinates (unit): empty in all rows, or both zero."""
    columns = [
        column_of_units(panel, coordinate(panel.frame.columns, name), name)[0]
        for name in _synonyms()
    ]
    return _missing(np.stack(columns, axis=1))


def _missing(degrees: Array) -> Mask:
    return np.asarray(~np.isfinite(degrees).all(axis=1) | (degrees == 0.0).all(axis=1))


@cache
def _synonyms() -> dict[str, list[str]]:
    """Return alternative names of the columns of longitude and latitude."""
    text = files("bayes_nqp.data.spatial_weights").joinpath("coordinates.toml").read_text("utf-8")
    return tomllib.loads(text)


def coordinate(columns: Iterable[object], name: str) -> str:
    """Return the column, or a synonym if a default name does not exist."""
    words = {str(x): re.split(r"[(（]", str(x))[0].strip().lower() for x in columns}
    if name in words:
        return name
    synonyms = _synonyms().get(name, [])
    return next((column for column, word in words.items() if word in (name, *synonyms)), name)


def locations_of(
    panel: Panel,
    longitude: str = "longitude",
    latitude: str = "latitude",
    cities: tuple[tuple[str, ...], Index] | None = None,
) -> Locations:
    """Read the locations of the units of a panel.

    Parameters
    ----------
    longitude, latitude : str
        Columns in degrees, constant within units. By default columns with these names or their
        synonyms (lon, lat, and Chinese names).
    cities : tuple, optional
        Labels of cities, and the city of each unit; the locations are then those of cities.

    Raises
    ------
    PanelError
        If coordinates are missing, interchanged, projected, or vary within a unit.
    """
    ids, of_unit = (panel.unit_labels, None) if cities is None else cities
    columns = [
        column_of_units(panel, coordinate(panel.frame.columns, name), argument, of_unit)
        for name, argument in ((longitude, "longitude"), (latitude, "latitude"))
    ]
    moving = np.any([largest - least > 1e-9 for _, least, largest in columns], axis=0)
    if moving.any():
        raise PanelError(
            Message("coordinates vary within units"),
            where=shown(np.asarray(ids)[moving]),
            hint="give each unit one pair of coordinates",
        )
    degrees = np.stack([first for first, _, _ in columns], axis=1)
    return _looked_at(tuple(map(str, ids)), degrees.tobytes())


@lru_cache(maxsize=4)
def _looked_at(ids: tuple[str, ...], degrees: bytes) -> Locations:
    """Apply `checked_degrees` once for all panels with the same coordinates."""
    return checked_degrees(ids, np.frombuffer(degrees).reshape(-1, 2))


def checked_degrees(ids: tuple[str, ...], degrees: Array) -> Locations:
    """Refuse coordinates that are missing, interchanged, or not in degrees.

    Raises
    ------
    PanelError
        If coordinates are refused.
    """
    empty = _missing(degrees)
    if empty.any():
        raise PanelError(
            Message("{} of {} units have no coordinates", int(empty.sum()), empty.size),
            where=shown(np.asarray(ids)[empty]),
            hint="complete them, or drop these units (panel.where)",
        )
    east, north = np.abs(degrees).T
    if (north > 90.0).any() and (north <= 180.0).all() and (east <= 90.0).all():
        raise PanelError(
            Message(
                "longitude and latitude are interchanged: the largest latitude is {:.1f}",
                north.max(),
            ),
            hint="exchange 'longitude' and 'latitude'",
        )
    far = (east > 180.0) | (north > 90.0)
    if far.any():
        raise PanelError(
            Message("coordinates are not in degrees; they appear to be projected"),
            where=shown(np.asarray(ids)[far]),
            hint="longitudes from -180 to 180 and latitudes from -90 to 90: geopandas' "
            "to_crs(4326) converts to degrees",
        )
    return Locations(ids, degrees)
