"""Weights from a user-defined matrix, and combinations of weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Final

import numpy as np

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.validation import door
from bayes_nqp.data.spatial_weights._links import linked
from bayes_nqp.data.spatial_weights._sources import links_of
from bayes_nqp.data.spatial_weights._weights import Islands, SpatialWeights, Standardised


@door
def matrix(
    frame: object,
    *,
    ids: Sequence[str] | None = None,
    label: str = "matrix",
    standardised: Standardised = "row",
    islands: Islands = "keep",
) -> SpatialWeights:
    """Build weights from a table, an array, a libpysal graph, or a file.

    Parameters
    ----------
    frame : DataFrame, array, sparse array, libpysal W or Graph, str or Path
        A square table with units as labels of rows and columns, in any order, or with columns w1,
        w2, …; a list of links with the columns from, to and weight (by default 1); a numpy or
        scipy.sparse matrix with units given by `ids`; or the path of a file: .csv, .xlsx, .dta,
        .parquet and other table files, .gal and .gwt of GeoDa, .npz. Weights must not be negative.
    ids : sequence of str, optional
        Labels of rows and columns in order, if the source does not contain labels; otherwise all
        units, including units without links.
    label : str, default "matrix"
        Name in tables and figures.
    standardised : {"row", "none"}, default "row"
        "row": scale the weights of each unit's neighbours to sum to one.
    islands : {"keep", "nearest", "error"}, default "keep"
        Treatment of units without neighbours; "nearest" requires coordinates and is refused.

    Raises
    ------
    StudyError
        If the table is not square, units of rows, columns and `ids` differ, or weights are missing,
        negative, or non-zero on the diagonal.
    PanelError
        If there are islands and ``islands="error"``; or if a file cannot be read.

    Examples
    --------
    >>> import pandas as pd
    >>> from bayes_nqp.data import spatial_weights
    >>> links = pd.DataFrame({"from": ["a", "b"], "to": ["b", "a"], "weight": [2.0, 1.0]})
    >>> spatial_weights.matrix(links, ids=["a", "b", "c"]).isolated
    ('c',)
    """
    links = links_of(frame, ids)
    assert links.ids is not None
    return linked(
        links.matrix, "matrix", label, ids=links.ids, standardised=standardised, islands=islands
    )


_LARGEST: Final = 1e300


@door
def composite(shares: Mapping[SpatialWeights, float]) -> SpatialWeights:
    """Average several weights, for example 0.5 by distance and 0.5 by income.

    Parameters
    ----------
    shares : mapping of SpatialWeights to float
        Shares of the weights, divided by their sum.

    Raises
    ------
    StudyError
        If a share is not positive, or no weights are given.
    PanelError
        If units of the first weights are not in the others.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> near = nqp.simulation.Spillover(nqp.Rings([100]), untreated=[0.5], treated=[0.2])
    >>> panel = nqp.simulation.cities(
    ...     spillover=near, strata=[], mediators=["innovation"], years=(2013, 2018), seed=1
    ... ).panel
    >>> near_by = nqp.spatial_weights.nearest(panel, k=3)
    >>> alike = nqp.spatial_weights.economic(panel, "ln_gdp")
    >>> nqp.spatial_weights.composite({near_by: 0.5, alike: 0.5})
    SpatialWeights('0.5 3 nearest + 0.5 economic (ln_gdp)', 285 units, 80,940 links)
    """
    if not shares or not all(0.0 < share < np.inf for share in shares.values()):
        raise StudyError(
            Message("'{}' is {!r}", "shares", list(shares.values())),
            hint="a positive number for each weights matrix",
        )
    first, most = next(iter(shares)), max(shares.values())
    if most > _LARGEST:  # the sum may overflow
        shares = {w: share / most for w, share in shares.items()}
    total = sum(shares.values())
    parts = [(share / total) * w.aligned(first.ids).matrix for w, share in shares.items()]
    label = " + ".join(f"{share / total:.2g} {w.name}" for w, share in shares.items())
    *_, matrix = accumulate(parts)
    places = next((w.aligned(first.ids).places for w in shares if w.places), ())
    return SpatialWeights(
        first.ids, matrix, "composite", first.standardised, first.islands, label, places
    ).by_rules()


@door
def nested(geographic: SpatialWeights, economic: SpatialWeights) -> SpatialWeights:
    """Multiply geographic weights by economic weights, link by link.

    Parameters
    ----------
    geographic : SpatialWeights
        Weights that define the neighbours and the rules of the result.
    economic : SpatialWeights
        Weights by similarity, for at least the units of the first weights.

    Raises
    ------
    PanelError
        If units of the first weights are not in the second; or if there are islands and
        ``islands="error"``.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> near = nqp.simulation.Spillover(nqp.Rings([100]), untreated=[0.5], treated=[0.2])
    >>> panel = nqp.simulation.cities(
    ...     spillover=near, strata=[], mediators=["innovation"], years=(2013, 2018), seed=1
    ... ).panel
    >>> near_by = nqp.spatial_weights.nearest(panel, k=3)
    >>> nqp.spatial_weights.nested(near_by, nqp.spatial_weights.economic(panel, "ln_gdp"))
    SpatialWeights('3 nearest × economic (ln_gdp)', 285 units, 1,100 links)
    """
    other = economic.aligned(geographic.ids)
    return SpatialWeights(
            geographic.ids, geographic.matrix.multiply(other.matrix).tocsr(), "nested",
            geographic.standardised, geographic.islands, f"{geographic.name} × {other.name}",
            geographic.places,
    ).by_rules()  # fmt: skip
