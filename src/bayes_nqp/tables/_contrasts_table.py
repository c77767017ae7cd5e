"""Every level of every factor against every other."""

from __future__ import annotations

from itertools import combinations
from typing import Literal

import pandas as pd
import xarray as xr

from bayes_nqp import schema
from bayes_nqp.doors import door
from bayes_nqp.estimands import By, att, contrast, effects_of, names_of
from bayes_nqp.tables._summary import STATISTICS, summary

__all__ = ["contrasts_table"]

_PAIR = "pair"


@door
def contrasts_table(
    fit_or_effects: object,
    by: By = None,
    prob: float = 0.95,
    kind: Literal["eti", "hdi"] = "eti",
    weights: str = "rows",
) -> pd.DataFrame:
    """Summarise all pairwise contrasts of the average effect.

    Parameters
    ----------
    fit_or_effects : Fit or Dataset
        A fit, or effects in the schema of the waist.
    by : str, sequence of str or mapping, optional
        The factors, one after another; every stratum factor by default.
    prob : float, default 0.95
        Posterior probability of the interval.
    kind : {"eti", "hdi"}, default "eti"
        Equal-tailed, or highest density.
    weights : str, default "rows"
        As in ``att``.

    Returns
    -------
    DataFrame
        ``strata`` (the factor), ``level``, ``minus`` (the level it is compared with), then the
        columns of ``summary``, one row per pair; empty if no factor has two levels.

    Raises
    ------
    StudyError
        As ``att`` and ``summary``.

    Examples
    --------
    >>> import numpy as np
    >>> from bayes_nqp import schema
    >>> from bayes_nqp.tables import contrasts_table
    >>> effects = schema.build(
    ...     np.random.default_rng(1).normal(size=(4, 100, 1, 2)),
    ...     strata={"region": ["inland", "coastal"]},
    ...     cohort=[2015, 2015],
    ...     time=[2015, 2015],
    ...     event_time=[0, 0],
    ...     rows=[3, 3],
    ...     units=[3, 3],
    ... )
    >>> contrasts_table(effects)[["strata", "level", "minus"]].values.tolist()
    [['region', 'inland', 'coastal']]
    """
    effects = effects_of(fit_or_effects)
    wanted = names_of(by) or {name: name for name in schema.factors(effects)}
    tables = [
        table
        for new, old in wanted.items()
        if (table := _of_factor(att(effects, {new: old}, weights), new, prob, kind)) is not None
    ]
    if not tables:
        empty = pd.DataFrame(columns=["strata", "level", "minus", *STATISTICS])
        empty.attrs = {"kind": kind, "probability": prob, "estimand": "difference of att"}
        return empty
    joined = pd.concat(tables, ignore_index=True)
    joined.attrs = tables[0].attrs
    return joined


def _of_factor(draws: xr.DataArray, factor: str, prob: float, kind: str) -> pd.DataFrame | None:
    levels = draws[factor].to_numpy()
    pairs = list(combinations(levels, 2))
    if not pairs:
        return None
    parts = [contrast(draws, {factor: first}, minus=second) for first, second in pairs]
    together = xr.concat([part.drop_vars("contrast") for part in parts], dim=_PAIR)
    together = together.assign_coords({_PAIR: range(len(pairs))})
    together.attrs = {**parts[0].attrs, "contrast": "all pairs"}
    table = summary(together, prob, kind)  # type: ignore[arg-type]
    place = table.pop(_PAIR).to_list()
    table.insert(0, "minus", [pairs[i][1] for i in place])
    table.insert(0, "level", [pairs[i][0] for i in place])
    table.insert(0, "strata", factor)
    return table
