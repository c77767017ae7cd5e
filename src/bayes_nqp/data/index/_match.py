"""Match the observations of a panel to the rows of an index."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bayes_nqp._core import arrays
from bayes_nqp._core.exceptions import PanelError, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.index._recipe import Relation, relation
from bayes_nqp.data.reading import encode

if TYPE_CHECKING:
    import pandas as pd

    from bayes_nqp.data.index._centrality import Centrality
    from bayes_nqp.data.index._index import Index
    from bayes_nqp.data.panel import Panel


def rows_in(index: Index | Centrality, panel: Panel) -> arrays.Index:
    """Match the observations of a panel to the rows of an index, by unit and time.

    Returns
    -------
    ndarray of int64 (row of the panel)
        Positions in the index's frame.

    Raises
    ------
    PanelError
        If a row is missing, or has no value of the index.
    """
    mine = _keys(index.rows, index.unit, index.time)
    places = {key: position for position, key in enumerate(mine)}
    wanted = _keys(panel.frame, panel.roles.unit, panel.roles.time)
    place = np.array([places.get(key, -1) for key in wanted], dtype=np.int64)
    lost = [f"{unit}, {time}" for (unit, time), at in zip(wanted, place, strict=True) if at < 0]
    if lost:
        raise PanelError(
            Message("'index' lacks {} of the panel's {} observations", len(lost), len(wanted)),
            where=shown(lost),
            hint="build the index from the frame that the panel comes from",
        )
    empty = index.values.isna().to_numpy()[place]
    if empty.any():
        raise PanelError(
            Message("'index' has no value for {} of the panel's observations", int(empty.sum())),
            where=shown(f"{u}, {t}" for (u, t), bad in zip(wanted, empty, strict=True) if bad),
            hint="the panel's outcome has values in these observations: build both with "
            "the same recipe",
        )
    return place


def outcome_of(index: Index | Centrality, panel: Panel, rows: arrays.Index) -> Relation:
    """Find the relation between a panel's outcome and an index.

    Parameters
    ----------
    rows : ndarray of int64 (row of the panel)
        Positions from `rows_in`.

    Raises
    ------
    PanelError
        If the outcome is not a function of the index.
    """
    relation_of = relation(panel.outcome, index.values.to_numpy()[rows])
    if relation_of is None:
        raise PanelError(
            Message(
                "the panel's outcome {!r} does not match 'index': it equals neither the "
                "index, nor its logarithm, nor a linear function of either",
                panel.roles.outcome,
            ),
            hint="use panel = index.panel(…), or index.values as the outcome",
        )
    return relation_of


def _keys(frame: pd.DataFrame, unit: str, time: str) -> list[tuple[str, str]]:
    columns = []
    for name in (unit, time):
        codes, labels = encode(frame[name])
        columns.append(np.append(labels, "")[codes].tolist())
    return list(zip(*columns, strict=True))
