"""True effects of cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import NormalDist
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayes_nqp import vocabulary as v
from bayes_nqp.arrays import Array
from bayes_nqp.errors import StudyError

Effect = Literal["flat", "growing", "cohorts"] | Callable[[pd.DataFrame], npt.ArrayLike]

EFFECTS = ("flat", "growing", "cohorts")


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
                hint="a function of the DataFrame of cells that returns one number a row, "
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
