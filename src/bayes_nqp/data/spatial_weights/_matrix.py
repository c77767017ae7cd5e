"""Weights made of others: a matrix of one's own, an average, firms inside cities."""

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
    """Take weights that are there: in a table, an array, a graph of libpysal, or a file of these.

    Parameters
    ----------
    frame : DataFrame, array, sparse array, libpysal W or Graph, str or Path
        A square table whose rows and columns name the units, in any order, or with as many
        columns w1, w2, …; a list of links with the columns from, to and weight (or none: one); a
        numpy or scipy.sparse matrix, whose units `ids` names; or the path of one: .csv, .xlsx,
        .dta, .parquet and the other files of tables, .gal and .gwt of GeoDa, .npz. Weights are
        from 0 up.
    ids : sequence of str, optional
        Labels of rows and columns in their order, where the source does not name its units; else
        all of its units, those without links among them.
    label : str, default "matrix"
        What tables and figures call it.
    standardised : {"row", "none"}, default "row"
        Whether to let the weights of a unit's neighbours sum to one.
    islands : {"keep", "nearest", "error"}, default "keep"
        What to do with units without neighbours; "nearest" needs places, and is refused.

    Raises
    ------
    StudyError
        If the table is not square, its rows and columns name different units, `ids` are others,
        or weights are missing, negative, or not zero on the diagonal.
    PanelError
        At islands, where none may be; or if a file cannot be read.

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
    """Average several weights: 0.5 by distance and 0.5 by income, for example.

    Parameters
    ----------
    shares : mapping of SpatialWeights to float
        The share of each; they are divided by their sum.

    Raises
    ------
    StudyError
        If a share is not positive, or there is none.
    PanelError
        If units of the first are not among those of another.

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
    if most > _LARGEST:  # the sum of several may be beyond numbers
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
    """Multiply weights link by link: who is near counts by how alike they are.

    Parameters
    ----------
    geographic : SpatialWeights
        Says who is a neighbour; its rules are those of the result.
    economic : SpatialWeights
        Says how alike units are; of its units those of the first are taken.

    Raises
    ------
    PanelError
        If units of the first are not among those of the second; or at islands, where none may be.

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
