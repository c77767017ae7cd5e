"""Weights made of others: a matrix of one's own, an average, firms inside cities."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate

import numpy as np
import pandas as pd

from bayes_nqp.columns import encode
from bayes_nqp.doors import door
from bayes_nqp.errors import StudyError, nearest, shown
from bayes_nqp.language import Message
from bayes_nqp.spatial_weights._links import linked
from bayes_nqp.spatial_weights._weights import Islands, SpatialWeights, Standardised


@door
def matrix(
    frame: pd.DataFrame,
    *,
    label: str = "matrix",
    standardised: Standardised = "row",
    islands: Islands = "keep",
) -> SpatialWeights:
    """Take a square table whose rows and columns are named by units.

    Parameters
    ----------
    frame : DataFrame (unit, unit)
        Weights from 0 up; its index and its columns name the units, in any order.
    label : str, default "matrix"
        What tables and figures call it.
    standardised : {"row", "none"}, default "row"
        Whether to let the weights of a unit's neighbours sum to one.
    islands : {"keep", "nearest", "error"}, default "keep"
        What to do with units without neighbours; "nearest" needs places, and is refused.

    Raises
    ------
    StudyError
        If the table is not square, its rows and columns name different units, or weights are
        missing, negative, or not zero on the diagonal.
    PanelError
        At islands, where none may be.
    """
    if frame.shape[0] != frame.shape[1]:
        raise StudyError(
            Message("'frame' is {} by {}, and not square", *frame.shape),
            hint="a row and a column for each unit: frame.set_index('city') where names are a "
            "column",
        )
    rows, columns = labels_of(frame.index), labels_of(frame.columns)
    odd = sorted(set(rows) ^ set(columns))
    if odd:
        others = columns if odd[0] in rows else rows
        raise StudyError(
            Message("rows and columns of 'frame' name different units"),
            where=shown(odd),
            hint=nearest(odd[0], others),
        )
    place = {name: k for k, name in enumerate(columns)}
    values = frame.apply(pd.to_numeric, errors="coerce").to_numpy(dtype=np.float64)
    return linked(
        values[:, [place[name] for name in rows]], "matrix", label, ids=rows,
        standardised=standardised, islands=islands,
    )  # fmt: skip


def labels_of(names: pd.Index) -> tuple[str, ...]:
    """Write labels as panels write them: whole numbers without a decimal point."""
    codes, labels = encode(pd.Series(names.to_numpy()))
    return tuple(str(labels[code]) for code in codes)


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
    """
    if not shares or not all(0.0 < share < np.inf for share in shares.values()):
        raise StudyError(
            Message("'{}' is {!r}", "shares", list(shares.values())),
            hint="a positive number for each weights",
        )
    first, total = next(iter(shares)), sum(shares.values())
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
    """
    other = economic.aligned(geographic.ids)
    return SpatialWeights(
            geographic.ids, geographic.matrix.multiply(other.matrix).tocsr(), "nested",
            geographic.standardised, geographic.islands, f"{geographic.name} × {other.name}",
            geographic.places,
    ).by_rules()  # fmt: skip
