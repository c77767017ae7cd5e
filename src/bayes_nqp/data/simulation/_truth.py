"""What a simulation holds: a panel, and its true effects in the schema of the waist."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.validation import door
from bayes_nqp.data.panel import Panel


@door
@dataclass(frozen=True, eq=False, repr=False)
class Simulated:
    """A panel with known truth.

    Parameters
    ----------
    panel : Panel
        What an analyst would see.
    truth : Dataset
        The waist with one chain and one draw: ``effect`` of every cell, the mean deviation of
        its rows included, and ``deviation`` of every treated unit. Any estimand of it is what
        the same estimand of a fit should recover: ``nqp.att(truth)`` is the mean effect over the
        treated rows.
    parameters : mapping of str to object
        Every argument as it was used, the seed included; ``cohort_effects`` is what each cohort
        adds.
    table : DataFrame, optional
        What an analyst would hold before an index is built; the panel's rows by default.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> made = nqp.simulation.staggered(units=30, periods=6, cohorts=(4,), seed=1)
    >>> float(nqp.att(made.truth).mean()) > 0
    True
    """

    panel: Panel
    truth: xr.Dataset
    parameters: Mapping[str, Any]
    table: pd.DataFrame | None = None

    @property
    def frame(self) -> pd.DataFrame:
        """The table that an analyst would hold: indicators where there are some, no index."""
        return (self.panel.frame if self.table is None else self.table).copy()

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the panel and the true effects."""
        seal = hashlib.sha256(self.panel.digest.encode("utf-8"))
        for name in (x for x in (v.EFFECT, v.DEVIATION) if x in self.truth):
            seal.update(np.ascontiguousarray(self.truth[name].values))
        return seal.hexdigest()

    def __repr__(self) -> str:
        settings = ", ".join(
            f"{name}={value!r}"
            for name, value in self.parameters.items()
            if isinstance(value, int | float | str)
        )
        return f"<Simulated>\n  truth  {settings}\n{self.panel!r}"


Effect = Literal["flat", "growing", "cohorts"] | Callable[[pd.DataFrame], npt.ArrayLike]


def cohort_scores(
    cohorts: Sequence[int], spread: float, rng: np.random.Generator
) -> dict[int, float]:
    """Give cohorts normal scores in random order.

    The values are fixed, so that every panel has outlying cohorts; which these are is drawn.

    Parameters
    ----------
    spread : float
        Standard deviation of the values, outcome units; they average to zero.
    """
    count = len(cohorts)
    scores = np.array([NormalDist().inv_cdf((k + 0.5) / count) for k in range(count)])
    if count > 1:
        scores *= spread / scores.std()
    order = rng.permutation(count)
    return {cohort: float(scores[k]) for cohort, k in zip(cohorts, order, strict=True)}


def curve_of(
    effect: Effect,
    cells: pd.DataFrame,
    factors: Mapping[str, Sequence[str]],
    cohort_effects: Mapping[int, float],
    *,
    level: float,
    growth: float,
    contrast: float,
) -> Array:
    """Effects of cells before unit deviations.

    Parameters
    ----------
    effect : str or callable
        As in `staggered`.
    cells : DataFrame
        One row a cell: levels of the strata, cohort, time, event_time.
    factors : mapping of str to sequence of str
        Levels in the order that the user gave.
    level, growth, contrast : float
        As in `staggered`.

    Raises
    ------
    StudyError
        If a callable does not return one finite number a cell.
    """
    if callable(effect):
        base = np.asarray(effect(cells.copy()), dtype=np.float64)
        if base.shape != (len(cells),) or not np.isfinite(base).all():
            raise StudyError(
                f"'effect' returns {base.shape} numbers for {len(cells)} cells, or not all finite",
                hint="a function of the DataFrame of cells that returns one number for each row, "
                "such as lambda cells: 1.0 + 0.1 * cells['event_time']",
            )
    else:
        base = np.full(len(cells), level)
        if effect == "growing":
            base = base + growth * cells[v.EVENT_TIME].to_numpy()
        elif effect == "cohorts":
            base = base + cells[v.COHORT].map(cohort_effects).to_numpy(dtype=np.float64)
    if contrast and factors:
        name, levels = next(iter(factors.items()))
        column = cells[name].to_numpy()
        base = base + 0.5 * contrast * (column == levels[0])
        base = base - 0.5 * contrast * (column == levels[1])
    return np.asarray(base, dtype=np.float64)


def truth_of_rows(
    cell: Index,
    cells: pd.DataFrame,
    effects: Array,
    outcome: Array,
    row_effect: Index,
    deviation: Array,
    unit_effects: Sequence[str],
    factors: Iterable[str],
    paths: Sequence[str] = (v.TOTAL,),
    name: str = "outcome",
) -> xr.Dataset:
    """Average effects of rows over cells.

    Parameters
    ----------
    cell : ndarray of int (row)
        Of rows with an effect: treated ones, and those that receive something.
    cells : DataFrame
        Levels of the strata, cohort, time and event_time, one row a cell; and role, ring and
        exposure_time, where something is received.
    effects : ndarray (path, row), outcome units
        Deviations included.
    outcome : ndarray (row)
        As it is observed.
    row_effect : ndarray of int (row)
        Number of the member; -1 of rows that only receive.
    deviation : ndarray (path, member), outcome units
        Members' own deviations.
    unit_effects : sequence of str (member)
        Their labels.
    factors : iterable of str
        Columns of ``cells`` that are strata.
    paths, name : optional
        Labels of the paths, and of the outcome.

    Returns
    -------
    Dataset
        Of the waist, with one chain and one draw.
    """
    rows = np.bincount(cell, minlength=len(cells))
    effect = np.stack([np.bincount(cell, path, len(cells)) / rows for path in effects])
    table, count = np.unique(
        np.stack([cell, row_effect])[:, row_effect >= 0], axis=1, return_counts=True
    )  # fmt: skip
    attrs: dict[str, Any] = {"target": "sample", "outcome": name, "members": "deviations"}
    exposed = [column for column in ("ring", "exposure_time") if column in cells]
    return schema.build(
        effect[None, None],
        strata={factor: cells[factor].tolist() for factor in factors},
        cohort=cells[v.COHORT].to_numpy(dtype=np.float64),
        time=cells[v.TIME].to_numpy(),
        event_time=cells[v.EVENT_TIME].to_numpy(),
        rows=rows,
        units=rows,
        observed=np.bincount(cell, outcome, len(cells)) / rows,
        weight=rows,
        deviation=deviation[None, None],
        unit_effects=list(unit_effects),
        membership=(table[0], table[1], count.astype(np.int64)),
        paths=paths,
        role=cells[v.ROLE].tolist() if v.ROLE in cells else None,
        labels={column: cells[column].to_numpy() for column in exposed},
        gate=v.PASSED,
        attrs=attrs,
    )
