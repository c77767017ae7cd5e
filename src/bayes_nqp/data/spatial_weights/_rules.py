"""Rules of weights (islands, row standardisation), their labels, and required packages."""

from __future__ import annotations

import re
from functools import reduce
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

import numpy as np
from scipy import sparse

from bayes_nqp._core.exceptions import PanelError, StudyError, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.spatial_weights._places import Locations


def ruled(
    matrix: sparse.csr_array,
    ids: tuple[str, ...],
    places: tuple[tuple[float, float], ...],
    *,
    islands: str,
    standardised: str,
) -> Any:
    """Apply the rule for islands, then standardise rows if requested.

    Parameters
    ----------
    places : tuple of tuple of float (unit, 2)
        Longitude and latitude in degrees, if available.

    Returns
    -------
    csr_array (unit, unit)
        W after both rules.

    Raises
    ------
    PanelError
        If there are islands and the rule is "error".
    StudyError
        If islands are to be linked to the nearest unit, but coordinates are not available.
    """
    alone = np.flatnonzero(np.diff(matrix.indptr) == 0)
    if alone.size and islands == "error":
        raise PanelError(
            Message("{} of {} units have no neighbour", alone.size, len(ids)),
            where=shown(np.asarray(ids)[alone]),
            hint="islands='nearest' links each to the nearest unit, islands='keep' keeps its row "
            "empty; or define more neighbours"
            if places
            else "link each by hand in the table (as Hainan to Guangdong); islands='keep' keeps "
            "its row empty",
        )
    if alone.size and islands == "nearest":
        if not places:
            raise StudyError(
                "islands='nearest' requires coordinates, which these weights do not have",
                hint="add links in the table (such as Hainan to Guangdong), or use islands='keep'",
            )
        # One link each, with the average weight of links.
        nearest = Locations(ids, np.asarray(places)).nearest(1).indices[alone]
        strength = float(matrix.data.mean()) if matrix.nnz else 1.0
        added = (np.full(alone.size, strength), (alone, nearest))
        matrix = matrix + sparse.csr_array(added, shape=matrix.shape)
    if standardised == "row":
        with np.errstate(over="ignore"):
            total = matrix.sum(axis=1)
        if (~np.isfinite(total) | ((total > 0.0) & (total < _LEAST))).any():
            # Relative to the row maximum, so that sums and their reciprocals are finite.
            most = np.repeat(matrix.max(axis=1).toarray().ravel(), np.diff(matrix.indptr))
            matrix = matrix.copy()
            matrix.data = matrix.data / np.where(most > 0.0, most, 1.0)
            total = matrix.sum(axis=1)
        scale = np.divide(1.0, total, out=np.zeros_like(total), where=total > 0.0)
        matrix = sparse.diags_array(scale) @ matrix
    return matrix


_LEAST: Final = 1e-300
"""Smallest row sum with a finite reciprocal."""
_PLUS, _TIMES = " + ", " × "
_CALLED: Final = (
    (re.compile(r"(\d+) nearest"), Message("{} nearest")),
    (re.compile(r"within (\S+) km"), Message("within {} km")),
    (re.compile(r"inverse distance within (\S+) km"), Message("inverse distance within {} km")),
    (re.compile(r"inverse distance"), Message("inverse distance")),
    (re.compile(r"exponential, (\S+) km"), Message("exponential, {} km")),
    (re.compile(r"economic \((.+)\)"), Message("economic ({})")),
    (re.compile(r"contiguity"), Message("contiguity")),
    (re.compile(r"matrix"), Message("matrix")),
)
_SHARE: Final = re.compile(r"([\d.]+) (.+)")


def worded(label: str) -> Message:
    """Convert a label, as stored in weights and files, to a message.

    Parameters
    ----------
    label : str
        Label of the library, such as "5 nearest", or of the user, which is unchanged.
    """
    if _PLUS in label:
        return reduce(lambda a, b: Message("{} + {}", a, b), map(_shared, label.split(_PLUS)))
    if _TIMES in label:
        return reduce(lambda a, b: Message("{} × {}", a, b), map(worded, label.split(_TIMES)))
    for pattern, words in _CALLED:
        if (match := pattern.fullmatch(label)) is not None:
            return words.fill(*match.groups())
    return Message("{}", label)


def _shared(part: str) -> Message:
    """Return a part of a composite, with its share."""
    match = _SHARE.fullmatch(part)
    return worded(part) if match is None else Message("{} {}", match[1], worded(match[2]))


def geopandas_for(asked_by: str) -> Any:
    """Import geopandas.

    Parameters
    ----------
    asked_by : str
        Function named in the message.

    Raises
    ------
    StudyError
        If the package is not installed.
    """
    return _module("geopandas", asked_by)


def graph_class(asked_by: str) -> Any:
    """Import libpysal's graph class.

    Parameters
    ----------
    asked_by : str
        Function named in the message.

    Raises
    ------
    StudyError
        If the package is not installed.
    """
    _module("libpysal", asked_by)
    return import_module("libpysal.graph").Graph


def _module(name: str, asked_by: str) -> Any:
    if find_spec(name) is None:
        raise StudyError(
            Message("{}() requires the package {}, which is not installed", asked_by, name),
            hint="pip install 'bayes-nqp[space]'",
        )
    return import_module(name)
