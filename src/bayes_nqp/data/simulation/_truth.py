"""Result of a simulation: a panel, and its true group-time effects."""

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
    """A panel with known effects.

    Parameters
    ----------
    panel : Panel
        The panel observed by an analyst.
    truth : Dataset
        Group-time effects with one chain and one draw: ``effect`` of every cell, including the mean
        random effect of its observations, and ``deviation``, the random effect of every treated
        unit. An estimand of the truth is the target of the same estimand of a fit:
        ``nqp.att(truth)`` is the mean effect over treated observations.
    parameters : mapping of str to object
        All arguments, including the seed; ``cohort_effects`` are the cohort effects.
    table : DataFrame, optional
        The table before an index is built; by default the rows of the panel.

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
        """Return the table of the analyst: with indicators if simulated, without the index."""
        return (self.panel.frame if self.table is None else self.table).copy()

    @cached_property
    def digest(self) -> str:
        """Return a SHA-256 hash of the panel and the true effects."""
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
    """Assign normal scores to cohorts in random order.

    The values are fixed, so that every panel has outlying cohorts; their order is random.

    Parameters
    ----------
    spread : float
        Standard deviation of the values, outcome units; their mean is zero.
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
    """Compute the effects of cells without unit-level random effects.

    Parameters
    ----------
    effect : str or callable
        See `staggered`.
    cells : DataFrame
        One row for each cell: levels of the strata, cohort, time, event_time.
    factors : mapping of str to sequence of str
        Levels in the order given by the user.
    level, growth, contrast : float
        See `staggered`.

    Raises
    ------
    StudyError
        If a callable does not return one finite number for each cell.
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
    """Average effects on observations over cells.

    Parameters
    ----------
    cell : ndarray of int (row)
        Cell of observations with an effect: treated ones, and those with spillovers.
    cells : DataFrame
        Levels of the strata, cohort, time and event_time, one row for each cell; with spillovers
        also role, ring and exposure_time; if treatments end also role, spell and first_switch.
    effects : ndarray (path, row), outcome units
        Effects including random effects.
    outcome : ndarray (row)
        Observed outcome.
    row_effect : ndarray of int (row)
        Number of the random effect; -1 for observations with spillovers only.
    deviation : ndarray (path, member), outcome units
        Random effects.
    unit_effects : sequence of str (member)
        Labels of the random effects.
    factors : iterable of str
        Columns of ``cells`` that are strata.
    paths, name : optional
        Labels of the paths, and of the outcome.

    Returns
    -------
    Dataset
        Group-time effects with one chain and one draw.
    """
    rows = np.bincount(cell, minlength=len(cells))
    effect = np.stack([np.bincount(cell, path, len(cells)) / rows for path in effects])
    table, count = np.unique(
        np.stack([cell, row_effect])[:, row_effect >= 0], axis=1, return_counts=True
    )  # fmt: skip
    attrs: dict[str, Any] = {"target": "sample", "outcome": name, "members": "deviations"}
    exposed = [
        column for column in (v.RING, "exposure_time", v.SPELL, v.FIRST_SWITCH) if column in cells
    ]
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
