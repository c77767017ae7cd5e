"""Slopes of a continuous exposure, by stratum and period, and of covariates, common to all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayes_nqp._core.arrays import Array
from bayes_nqp.model.pooling import Pooling
from bayes_nqp.model.predictors.cells import ESTIMATED_FROM, CellTable, cell_parts
from bayes_nqp.model.predictors.parts import GlobalPart, LocalPart
from bayes_nqp.model.priors import Priors
from bayes_nqp.numerics.parameters import FIXED, FLAT, Scale


@dataclass(frozen=True, slots=True)
class ExposurePositions:
    """Positions of the slopes of an exposure: one varying column for each period.

    Parameters
    ----------
    strata, columns : int
        Number of strata; number of all varying columns.
    start : int
        The exposure's column in the first period.
    size : float
        Divisor of the columns, in the units of exposure for which effects are stated.
    """

    strata: int
    columns: int
    start: int
    size: float

    def loadings(self, table: CellTable, cells: Array) -> Array:
        """Carry loadings on cells over to the columns of their stratum and period."""
        out = np.zeros((self.strata * self.columns, cells.shape[1]))
        out[table.stratum * self.columns + self.start + table.time] = cells
        return out


def exposure_parts(
    table: CellTable,
    pooling: Pooling,
    strata: tuple[str, ...],
    priors: Priors,
    positions: ExposurePositions,
    *,
    by_time: bool,
    periods: Sequence[str],
) -> list[GlobalPart]:
    """Return the parts of the linear predictor for the slopes of an exposure.

    A slope is ``mu + strata + interactions``. If slopes differ by period, it includes a deviation
    of the period and, under `PartialPooling`, a deviation of the stratum in that period.

    Parameters
    ----------
    table : CellTable
        Every stratum with exposed observations in every period, all of event time 0.
    strata : tuple of str
        The factors by which slopes vary.
    priors : Priors
        Scales, in multiples of ``s`` for an exposure with a standard deviation of one.
    by_time : bool
        True if slopes differ by period.
    periods : sequence of str
        Labels of periods.

    Returns
    -------
    list of GlobalPart
        Flat parts come first.
    """
    parts = [
        _shared(part, table, positions, pooling, by_time=by_time, periods=periods)
        for part in cell_parts(table, pooling, strata, priors)
        if isinstance(part, GlobalPart) or by_time or pooling.flat
    ]
    if by_time and not pooling.flat and np.unique(table.time).size > 1:
        times = np.unique(table.time)
        scale = Scale("period", priors.scale("cell"), times.size >= ESTIMATED_FROM)
        columns = (table.time[:, None] == times).astype(np.float64)
        labels = [periods[t] for t in times]
        parts.append(_part("period", columns, scale, labels, None, table, positions))
    return sorted(parts, key=lambda part: part.scale != FLAT)


def _shared(
    part: GlobalPart | LocalPart,
    table: CellTable,
    positions: ExposurePositions,
    pooling: Pooling,
    *,
    by_time: bool,
    periods: Sequence[str],
) -> GlobalPart:
    if isinstance(part, GlobalPart):
        return _part(
            part.name, part.columns, part.scale, part.labels, part.display, table, positions
        )  # fmt: skip
    names = _names(table)
    if by_time:
        pairs = zip(names, table.time, strict=True)
        labels = [f"{name} · {periods[t]}" if name else periods[t] for name, t in pairs]
        return _part("cell", np.eye(table.size), part.scale, labels, None, table, positions)
    assert pooling.flat
    distinct, first, at = np.unique(table.stratum, return_index=True, return_inverse=True)
    labels = [names[k] or "all" for k in first]
    return _part(
        "by_stratum", np.eye(distinct.size)[at], part.scale, labels, None, table, positions
    )


def _part(
    name: str,
    columns: Array,
    scale: Scale | int,
    labels: Sequence[str],
    display: Array | None,
    table: CellTable,
    positions: ExposurePositions,
) -> GlobalPart:
    shown = np.eye(columns.shape[1]) if display is None else display
    return GlobalPart(
        name,
        "slopes",
        positions.loadings(table, columns),
        scale,
        list(labels),
        shown / positions.size,
    )


def _names(table: CellTable) -> list[str]:
    factors = [table.names[f][codes] for f, codes in table.levels.items()]
    if not factors:
        return [""] * table.size
    return [" × ".join(map(str, levels)) for levels in zip(*factors, strict=True)]


LAG = "lag"
"""Name of the part whose coefficient is given, not drawn."""
SLOPE = "slope"
"""Name of the part of covariates."""


def slope_parts(
    names: Sequence[str],
    sizes: Sequence[float],
    n_strata: int,
    n_columns: int | None = None,
    scales: Sequence[Scale | None] | None = None,
) -> list[GlobalPart]:
    """Return the parts of the linear predictor for covariates with one slope each.

    Parameters
    ----------
    names : sequence of str (column)
        Labels of the varying columns.
    sizes : sequence of float (column)
        Divisor of each column, to report slopes in its own units.
    n_strata : int
        Number of strata.
    n_columns : int, optional
        Number of all varying columns, these first; no others by default.
    scales : sequence of Scale or None (column), optional
        Prior scales of slopes, in outcome units per unit of the column; flat by default.

    Returns
    -------
    list of GlobalPart
        The part of flat slopes, and one for each scale, under its name.
    """
    every: Sequence[Scale | None] = [None] * len(names) if scales is None else scales
    eye = np.tile(np.eye(len(names) if n_columns is None else n_columns), (n_strata, 1))
    size = np.asarray(sizes, dtype=float)
    parts = []
    for scale in dict.fromkeys(every):
        at = [k for k, other in enumerate(every) if other == scale]
        labels = [names[k] for k in at]
        if scale is None:
            display = np.diag(1.0 / size[at])
            parts.append(GlobalPart(SLOPE, "slopes", eye[:, at], FLAT, labels, display))
        else:  # b x = (b size) (x / size)
            parts.append(GlobalPart(scale.name, "slopes", eye[:, at] * size[at], scale, labels))
    return parts


def lag_parts(places: Sequence[int], n_strata: int, n_columns: int) -> list[GlobalPart]:
    """The part of outcomes of other units or periods: columns with one slope each in all strata.

    Parameters
    ----------
    places : sequence of int
        Which of the varying columns.
    n_strata, n_columns : int
        Numbers of strata and of varying columns.
    """
    columns = np.tile(np.eye(n_columns)[:, places], (n_strata, 1))
    return [GlobalPart(LAG, "slopes", columns, FIXED, [LAG] * len(places), reported=False)]
