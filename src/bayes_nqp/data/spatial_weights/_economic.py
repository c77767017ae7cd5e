"""Weights by similarity in a column before the policy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from bayes_nqp._core.exceptions import PanelError, StudyError, nearest, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.validation import door
from bayes_nqp.data.spatial_weights._cities import cities_of, spread
from bayes_nqp.data.spatial_weights._distances import DENSE
from bayes_nqp.data.spatial_weights._links import linked
from bayes_nqp.data.spatial_weights._places import column_of_units, numbers_in
from bayes_nqp.data.spatial_weights._weights import SpatialWeights, Standardised

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel


_GAP = 0.01
"""Smallest difference, as a share of the standard deviation over units."""


@door
def economic(
    panel: Panel,
    column: str,
    *,
    periods: Sequence[Any] | None = None,
    city: str | None = None,
    standardised: Standardised = "row",
) -> SpatialWeights:
    """Weight units by the inverse difference of a column's pre-policy means.

    Parameters
    ----------
    panel : Panel
        Panel with the column.
    column : str
        Column, such as "gdp". If it grows exponentially, use its logarithm.
    periods : sequence, optional
        Labels of the periods averaged, all before the first adoption; by default all these periods.
    city : str, optional
        Column with the city of each unit, if units are firms: neighbours are then the units of
        nearby cities (`spread`).
    standardised : {"row", "none"}, default "row"
        "row": the weights of each unit's neighbours sum to one.

    Raises
    ------
    PanelError
        If the column does not exist, or is missing for a unit in all these periods; or if no period
        is before the first adoption.
    StudyError
        If ``periods`` contains a period that is not in the panel or not before the first adoption;
        or if all pairs of too many units would be linked.

    Notes
    -----
    Weights computed after adoption would be affected by the policy. Differences below a hundredth
    of the standard deviation are set to this value.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> near = nqp.simulation.Spillover(nqp.Rings([100]), untreated=[0.5], treated=[0.2])
    >>> panel = nqp.simulation.cities(
    ...     spillover=near, strata=[], mediators=["innovation"], years=(2013, 2018), seed=1
    ... ).panel
    >>> nqp.spatial_weights.economic(panel, "ln_gdp")
    SpatialWeights('economic (ln_gdp)', 285 units, 80,940 links)
    """
    column_of_units(panel, column, "column")
    ids, of_unit = cities_of(panel, city)
    n = len(ids)
    if n > DENSE:
        raise StudyError(
            Message("all pairs of {} units would be linked", n),
            hint="use weights by distance: nqp.spatial_weights.band(panel, km=300)",
        )
    before = np.isin(panel.time_codes, _before(panel, periods))
    values = numbers_in(panel, column, "column")
    part = pd.Series(values[before]).groupby(of_unit[panel.unit_codes][before]).mean()
    mean = part.reindex(np.arange(n)).to_numpy()
    if not np.isfinite(mean).all():
        raise PanelError(
            Message("column={!r} is missing for units before the first adoption", column),
            where=shown(np.asarray(ids)[~np.isfinite(mean)]),
            hint="complete it, or drop these units (panel.where)",
        )
    if np.ptp(mean) <= 1e-12 * np.abs(mean).max():
        raise PanelError(
            Message("column={!r} is the same for all units before the first adoption", column),
            where=f"{mean[0]:g}",
            hint="a column that differs between units, such as income or the share of industry",
        )
    weight = 1.0 / np.maximum(np.abs(mean[:, None] - mean), _GAP * mean.std())
    np.fill_diagonal(weight, 0.0)
    weights = linked(
        sparse.csr_array(weight), "economic", f"economic ({column})", ids=ids,
        standardised=standardised, islands="error",
    )  # fmt: skip
    return spread(weights, panel, city)


def _before(panel: Panel, periods: Sequence[Any] | None) -> npt.NDArray[np.int64]:
    """Return the codes of the periods averaged."""
    adopting = panel.cohort_codes[panel.cohort_codes >= 0]
    first = int(adopting.min()) if adopting.size else panel.periods
    if periods is None:
        if first == 0:
            raise PanelError(
                Message("no period is before the first adoption"),
                hint="start the panel earlier, or use weights by distance",
            )
        return np.arange(first)
    labels = [str(label) for label in panel.time_labels]
    codes = []
    for period in periods:
        if str(period) not in labels:
            raise StudyError(
                Message("'periods' contains {!r}, which is not in the panel", period),
                hint=nearest(str(period), labels),
            )
        codes.append(labels.index(str(period)))
    if not codes:
        raise StudyError("'periods' is empty", hint=nearest("", labels))
    late = [labels[code] for code in codes if code >= first]
    if late:
        raise StudyError(
            Message("'periods' must all be before the first adoption, in {}", labels[first]),
            where=shown(late),
            hint="weights must not be affected by the policy: choose earlier periods",
        )
    return np.asarray(codes, dtype=np.int64)
