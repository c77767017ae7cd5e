"""Every level of every factor against every other."""

from __future__ import annotations

from typing import Literal

import pandas as pd
import xarray as xr

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.effects_schema import FitOrEffects
from bayes_nqp._core.validation import door
from bayes_nqp.effects.estimands import By, att, effects_of, names_of, pairwise_contrasts
from bayes_nqp.output.tables._summary import STATISTICS, summary


@door
def contrasts_table(
    fit_or_effects: FitOrEffects,
    by: By = None,
    prob: float = 0.95,
    kind: Literal["eti", "hdi"] = "eti",
    weights: str = "rows",
) -> pd.DataFrame:
    """Summarise all pairwise contrasts of the average effect.

    Parameters
    ----------
    fit_or_effects : Fit or Dataset
        A fit, or a Dataset of group-time effects.
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
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.castle_doctrine()
    >>> design = nqp.StaggeredDiD(nqp.PartialPooling(["region"]), unidentified="drop")
    >>> fit = nqp.fit(design, panel, nqp.Importance(seed=1), progress=False)
    >>> nqp.contrasts_table(fit, by="region").columns[:2].tolist()
    ['strata', 'level']
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
    if draws.sizes[factor] < 2:
        return None
    table = paired(pairwise_contrasts(draws, factor), "level", prob, kind)
    table.insert(0, "strata", factor)
    return table


def paired(gaps: xr.DataArray, first: str, prob: float, kind: str) -> pd.DataFrame:
    """Summarise differences, with both sides of each in separate columns.

    Parameters
    ----------
    gaps : DataArray (chain, draw, pair, ...)
        Result of `differences`.
    first : str
        Name of the column of the first side; the other is ``minus``.
    """
    sides = [gaps[name].to_numpy().tolist() for name in ("pair_level", "pair_minus")]
    # Labels come in the order of the dims, and the pairs are to come first.
    numbered = gaps.assign_coords(pair=range(gaps.sizes["pair"]))
    table = summary(numbered.transpose(*v.SAMPLE_DIMS, "pair", ...), prob, kind)  # type: ignore[arg-type]
    place = table.pop("pair").to_list()
    for name, side in zip((first, "minus"), sides, strict=True):
        table.insert(int(name == "minus"), name, [side[k] for k in place])
    return table
