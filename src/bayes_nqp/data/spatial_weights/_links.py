"""Convert links to weights, and compute spatial lags of columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bayes_nqp._core.validation import door
from bayes_nqp.data.spatial_weights._places import Locations, numbers_in
from bayes_nqp.data.spatial_weights._weights import SpatialWeights

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel


def linked(
    matrix: object,
    kind: str,
    label: str,
    *,
    ids: tuple[str, ...] = (),
    places: Locations | None = None,
    standardised: str,
    islands: str,
) -> SpatialWeights:
    """Build weights from links, with the rules for islands and row sums.

    Parameters
    ----------
    matrix : sparse array (unit, unit)
        Links before row standardisation.
    ids : tuple of str (unit), default ()
        Labels of the units; by default the labels of the places.
    """
    points = () if places is None else tuple(map(tuple, places.degrees.tolist()))
    labels = ids or (() if places is None else places.ids)
    stated = SpatialWeights(labels, matrix, kind, standardised, islands, label, points)  # type: ignore[arg-type]
    return stated.by_rules()


@door
def lag(weights: SpatialWeights, panel: Panel, column: str) -> pd.Series[Any]:
    """Return the spatial lag ``W x`` of a column, its weighted sum over linked units.

    As a covariate, it estimates the effect of linked units' exposure (SLX model), in any model.

    Parameters
    ----------
    weights : SpatialWeights
        Weights of the panel's units, or of more units.
    panel : Panel
        Panel with the column.
    column : str
        Numeric column.

    Returns
    -------
    Series (row)
        Spatial lag in the order of ``panel.frame``; zero for islands, missing if a linked unit has
        no observation.

    Raises
    ------
    PanelError
        If the column does not exist or contains text, or a unit is not in the weights.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> import bayes_nqp as nqp
    >>> panel = nqp.simulation.provinces(spillover=0.1, seed=1).panel
    >>> near = nqp.spatial_weights.nearest(panel, k=4)
    >>> frame = panel.frame.assign(near_cbec=nqp.spatial_weights.lag(near, panel, "cbec"))
    >>> bool(frame["near_cbec"].notna().all())
    True
    """
    cells = numbers_in(panel, column, "column")
    links = weights.aligned(panel.unit_labels).matrix
    at = np.asarray(panel.unit_codes), np.asarray(panel.time_codes)
    table = np.full((panel.unit_labels.size, panel.periods), np.nan)
    table[at] = cells
    gap = np.isnan(table)
    values = np.where(links @ gap > 0.0, np.nan, links @ np.where(gap, 0.0, table))
    return pd.Series(values[at], index=panel.frame.index, name=column)
